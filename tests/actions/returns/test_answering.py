"""A merchant answers, receives and refunds; the ledger, the consumer's own acts, and the authority's finding."""

from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.clocks.rules import local_day
from portal.commitments.models import PromiseExclusion
from portal.commitments.rules import BasisKind, Way
from portal.commitments.rules.body import ExclusionRow
from portal.core.actor import SYSTEM, Actor, Role
from portal.core.errors import NotAllowed, NotFound, RuleBroken
from portal.core.facts import Fact, Topic
from portal.core.privacy import DataKey
from portal.core.uploads import Upload
from portal.enrolment.models import Merchant
from portal.ledgers.models import EntryKind, LedgerEntry
from portal.ledgers.rules.vocabulary import Condition
from portal.notifications.models import Message
from portal.notifications.templates import TemplateCode
from portal.returns import access, actions, consumers, due, queries, revealing
from portal.returns.access import CONSUMER, by_token
from portal.returns.actions import AgreeReturn, FindBreach, ReceiveGoods, RefuseReturn, SettleReturn, WarnedFirst
from portal.returns.asking import Objections
from portal.returns.consumers import AddProofs, AnswerRefund, WithdrawReturn
from portal.returns.due import Look
from portal.returns.models import ReturnFile, ReturnRequest
from portal.returns.revealing import Reveal
from portal.returns.rules import Breach, Finding, Ground, ReturnState
from portal.runtime import Runtime
from portal.worker import dispatch
from tests.conftest import NOW, FixedClock
from tests.factories import people, promises, returning
from tests.factories.returning import RESALE


class Shop:
    """A merchant with a promise, its clerk, its district's officer, and strangers to both."""

    def __init__(self, session: Session) -> None:
        self.authority = people.authority(session)
        elsewhere = people.authority(session, "厦门市思明区市场监督管理局", prefix="SM")
        self.merchant = people.merchant(session, self.authority, "厦门鹭湾百货有限公司")
        self.other = people.merchant(session, elsewhere)
        rows = (
            ExclusionRow(Way.OFFLINE, "declared", "贴身内衣", BasisKind.DECLARED, "店堂公告", "clothing", "内衣"),
            ExclusionRow(Way.OFFLINE, "declared", "清仓商品", BasisKind.DECLARED, "小票背面"),
        )
        self.version = promises.promise(session, self.merchant, exclusions=rows)
        self.clerk = self._actor(session, self.merchant, Role.AGENT)
        self.stranger = self._actor(session, self.other, Role.AGENT)
        self.officer = people.actor(session, people.member(session, self.authority.id, Role.OFFICER))
        self.auditor = people.actor(session, people.member(session, self.authority.id, Role.AUDITOR))
        self.far_officer = people.actor(session, people.member(session, elsewhere.id, Role.OFFICER))

    @staticmethod
    def _actor(session: Session, merchant: Merchant, role: Role) -> Actor:
        return people.actor(session, people.member(session, merchant.id, role))


@pytest.fixture
def shop(session: Session) -> Shop:
    return Shop(session)


def exclusion(session: Session, text: str) -> int:
    return session.scalars(select(PromiseExclusion.id).where(PromiseExclusion.text == text)).one()


def entries(session: Session) -> list[LedgerEntry]:
    return list(session.scalars(select(LedgerEntry).where(LedgerEntry.kind == EntryKind.RETURN)))


def topics(session: Session) -> list[Topic]:
    return [one for one in session.scalars(select(Fact.topic).order_by(Fact.id)) if one.value.startswith("return.")]


