"""What happens to single cases of the demo: a plot is a list of steps, each at an hour before the present."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from portal.cases.actions import AcceptCase, RecordContact, ReturnCase, accept_case, record_contact, return_case
from portal.cases.models import Case, ContactMethod, ContactResult
from portal.cases.rules import CaseState, ReturnReason
from portal.clocks.rules import local_day
from portal.demo.stage import Stage
from portal.settlements.actions import (
    AcceptOffer,
    AnswerReceipt,
    CounterOffer,
    MakeOffer,
    RateSettlement,
    RecordPerformance,
    RefuseOffer,
    TermDraft,
    accept_offer,
    answer_receipt,
    counter_offer,
    make_offer,
    rate_settlement,
    record_performance,
    refuse_offer,
)
from portal.settlements.models import PaymentMethod, TermKind, Verdict

Step = tuple[float, Callable[[Stage, Case], object]]  # hours before the present, what happens then


@dataclass(frozen=True, slots=True)
class Plot:
    """A case of our merchant, the steps it goes through, and where it stands in the end."""

    ends: CaseState
    steps: Sequence[Step] = ()


def accept(stage: Stage, case: Case) -> object:
    """受理."""
    return stage.by_merchant(case, accept_case, AcceptCase(case.reference))


def call(stage: Stage, case: Case) -> object:
    """A telephone call that reached the consumer."""
    text = "已电话联系消费者，核对购买凭证和诉求，说明处理流程，约定明天答复方案。"
    return _contact(stage, case, text, ContactResult.REACHED)


def call_in_vain(stage: Stage, case: Case) -> object:
    """A call that nobody took."""
    return _contact(stage, case, "两次拨打登记电话均无人接听，已发短信说明来意。", ContactResult.UNREACHED)


def offer_half(stage: Stage, case: Case) -> object:
    """Half of what is in dispute, by the way it was paid."""
    return _offer(stage, case, (case.amount or 20_000) // 2, "商品已使用，愿意退还一半货款，商品由您保留。")


def offer_all(stage: Stage, case: Case) -> object:
    """Everything that is in dispute."""
    return _offer(stage, case, case.amount or 20_000, "为给您带来的不便致歉，全额退款，三日内原路退回。")


def counter(stage: Stage, case: Case) -> object:
    """The consumer asks for four fifths."""
    terms = (_refund((case.amount or 20_000) * 4 // 5),)
    command = CounterOffer(case.id, stage.standing_digest(case.id), terms, "退八成我可以接受，希望三天内到账。")
    return stage.by_consumer(case.id, counter_offer, command)


def refuse(stage: Stage, case: Case) -> object:
    """The consumer says no."""
    command = RefuseOffer(case.id, stage.standing_digest(case.id), "只退一半不合理，质量问题应当全额退款。")
    return stage.by_consumer(case.id, refuse_offer, command)


def agree(stage: Stage, case: Case) -> object:
    """The consumer says yes."""
    return stage.by_consumer(case.id, accept_offer, AcceptOffer(case.id, stage.standing_digest(case.id)))


def perform(stage: Stage, case: Case) -> object:
    """The merchant did what was agreed."""
    today = local_day(stage.clock.now())
    command = RecordPerformance(case.reference, today, None, "已通过原支付渠道退款，支付平台显示退款成功。")
    return stage.by_merchant(case, record_performance, command)


def received(stage: Stage, case: Case) -> object:
    """收到."""
    return stage.by_consumer(case.id, answer_receipt, AnswerReceipt(case.id, received=True))


def not_received(stage: Stage, case: Case) -> object:
    """没收到."""
    return stage.by_consumer(case.id, answer_receipt, AnswerReceipt(case.id, received=False))


def satisfied(stage: Stage, case: Case) -> object:
    """满意."""
    return stage.by_consumer(case.id, rate_settlement, RateSettlement(case.id, Verdict.SATISFIED))


def give_back(stage: Stage, case: Case) -> object:
    """退回分派: it is not ours."""
    text = "该订单由其他公司的网店销售，本公司没有销售记录，附销售系统查询结果。"
    return stage.by_merchant(case, return_case, ReturnCase(case.reference, ReturnReason.NOT_OURS, text))


S = CaseState
ANCIENT: Sequence[Plot] = (  # in the file of twenty-six days ago: settled, but for one that nobody took up
    Plot(S.FAILED),
    Plot(S.CLOSED_SETTLED, ((600, accept), (590, call), (560, offer_half), (540, counter), (530, offer_all), (515, agree), (400, perform), (380, received))),
    Plot(S.CLOSED_SETTLED, ((610, accept), (595, call), (570, offer_all), (550, agree), (430, perform), (410, received), (405, satisfied))),
    Plot(S.CLOSED_UNCONFIRMED, ((608, accept), (592, call), (566, offer_all), (545, agree), (450, perform))),
    Plot(S.CLOSED_SETTLED, ((605, accept), (580, call), (555, offer_all), (530, agree), (500, perform), (470, received))),
)  # fmt: skip
OLD: Sequence[Plot] = (  # in the file of twelve days ago: settled, broken, or nearly late
    Plot(S.CLOSED_SETTLED, ((280, accept), (278, call), (260, offer_all), (248, agree), (222, perform), (197, received), (164, satisfied))),
    Plot(S.CLOSED_SETTLED, ((279, accept), (271, call), (256, offer_half), (244, counter), (238, offer_all), (230, agree), (180, perform), (156, received))),
    Plot(S.PERFORMED, ((276, accept), (254, call), (180, offer_all), (164, agree), (49, perform))),
    Plot(S.BREACHED, ((277, accept), (261, call), (213, offer_all), (205, agree), (156, perform), (74, not_received))),
    Plot(S.CLOSED_SETTLED, ((271, accept), (262, call), (246, offer_all), (213, agree), (172, perform), (139, received))),
    Plot(S.NEGOTIATING, ((271, accept), (262, call), (197, offer_half), (164, refuse))),
    Plot(S.ACCEPTED, ((246, accept), (230, call_in_vain))),
)  # fmt: skip
RECENT: Sequence[Plot] = (  # in the file of five days ago: being negotiated
    Plot(S.OFFERED, ((110, accept), (100, call), (20, offer_all))),
    Plot(S.OFFERED, ((112, accept), (104, call), (90, offer_half), (60, refuse), (9, offer_all))),
    Plot(S.NEGOTIATING, ((108, accept), (98, call), (50, offer_half), (26, counter))),
    Plot(S.AGREED, ((111, accept), (103, call), (72, offer_all), (48, agree))),
    Plot(S.AGREED, ((107, accept), (96, call), (40, offer_all), (16, agree))),
    Plot(S.NEGOTIATING, ((90, accept), (70, call))),
    Plot(S.ACCEPTED, ((80, accept), (52, call_in_vain))),
    Plot(S.RETURNED, ((76, give_back),)),
    Plot(S.DISPATCHED),
)
FRESH: Sequence[Plot] = tuple(Plot(S.DISPATCHED) for _ in range(5))  # in this morning's file


def _contact(stage: Stage, case: Case, text: str, result: ContactResult) -> object:
    at = stage.clock.now() - timedelta(minutes=5)
    return stage.by_merchant(case, record_contact, RecordContact(case.reference, at, ContactMethod.PHONE, text, result))


def _offer(stage: Stage, case: Case, amount: int, message: str) -> object:
    command = MakeOffer(case.reference, (_refund(amount),), message, consumer_asked=True)
    return stage.by_merchant(case, make_offer, command)


def _refund(amount: int) -> TermDraft:
    return TermDraft(TermKind.REFUND, amount, PaymentMethod.ORIGINAL, due_days=7)
