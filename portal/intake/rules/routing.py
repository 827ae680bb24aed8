"""Which merchant a complaint is for, and whether it may go there at once (decisions 8)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from rapidfuzz import fuzz, process

from portal.accounts.rules import normalised_company
from portal.cases.rules import Channel
from portal.intake.rules.parsing import ParsedRow
from portal.intake.rules.words import Diversion

LIKENESS = 60.0  # our limit: below it a near name helps nobody


@dataclass(frozen=True, slots=True)
class MerchantFacts:
    """What routing needs to know of a merchant."""

    id: int
    code: str
    name: str
    aliases: tuple[str, ...] = ()
    outlets: tuple[str, ...] = ()
    admitted: bool = True
    suspended: bool = False


@dataclass(frozen=True, slots=True)
class NearName:
    """A suggestion for an officer: a merchant whose name is like the written one, 0 to 100."""

    merchant_id: int
    name: str
    likeness: int


@dataclass(frozen=True, slots=True)
class MerchantIndex:
    """Merchants by code and by normalised name, built once per import."""

    by_code: Mapping[str, MerchantFacts]
    by_name: Mapping[str, tuple[MerchantFacts, ...]]

    @classmethod
    def of(cls, merchants: Iterable[MerchantFacts]) -> "MerchantIndex":
        """Index the merchants a filing of this import may go to; those who have left may be among them."""
        by_code: dict[str, MerchantFacts] = {}
        by_name: dict[str, tuple[MerchantFacts, ...]] = {}
        for merchant in merchants:
            by_code[merchant.code] = merchant
            for name in {normalised_company(n) for n in (merchant.name, *merchant.aliases, *merchant.outlets)}:
                if name:
                    by_name[name] = (*by_name.get(name, ()), merchant)
        return cls(by_code, by_name)

    def named(self, name: str) -> tuple[MerchantFacts, ...]:
        """Return the merchants whose name, alias or outlet is this one, equal or normalised."""
        return self.by_name.get(normalised_company(name), ())


def similar(name: str, index: MerchantIndex, *, limit: int = 5) -> list[NearName]:
    """Return admitted merchants of like names, best first: for suggestions only, nothing is routed by it.

    It compares with every name of the index, so ask when an officer looks, not for each row of an import.
    """
    found: dict[int, NearName] = {}
    scored = process.extract(
        normalised_company(name), index.by_name.keys(), scorer=fuzz.WRatio, score_cutoff=LIKENESS, limit=4 * limit
    )
    for near, score, _ in scored:
        for merchant in index.by_name[near]:
            if merchant.admitted and merchant.id not in found:
                found[merchant.id] = NearName(merchant.id, merchant.name, round(score))
    return sorted(found.values(), key=lambda near: (-near.likeness, near.merchant_id))[:limit]


@dataclass(frozen=True, slots=True)
class FilingFacts:
    """What routing needs to know of a complaint."""

    company: str
    code: str | None  # as written, normalised; also an invalid one
    diversion: Diversion
    suspected_tip: bool = False


def filing_facts(parsed: ParsedRow) -> FilingFacts:
    """Return what routing needs of a parsed row; only complaints are routed, tips never."""
    return FilingFacts(parsed.company, parsed.code_written, parsed.diversion, parsed.suspected_tip)


class WaitingReason(StrEnum):
    """Why a complaint waits for an officer; the first that holds, in this order."""

    SUSPECTED_TIP = "suspected_tip"
    CODE_NAME_CONFLICT = "code_name_conflict"
    NO_MERCHANT = "no_merchant"
    SEVERAL_MERCHANTS = "several_merchants"
    MERCHANT_SUSPENDED = "merchant_suspended"
    LOCAL_DIVERSION = "local_diversion"
    NO_DIVERSION = "no_diversion"
    PARTED = "parted"  # no rule of routing: an officer parted it from another case


SENTENCES: Mapping[WaitingReason, str] = {
    WaitingReason.SUSPECTED_TIP: "疑含举报：内容涉及举报、查处或处罚，请先遮去举报内容再放行。",
    WaitingReason.CODE_NAME_CONFLICT: "代码与名称不一致：统一社会信用代码与企业名称不是同一家企业，请核对后指定企业。",
    WaitingReason.NO_MERCHANT: "未找到入驻企业：没有名称或代码相符的ODR企业，请指定企业或自行处理。",
    WaitingReason.SEVERAL_MERCHANTS: "多家企业符合：请从候选企业中指定一家。",
    WaitingReason.MERCHANT_SUSPENDED: "企业已暂停分流：请自行处理，或在恢复分流后派发。",
    WaitingReason.LOCAL_DIVERSION: "分流情况为本地市场监督管理机关：请决定是否派发给候选企业。",
    WaitingReason.NO_DIVERSION: "来源未注明分流情况：请决定是否派发给候选企业。",
    WaitingReason.PARTED: "拆分件：已从另一件纠纷拆出，请指定企业、自行办理或退回来源单位。",
}


@dataclass(frozen=True, slots=True)
class Routing:
    """Where a complaint goes. `merchant_id` is the only fitting merchant, also while it waits."""

    channel: Channel
    dispatched: bool
    merchant_id: int | None = None
    reason: WaitingReason | None = None
    candidates: tuple[int, ...] = ()

    @property
    def sentence(self) -> str | None:
        """Return why it waits and what the officer has to do; None when it was dispatched."""
        return SENTENCES[self.reason] if self.reason else None


def route(filing: FilingFacts, index: MerchantIndex) -> Routing:
    """Decide whether a complaint goes to a merchant at once, or waits with reason and candidates.

    At once only if code and name do not contradict, exactly one admitted merchant fits, and 分流情况 says
    700 or 绿色通道企业 (decisions 8). A code that is no valid one contradicts a known name.
    """
    fitting, candidates, contradict = _fitting(filing, index)
    only = fitting[0] if len(fitting) == 1 else None
    reason = _waiting_reason(filing, fitting, contradict=contradict)
    return Routing(
        channel=Channel.GREEN if filing.diversion is Diversion.GREEN else Channel.REGULATOR,
        dispatched=reason is None,
        merchant_id=only.id if only else None,
        reason=reason,
        candidates=tuple(merchant.id for merchant in candidates),
    )


def _fitting(filing: FilingFacts, index: MerchantIndex) -> tuple[list[MerchantFacts], list[MerchantFacts], bool]:
    """Return the admitted merchants that fit, those to show, and whether code and name contradict."""
    named = index.named(filing.company)
    if not filing.code:
        admitted = [merchant for merchant in named if merchant.admitted]
        return admitted, admitted, False
    coded = index.by_code.get(filing.code)
    if coded is not None and coded in named:
        fits = [coded] if coded.admitted else []
        return fits, fits, False
    shown = [merchant for merchant in ((coded, *named) if coded else named) if merchant.admitted]
    return [], shown, bool(coded or named)


def _waiting_reason(filing: FilingFacts, fitting: list[MerchantFacts], *, contradict: bool) -> WaitingReason | None:
    obstacles = (
        (filing.suspected_tip, WaitingReason.SUSPECTED_TIP),
        (contradict, WaitingReason.CODE_NAME_CONFLICT),
        (not fitting, WaitingReason.NO_MERCHANT),
        (len(fitting) > 1, WaitingReason.SEVERAL_MERCHANTS),
        (any(merchant.suspended for merchant in fitting), WaitingReason.MERCHANT_SUSPENDED),
        (filing.diversion is Diversion.LOCAL, WaitingReason.LOCAL_DIVERSION),
        (filing.diversion is Diversion.ABSENT, WaitingReason.NO_DIVERSION),
    )
    return next((reason for holds, reason in obstacles if holds), None)