def test_from_consent_to_refund_the_ledger_has_one_entry(session: Session, shop: Shop) -> None:
    made = returning.asked(session, shop.merchant)
    returning.received(session, shop.clerk, made)
    assert made.pay_by is not None
    assert made.next_at == made.pay_by - timedelta(days=1)
    actions.settle_return(session, shop.clerk, SettleReturn(made.reference, 39_800, RESALE), now=NOW)
    (entry,) = entries(session)
    assert (made.state, made.entry_seq) == (ReturnState.REFUNDED, entry.seq)
    assert (entry.amount, entry.outcome, entry.disposition) == (39_800, "returned", "resale")
    assert '"cause":"promise"' in entry.line
    assert returning.NAME not in entry.line
    assert topics(session) == [
        Topic.RETURN_ASKED, Topic.RETURN_AGREED, Topic.RETURN_GOODS_BACK, Topic.RETURN_REFUNDED,
    ]  # fmt: skip


def test_an_exchange_refunds_nothing(session: Session, shop: Shop) -> None:
    made = returning.received(session, shop.clerk, returning.asked(session, shop.merchant))
    actions.settle_return(session, shop.clerk, SettleReturn(made.reference, None, RESALE), now=NOW)
    (entry,) = entries(session)
    assert (made.state, entry.outcome, entry.amount) == (ReturnState.EXCHANGED, "exchanged", None)


@pytest.mark.parametrize(
    ("cells", "field"),
    [
        ({"disposition": ""}, "disposition"),
        ({"label_number": ""}, "label_number"),
        ({"condition": "damaged"}, "disposition"),
        ({"category": "bulk_food"}, "disposition"),
    ],
)
def test_the_ledgers_rules_are_told_at_their_fields(
    session: Session, shop: Shop, cells: dict[str, str], field: str
) -> None:
    made = returning.received(session, shop.clerk, returning.asked(session, shop.merchant))
    with pytest.raises(Objections) as refused:
        actions.settle_return(session, shop.clerk, SettleReturn(made.reference, 39_800, RESALE | cells), now=NOW)
    assert field in dict(refused.value.found)


def test_too_much_is_not_refunded(session: Session, shop: Shop) -> None:
    made = returning.received(session, shop.clerk, returning.asked(session, shop.merchant))
    with pytest.raises(RuleBroken, match="不能超过") as refused:
        actions.settle_return(session, shop.clerk, SettleReturn(made.reference, 39_801, RESALE), now=NOW)
    assert refused.value.field == "refund"


def test_consent_says_how(session: Session, shop: Shop) -> None:
    made = returning.asked(session, shop.merchant)
    with pytest.raises(RuleBroken) as refused:
        actions.agree_return(session, shop.clerk, AgreeReturn(made.reference, " ", 39_800), now=NOW)
    assert refused.value.field == "words"


def test_a_fitting_exclusion_is_no_breach(session: Session, shop: Shop) -> None:
    made = returning.asked(session, shop.merchant)
    command = RefuseReturn(made.reference, Ground.EXCLUSION, exclusion(session, "清仓商品"), "吊牌写明清仓")
    actions.refuse_return(session, shop.clerk, command, now=NOW)
    (entry,) = entries(session)
    assert (made.state, made.breach, made.entry_seq) == (ReturnState.REFUSED, None, entry.seq)
    assert entry.outcome == "refused"


def test_an_exclusion_of_other_goods_cannot_be_named(session: Session, shop: Shop) -> None:
    made = returning.asked(session, shop.merchant)
    command = RefuseReturn(made.reference, Ground.EXCLUSION, exclusion(session, "贴身内衣"), "", confirmed=True)
    with pytest.raises(RuleBroken) as refused:
        actions.refuse_return(session, shop.clerk, command, now=NOW)
    assert refused.value.field == "exclusion"


