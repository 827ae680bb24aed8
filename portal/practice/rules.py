"""What an invented consumer answers, and what a clerk did right: computed from what happened, nothing is guessed."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from portal.practice.plots import Age, Plot
from portal.settlements.rules.words import TermKind


class Reply(StrEnum):
    """The consumer's answer to an offer."""

    ACCEPT = "accept"
    COUNTER = "counter"
    REFUSE = "refuse"
    SILENT = "silent"


def reply_to(plot: Plot, outlay: int, kinds: Collection[TermKind], *, has_countered: bool) -> Reply:
    """Answer an offer of so much money (分) and these kinds of terms."""
    if plot.is_silent:
        return Reply.SILENT
    if outlay >= plot.fair or any(kind in plot.kinds for kind in kinds):
        return Reply.ACCEPT
    return Reply.COUNTER if plot.counter is not None and not has_countered else Reply.REFUSE


def confirms(plot: Plot, *, proved: bool, has_denied: bool) -> bool:
    """Say whether the consumer confirms that it came: 没收到 once, where a proof is wanted and none was given."""
    return proved or has_denied or not plot.wants_proof


class Mark(StrEnum):
    """How one point of the checklist stands."""

    DONE = "done"
    MISSED = "missed"
    OPEN = "open"  # still to be done


MARK_NAMES = {Mark.DONE: "做到了", Mark.MISSED: "没做到", Mark.OPEN: "还没做"}
MARK_TONES = {Mark.DONE: "good", Mark.MISSED: "bad", Mark.OPEN: "near"}


@dataclass(frozen=True, slots=True)
class Observed:
    """What a clerk did about a case, as the facts tell it."""

    contact_by: datetime
    respond_by: datetime | None
    perform_by: datetime | None
    accepted_at: datetime | None = None
    returned_at: datetime | None = None
    return_reason: str = ""
    contacted_at: datetime | None = None
    offered_at: datetime | None = None
    best_outlay: int = 0
    agreed_at: datetime | None = None
    performed_at: datetime | None = None
    proved: bool = False
    confirmed_at: datetime | None = None
    is_booked: bool = False  # the book of complaints says how it ended
    is_disposed: bool = False  # the book of returns says where the goods went


@dataclass(frozen=True, slots=True)
class Check:
    """One point of the checklist."""

    text: str
    mark: Mark


def checks(plot: Plot, seen: Observed, *, now: datetime) -> tuple[Check, ...]:
    """The checklist of one case: what its lesson asks, each done, missed or still open."""
    if not plot.is_ours:
        return _checks_of_return(seen, now=now)
    found = []
    if plot.age is not Age.BROKEN:
        found += [
            Check("在接收期限内受理", _by(seen.accepted_at, seen.contact_by, now=now)),
            Check("留下联系消费者的记录", _done(seen.contacted_at)),
            Check("提出方案", _offered(plot, seen, now=now)),
        ]
    if not plot.is_silent and plot.age is not Age.BROKEN:
        found.append(Check("方案覆盖合理诉求，达成和解", _covered(plot, seen)))
    if not plot.is_silent:
        found.append(Check("记录履行", _performed(plot, seen, now=now)))
        if plot.wants_proof or plot.age is Age.BROKEN:
            found.append(Check("上传履行凭证", _proved(seen)))
        found.append(Check("消费者确认收到，台账有处理结果", _done(seen.confirmed_at if seen.is_booked else None)))
    if plot.travels_back:
        found.append(Check("退换货台账登记了退回商品的去向", Mark.DONE if seen.is_disposed else Mark.OPEN))
    return tuple(found)


def score(found: Collection[Check]) -> tuple[int, int]:
    """How many points were done, of how many."""
    return sum(one.mark is Mark.DONE for one in found), len(found)


def _checks_of_return(seen: Observed, *, now: datetime) -> tuple[Check, ...]:
    kept = Mark.MISSED if seen.accepted_at is not None else Mark.DONE if seen.returned_at is not None else Mark.OPEN
    reason = Mark.OPEN
    if seen.returned_at is not None:
        reason = Mark.DONE if seen.return_reason == "not_ours" else Mark.MISSED
    return (
        Check("在接收期限内退回分派", _by(seen.returned_at, seen.contact_by, now=now)),
        Check("没有先受理", kept),
        Check("退回理由选“不属本职”", reason),
    )


def _done(at: datetime | None) -> Mark:
    return Mark.DONE if at is not None else Mark.OPEN


def _by(at: datetime | None, limit: datetime | None, *, now: datetime) -> Mark:
    if at is not None:
        return Mark.DONE if limit is None or at <= limit else Mark.MISSED
    return Mark.MISSED if limit is not None and now > limit else Mark.OPEN


def _offered(plot: Plot, seen: Observed, *, now: datetime) -> Mark:
    return _by(seen.offered_at, None if plot.age is Age.OVERDUE else seen.respond_by, now=now)


def _covered(plot: Plot, seen: Observed) -> Mark:
    if seen.agreed_at is not None or seen.best_outlay >= plot.fair:
        return Mark.DONE
    return Mark.MISSED if seen.offered_at is not None else Mark.OPEN


def _performed(plot: Plot, seen: Observed, *, now: datetime) -> Mark:
    return _by(seen.performed_at, None if plot.age is Age.BROKEN else seen.perform_by, now=now)


def _proved(seen: Observed) -> Mark:
    if seen.performed_at is None:
        return Mark.OPEN
    return Mark.DONE if seen.proved else Mark.MISSED
