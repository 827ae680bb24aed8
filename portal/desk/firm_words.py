"""A merchant's public page: whose it is, and what its standing means for people who bought there."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from portal.accounts.models import Organisation
from portal.clocks.rules import local_day
from portal.commitments.models import Promisor
from portal.commitments.rules import PromiseState
from portal.commitments.rules.coverage import Terms
from portal.core.errors import NotFound
from portal.enrolment.models import Merchant, MerchantState

NO_FIRM = "没有这家商家的页面。请核对地址，或者在承诺名录里按店名查找。"

Authority = aliased(Organisation, name="authority")


@dataclass(frozen=True, slots=True)
class Firm:
    """Whose page it is: an enterprise that is or was enrolled, or a shop of an imported list."""

    slug: str
    code: str
    name: str
    phone: str
    address: str
    tier: str
    authority: str
    merchant_id: int | None
    promisor_id: int | None
    state: MerchantState | None  # None: never enrolled
    admitted_on: date | None

    @property
    def takes_requests(self) -> bool:
        """Whether return requests and complaints reach it through this house."""
        return self.state in (MerchantState.ADMITTED, MerchantState.SUSPENDED)


def firm_of(session: Session, slug: str) -> Firm:
    """Whose page this is, in one statement or two; raises NotFound where nobody's."""
    row = session.execute(
        select(Merchant, Organisation, Authority.name, Promisor.id)
        .join(Organisation, Organisation.id == Merchant.id)
        .join(Authority, Authority.id == Merchant.authority_id)
        .outerjoin(Promisor, Promisor.slug == Merchant.slug)  # also one that a list brought before it enrolled
        .where(Merchant.slug == slug, Merchant.practice_of_id.is_(None))
    ).first()
    if row is not None:
        merchant, organisation, authority, promisor_id = row
        return Firm(
            slug=slug,
            code=organisation.code,
            name=organisation.name,
            phone=merchant.phone,
            address=merchant.address,
            tier=merchant.tier or "",
            authority=authority,
            merchant_id=merchant.id,
            promisor_id=promisor_id,
            state=merchant.state,
            admitted_on=local_day(merchant.admitted_at),
        )
    listed = session.execute(
        select(Promisor, Authority.name)
        .join(Authority, Authority.id == Promisor.authority_id)
        .where(Promisor.slug == slug)
    ).first()
    if listed is None:
        raise NotFound(NO_FIRM)
    promisor, authority = listed
    return Firm(slug, promisor.code, promisor.name, promisor.phone, "", "", authority, None, promisor.id, None, None)


@dataclass(frozen=True, slots=True)
class Standing:
    """A note above the page: what is the matter, and what it means."""

    title: str
    text: str
    tone: str


def standing(firm: Firm, now_held: Terms | None, history: Sequence[Terms]) -> Standing | None:
    """What people must know before they read on; None where nothing is out of the ordinary."""
    still = _("此前购买的商品，仍按购买当天有效的承诺办理，可以在下面查对。")
    last = history[-1] if history else None
    if firm.state is MerchantState.EXITED:
        return Standing(
            _("这家企业已退出在线消费纠纷和解"),
            (still if last else "") + _("现在有纠纷，请拨打 12315 或到 12315 平台投诉。"),
            "near",
        )
    if now_held is None and last is not None:
        ends = {
            PromiseState.REMOVED: _("这家商家的承诺已被摘牌"),
            PromiseState.EXPIRED: _("这家商家的承诺已到期，没有续期"),
        }
        return Standing(ends.get(last.state, _("这家商家现在没有有效的承诺")), still, "near")
    if firm.state is MerchantState.SUSPENDED:
        text = _("平台暂时不把新投诉转给它办理；已经作出的承诺继续有效。")
        return Standing(_("这家企业暂停分流"), text, "near")
    if firm.state is None:
        text = _(
            "它在承诺名录里，但没有入驻本平台，不能在这里申请退货或者投诉。请直接找商家，商家不照办的，投诉请到 12315。"
        )
        return Standing(_("未入驻的商家"), text, "")
    return None