def test_a_covered_refusal_by_condition_warns_first_and_then_tells_the_authority(
    runtime: Runtime, session: Session, shop: Shop
) -> None:
    made = returning.asked(session, shop.merchant)
    session.commit()
    command = RefuseReturn(made.reference, Ground.CONDITION, None, "吊牌已剪")
    with pytest.raises(WarnedFirst):
        runtime.perform(shop.clerk, actions.refuse_return, command)
    session.refresh(made)
    assert made.state is ReturnState.ASKED
    runtime.perform(
        shop.clerk, actions.refuse_return, RefuseReturn(made.reference, Ground.CONDITION, None, "吊牌已剪", True)
    )
    session.refresh(made)
    assert (made.breach, made.finding) == (Breach.REFUSED, None)
    dispatch(runtime)
    notice = session.scalars(select(Message).where(Message.template == TemplateCode.STAFF_RETURN_BREACH)).one()
    assert notice.organisation_id == shop.authority.id


def test_outside_the_promise_is_no_ground_where_it_holds(session: Session, shop: Shop) -> None:
    made = returning.asked(session, shop.merchant)
    with pytest.raises(RuleBroken) as refused:
        actions.refuse_return(
            session, shop.clerk, RefuseReturn(made.reference, Ground.OUTSIDE, None, "", True), now=NOW
        )
    assert refused.value.field == "ground"


def test_a_wish_may_be_refused_freely(session: Session, shop: Shop) -> None:
    bought = local_day(NOW) - timedelta(days=60)
    made = returning.asked(session, shop.merchant, purchased_on=bought, as_wish=True)
    actions.refuse_return(session, shop.clerk, RefuseReturn(made.reference, Ground.OUTSIDE, None, ""), now=NOW)
    assert (made.state, made.breach) == (ReturnState.REFUSED, None)


def test_goods_that_came_back_broken_may_be_refused_still(session: Session, shop: Shop) -> None:
    made = returning.agreed(session, shop.clerk, returning.asked(session, shop.merchant))
    actions.receive_goods(session, shop.clerk, ReceiveGoods(made.reference, Condition.DAMAGED), now=NOW)
    command = RefuseReturn(made.reference, Ground.CONDITION, None, "商品已损坏", confirmed=True)
    actions.refuse_return(session, shop.clerk, command, now=NOW)
    assert (made.state, made.breach) == (ReturnState.REFUSED, Breach.REFUSED)


def test_strangers_find_nothing(session: Session, shop: Shop) -> None:
    made = returning.asked(session, shop.merchant)
    command = AgreeReturn(made.reference, "请到店", 39_800)
    with pytest.raises(NotFound):
        actions.agree_return(session, shop.stranger, command, now=NOW)
    with pytest.raises(NotAllowed):
        actions.agree_return(session, shop.officer, command, now=NOW)
    everyone = (shop.clerk, shop.stranger, shop.officer, shop.auditor, shop.far_officer, CONSUMER, SYSTEM)
    for actor in everyone:
        seen = session.scalars(select(ReturnRequest.id).where(access.visible_to(actor))).all()
        assert (made.id in seen) is access.may_see(actor, made)


def test_only_the_merchant_reads_the_phone_and_it_is_recorded(session: Session, shop: Shop) -> None:
    made = returning.asked(session, shop.merchant)
    grant = revealing.reveal_contact(session, shop.clerk, Reveal(made.reference), now=NOW)
    assert grant.expires_at == NOW + timedelta(minutes=30)
    with pytest.raises(NotAllowed):
        revealing.reveal_contact(session, shop.officer, Reveal(made.reference), now=NOW)


def test_a_consumer_confirms_or_says_that_nothing_came(session: Session, shop: Shop) -> None:
    made = returning.refunded(session, shop.clerk, returning.asked(session, shop.merchant))
    token = returning.token_of(session, made)
    consumers.answer_refund(session, CONSUMER, AnswerRefund(token, received=False), now=NOW)
    assert (made.state, made.breach, made.closed_at) == (ReturnState.RECEIVED, Breach.DENIED, None)
    actions.settle_return(session, shop.clerk, SettleReturn(made.reference, 39_800), now=NOW)
    assert len(entries(session)) == 1
    consumers.answer_refund(session, CONSUMER, AnswerRefund(token, received=True), now=NOW)
    assert made.confirmed_at == NOW
    with pytest.raises(RuleBroken):
        consumers.answer_refund(session, CONSUMER, AnswerRefund(token, received=False), now=NOW)


def test_a_consumer_adds_photos_and_takes_the_request_back(session: Session, shop: Shop) -> None:
    made = returning.asked(session, shop.merchant)
    token = returning.token_of(session, made)
    upload = Upload("小票.png", returning.picture())
    assert consumers.add_proofs(session, CONSUMER, AddProofs(token, (upload, upload)), now=NOW).stored == 1
    with pytest.raises(RuleBroken, match="没有选择文件"):
        consumers.add_proofs(session, CONSUMER, AddProofs(token, ()), now=NOW)
    consumers.withdraw_return(session, CONSUMER, WithdrawReturn(token), now=NOW)
    assert (made.state, made.next_at) == (ReturnState.WITHDRAWN, None)
    with pytest.raises(RuleBroken):
        consumers.add_proofs(session, CONSUMER, AddProofs(token, (upload,)), now=NOW)


def test_a_forged_link_and_an_ended_one_are_alike(session: Session, shop: Shop) -> None:
    made = returning.asked(session, shop.merchant)
    token = returning.token_of(session, made)
    consumers.withdraw_return(session, CONSUMER, WithdrawReturn(token), now=NOW)
    assert by_token(session, token, now=NOW + timedelta(days=29)).id == made.id
    for asked, now in ((token, NOW + timedelta(days=31)), ("a" * 20, NOW), ("", NOW)):
        with pytest.raises(NotFound):
            by_token(session, asked, now=now)


def test_an_unanswered_request_warns_then_is_a_possible_breach(
    runtime: Runtime, clock: FixedClock, session: Session, shop: Shop
) -> None:
    made = returning.asked(session, shop.merchant)
    due_at = made.answer_by
    assert due_at is not None
    assert due.look_at_due(session, SYSTEM, Look(), now=due_at - timedelta(days=2)) == 0
    due.look_at_due(session, SYSTEM, Look(), now=due_at - timedelta(hours=20))
    assert (made.breach, made.next_at) == (None, due_at)
    due.look_at_due(session, SYSTEM, Look(), now=due_at)
    assert (made.state, made.breach, made.next_at) == (ReturnState.ASKED, Breach.UNANSWERED, None)
    assert due.look_at_due(session, SYSTEM, Look(), now=due_at + timedelta(days=9)) == 0
    session.commit()
    clock.moment = due_at
    dispatch(runtime)
    kinds = set(session.scalars(select(Message.template)))
    assert kinds >= {"return_asked", "return_late", "staff_return_near", "staff_return_late", "staff_return_breach"}
    actions.agree_return(session, shop.clerk, AgreeReturn(made.reference, "请到店", 39_800), now=due_at)
    assert made.breach is Breach.UNANSWERED


def test_an_unpaid_refund_is_a_possible_breach_of_its_own(session: Session, shop: Shop) -> None:
    made = returning.received(session, shop.clerk, returning.asked(session, shop.merchant))
    assert made.pay_by is not None
    due.look_at_due(session, SYSTEM, Look(), now=made.pay_by - timedelta(hours=1))
    due.look_at_due(session, SYSTEM, Look(), now=made.pay_by)
    assert made.breach is Breach.UNPAID


def test_what_is_never_sent_back_ends_without_a_breach(session: Session, shop: Shop) -> None:
    made = returning.agreed(session, shop.clerk, returning.asked(session, shop.merchant))
    due.look_at_due(session, SYSTEM, Look(), now=NOW + timedelta(days=30))
    assert (made.state, made.breach) == (ReturnState.LAPSED, None)
    assert made.closed_at == NOW + timedelta(days=30)


def test_the_authority_finds_once_and_only_its_officers(runtime: Runtime, session: Session, shop: Shop) -> None:
    made = returning.refused(session, shop.clerk, returning.asked(session, shop.merchant))
    command = FindBreach(made.reference, Finding.BROKEN, "吊牌完好，承诺适用")
    with pytest.raises(NotFound):
        actions.find_breach(session, shop.far_officer, command, now=NOW)
    for actor in (shop.auditor, shop.clerk):
        with pytest.raises(NotAllowed):
            actions.find_breach(session, actor, command, now=NOW)
    with pytest.raises(RuleBroken):
        actions.find_breach(session, shop.officer, FindBreach(made.reference, Finding.KEPT, " "), now=NOW)
    actions.find_breach(session, shop.officer, command, now=NOW)
    fact = session.scalars(select(Fact).where(Fact.topic == Topic.RETURN_BREACH_FOUND)).one()
    assert fact.detail["finding"] == "broken"
    assert fact.detail["merchant_id"] == shop.merchant.id
    with pytest.raises(RuleBroken):
        actions.find_breach(session, shop.officer, command, now=NOW)


def test_finished_requests_are_erased_in_time_with_key_files_and_messages(
    runtime: Runtime, clock: FixedClock, session: Session, shop: Shop
) -> None:
    token = returning.begun(session, shop.merchant, Upload("小票.png", returning.picture()))
    made = returning.refunded(session, shop.clerk, returning.asked(session, shop.merchant, token=token))
    kept = returning.refused(session, shop.clerk, returning.asked(session, shop.merchant, goods="帽子"))
    session.commit()
    dispatch(runtime)
    assert due.erase_finished(session, SYSTEM, Look(), now=NOW + timedelta(days=1096)) == 0
    assert due.erase_finished(session, SYSTEM, Look(), now=NOW + timedelta(days=1097)) == 1
    session.commit()
    clock.moment = NOW + timedelta(days=1097)
    dispatch(runtime)
    session.expire_all()
    assert (made.name_sealed, made.phone_sealed, made.token_hash, made.name_mask) == (None, None, None, "")
    assert session.get_one(DataKey, made.key_id).wrapped is None
    assert session.scalars(select(ReturnFile)).all() == []
    assert kept.name_sealed is not None  # nobody has judged its possible breach yet
    numbers = select(Message).where(Message.to_sealed.is_not(None), Message.template == TemplateCode.RETURN_REFUNDED)
    assert session.scalars(numbers).all() == []


def test_a_request_that_was_left_open_for_years_is_erased_too(session: Session, shop: Shop) -> None:
    made = returning.asked(session, shop.merchant)
    assert due.erase_finished(session, SYSTEM, Look(), now=NOW + timedelta(days=1096)) == 0
    assert due.erase_finished(session, SYSTEM, Look(), now=NOW + timedelta(days=1097)) == 1
    assert (made.phone_sealed, made.next_at) == (None, None)


def test_figures_count_by_authority_and_month_of_china(session: Session, shop: Shop) -> None:
    returning.refunded(session, shop.clerk, returning.asked(session, shop.merchant))
    returning.refused(session, shop.clerk, returning.asked(session, shop.merchant, goods="帽子"))
    late = returning.asked(session, shop.merchant, goods="手套")
    late.asked_at = NOW.replace(day=31, hour=16)  # the first of September in China
    session.flush()
    day = local_day(NOW)
    first, second = queries.figures(session, [shop.authority.id], day.replace(day=1), day.replace(month=9, day=30))
    assert (first.month_on.month, first.asked, first.granted, first.refused) == (8, 2, 1, 1)
    assert (first.settled, first.refunded, first.breaches, first.broken) == (1, 39_800, 1, 0)
    assert (second.month_on.month, second.asked) == (9, 1)
    whole = queries.merchant_figures(session, shop.merchant.id, day.replace(day=1), day.replace(month=9, day=30))
    assert (whole.asked, whole.granted) == (3, 1)
    assert queries.figures(session, [shop.other.authority_id], day, day) == []
