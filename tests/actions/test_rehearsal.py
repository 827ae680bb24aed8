"""A rehearsal: ten cases through every warning, expiry, failure, silence and breach, compared with a table by hand.

All are dispatched on Thursday 2026-09-24. 中秋节 is off from 09-25 to 09-27, 国庆节 from 10-01 to 10-07, and Saturday
10-10 is worked. So the ten working days are

    09-28 1   09-29 2   09-30 3   10-08 4   10-09 5   10-10 6   10-12 7   10-13 8   10-14 9   10-15 10

and the merchant's limit ends with Thursday 10-15. Half of it is used on the fifth day, 10-09; after 10-12 three days
are left, after 10-14 one; overdue begins with 10-16. The house wakes at 06:00, people act at 09:00: time is moved by
`portal clock advance` and by nothing else.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from portal import cli
from portal.accounts import links
from portal.cases import steps
from portal.cases.actions import AcceptCase, accept_case
from portal.cases.models import Case
from portal.cases.rules import CaseState, Channel
from portal.clocks.rules import SHANGHAI, local_day
from portal.core.actor import SYSTEM, Actor
from portal.core.facts import Fact, Topic
from portal.core.installation import Installation, InstallationClock
from portal.mediation.actions import Escalate, escalate
from portal.notifications.models import Message, MessageChannel
from portal.runtime import Runtime
from portal.settlements import actions
from portal.settlements.models import Callback, Offer, Verdict
from portal.settlements.rules import Answer
from portal.worker import tick
from tests.factories import disputes, people
from tests.factories.settling import refund

ONE_MINUTE = timedelta(minutes=1)
FIRST, LAST = date(2026, 9, 24), date(2026, 11, 20)
RUNNING_OUT = {"10-09": "half", "10-12": "three_left", "10-14": "one_left"}
AGREEMENT = {
    "09-24": "dispatched accepted",
    "09-28": "offer.made sms:offer_made",
    "09-29": "offer.accepted agreement.made sms:agreed",  # to be performed within 7 days: by the end of 10-06
}

BY_HAND: dict[str, dict[str, str]] = {
    # channel B, nobody takes it up: the officer's at once
    "idle": {"09-24": "dispatched", **RUNNING_OUT, "10-16": "overdue failed:merchant_delay sms:with_authority"},
    # channel A: the consumer has 30 days from 10-16, to the end of 11-15; the same link reopens what was laid aside
    "green": {
        "09-24": "dispatched",
        **RUNNING_OUT,
        "10-16": "overdue failed:merchant_delay sms:choice_asked",
        "11-16": "closed:laid_aside",
        "11-18": "escalated",
    },
    # the platform's own day is 10-10, six working days: half (the third) and three left fall on 09-30, the worse wins
    "platform": {
        "09-24": "dispatched",
        "09-30": "three_left",
        "10-09": "one_left",
        "10-11": "overdue",
        "10-16": "failed:merchant_delay sms:with_authority",
    },
    # an offer of 09-29 stands three natural days, to the end of 10-02; it had its two working days by 10-08
    "silent": {
        "09-24": "dispatched accepted",
        "09-29": "offer.made sms:offer_made",
        "10-03": "offer.expired",
        **RUNNING_OUT,
        "10-16": "overdue failed:consumer_silent sms:with_authority",
    },
    # an offer of 10-14 ends with the limit; two working days would have been 10-16: the merchant's delay
    "late": {
        "09-24": "dispatched accepted",
        **RUNNING_OUT,
        "10-14": "one_left offer.made sms:offer_made",
        "10-16": "offer.expired overdue failed:merchant_delay sms:with_authority",
    },
    "refused": {
        "09-24": "dispatched accepted",
        "09-29": "offer.made sms:offer_made",
        "09-30": "offer.refused",
        **RUNNING_OUT,
        "10-16": "overdue failed:no_agreement sms:with_authority",
    },
    # no warning once both have said yes; 办得太慢 is called back, the agreement stands
    "settled": {
        **AGREEMENT,
        "10-05": "performance.recorded receipt.asked sms:receipt_asked",
        "10-06": "performance.confirmed",
        "10-08": "settlement.rated",
    },
    # asked on 09-30: seven natural days to the end of 10-07; 没收到 is still heard on 10-20
    "silence": {
        **AGREEMENT,
        "09-30": "performance.recorded receipt.asked sms:receipt_asked",
        "10-08": "closed:unconfirmed",
        "10-20": "breached:not_received",
    },
    # without a verified phone the consumer is never told, and who was not told is not silent
    "untold": {**AGREEMENT, "09-30": "performance.recorded sms:receipt_asked"},
    # 10-06 passes; an offer after the breach ends with 10-11, and the breach stands without being told again
    "broken": {
        **AGREEMENT,
        "10-07": "breached:overdue sms:breached",
        "10-08": "offer.made sms:offer_made",
        "10-12": "offer.expired",
    },
}

IN_THE_END = {
    "idle": CaseState.FAILED,
    "green": CaseState.FAILED,
    "platform": CaseState.FAILED,
    "silent": CaseState.FAILED,
    "late": CaseState.FAILED,
    "refused": CaseState.FAILED,
    "settled": CaseState.CLOSED_SETTLED,
    "silence": CaseState.BREACHED,
    "untold": CaseState.PERFORMED,
    "broken": CaseState.BREACHED,
}


@dataclass
class Stage:
    """The house, its clock, and the ten cases with those who act in them."""

    runtime: Runtime
    agent: Actor
    cases: dict[str, tuple[int, str]]
    consumers: dict[str, Actor]

    def at(self, day: date, hour: int, minute: int = 0) -> None:
        """Move the clock to a moment, or to at most a minute behind it; it has run on a little since."""
        lacking = datetime(day.year, day.month, day.day, hour, minute, tzinfo=SHANGHAI) - self.runtime.now()
        assert cli.run(["clock", "advance", f"{-(-lacking // ONE_MINUTE)}m"]) == 0
        self.runtime.clock.forget()

    def accept(self, name: str) -> None:
        self.runtime.perform(self.agent, accept_case, AcceptCase(self.cases[name][1]))

    def offer(self, name: str) -> None:
        self.runtime.perform(self.agent, actions.make_offer, actions.MakeOffer(self.cases[name][1], (refund(),)))

    def agree(self, name: str) -> None:
        command = actions.AcceptOffer(self.cases[name][0], self._waiting(name), address="192.0.2.7")
        self.runtime.perform(self.consumers[name], actions.accept_offer, command)

    def refuse(self, name: str) -> None:
        command = actions.RefuseOffer(self.cases[name][0], self._waiting(name))
        self.runtime.perform(self.consumers[name], actions.refuse_offer, command)

    def perform(self, name: str) -> None:
        today = local_day(self.runtime.now())
        command = actions.RecordPerformance(self.cases[name][1], today, remark="已原路退回。")
        self.runtime.perform(self.agent, actions.record_performance, command)

    def receive(self, name: str, *, received: bool = True) -> None:
        command = actions.AnswerReceipt(self.cases[name][0], received)
        self.runtime.perform(self.consumers[name], actions.answer_receipt, command)

    def deny(self, name: str) -> None:
        self.receive(name, received=False)

    def rate(self, name: str) -> None:
        command = actions.RateSettlement(self.cases[name][0], Verdict.UNSATISFIED, "too_slow")
        self.runtime.perform(self.consumers[name], actions.rate_settlement, command)

    def ask(self, name: str) -> None:
        self.runtime.perform(self.consumers[name], escalate, Escalate(self.cases[name][0]))

    def _waiting(self, name: str) -> str:
        with self.runtime.reading() as session:
            pending = select(Offer.digest).where(Offer.case_id == self.cases[name][0], Offer.answer == Answer.PENDING)
            return session.scalars(pending).one()


Act = Callable[[Stage, str], None]
NEGOTIATED = ("silent", "late", "refused", "settled", "silence", "untold", "broken")
AGREED = ("settled", "silence", "untold", "broken")
SCRIPT: dict[str, list[tuple[Act, str]]] = {
    "09-24": [(Stage.accept, name) for name in NEGOTIATED],
    "09-28": [(Stage.offer, name) for name in AGREED],
    "09-29": [(Stage.agree, name) for name in AGREED] + [(Stage.offer, "silent"), (Stage.offer, "refused")],
    "09-30": [(Stage.refuse, "refused"), (Stage.perform, "silence"), (Stage.perform, "untold")],
    "10-05": [(Stage.perform, "settled")],
    "10-06": [(Stage.receive, "settled")],
    "10-08": [(Stage.rate, "settled"), (Stage.offer, "broken")],
    "10-14": [(Stage.offer, "late")],
    "10-20": [(Stage.deny, "silence")],
    "11-18": [(Stage.ask, "green")],
}


@pytest.fixture
def stage(own_runtime: Runtime, monkeypatch: pytest.MonkeyPatch) -> Stage:
    config = own_runtime.config
    for name, value in {
        "PORTAL_DATA": str(config.data),
        "PORTAL_DATABASE_URL": config.database_url,
        "PORTAL_SECRET_KEY": config.secret_key,
        "PORTAL_SEALING_KEYS": config.sealing_keys[0].hex(),
        "PORTAL_INDEX_KEY": config.index_key.hex(),
        "PORTAL_LEDGER_KEYS": config.ledger_keys[0].hex(),
    }.items():
        monkeypatch.setenv(name, value)
    own_runtime.clock = InstallationClock(own_runtime.engine)
    begins = datetime(FIRST.year, FIRST.month, FIRST.day, 9, tzinfo=SHANGHAI)
    with own_runtime.writing() as session:
        offset = round((begins - datetime.now(UTC)).total_seconds())
        session.execute(update(Installation).values(rehearsal=True, clock_offset=offset))
        session.commit()
        own_runtime.clock.forget()
        made = furnish(session, own_runtime)
        session.commit()
        return made


def furnish(session: Session, runtime: Runtime) -> Stage:
    """Ten cases that wait, then dispatched as intake does it."""
    now = runtime.now()
    authority = people.authority(session)
    merchant = people.merchant(session, authority)
    agent = people.actor(session, people.member(session, merchant.id))
    cases, consumers = {}, {}
    for name in BY_HAND:
        changes = {"platform_due_on": date(2026, 10, 10), "platform_due_inferred": False} if name == "platform" else {}
        channel = Channel.GREEN if name == "green" else Channel.REGULATOR
        phone = None if name == "untold" else disputes.PHONE
        case = disputes.case(
            session, authority, state=CaseState.WAITING, channel=channel, phone=phone, amount=80_000, now=now, **changes
        )
        steps.dispatch(session, SYSTEM, case, merchant.id, now=now)
        link, _ = links.issue_link(session, case.id, disputes.PHONE, now=now)
        cases[name], consumers[name] = (case.id, case.reference), links.consumer_of(link)
    return Stage(runtime, agent, cases, consumers)


def days() -> Iterator[date]:
    day = FIRST
    while day <= LAST:
        yield day
        day += timedelta(days=1)


def test_ten_cases_go_the_way_that_was_worked_out_by_hand(stage: Stage) -> None:
    for day in days():
        name = f"{day:%m-%d}"
        if day != FIRST:
            stage.at(day, 6)
            tick(stage.runtime)
            stage.at(day, 9)
        for act, case in SCRIPT.get(name, ()):
            act(stage, case)
        if name in SCRIPT:
            stage.at(day, 9, 5)
            tick(stage.runtime)
        expected = {case: table[name] for case, table in BY_HAND.items() if name in table}
        assert told_on(stage, day) == expected, name
    with stage.runtime.reading() as session:
        by_id = {case.id: case for case in session.scalars(select(Case))}
        found = {name: by_id[case_id] for name, (case_id, _) in stage.cases.items()}
        assert {name: case.state for name, case in found.items()} == IN_THE_END
        assert [name for name, case in found.items() if case.closed_at is not None] == ["settled"]
        assert {case.next_action_at for case in found.values()} == {None}
        assert stage.cases["settled"][0] in session.scalars(select(Callback.case_id)).all()
        check_warnings(session)
        check_desks(session, found["idle"])
        asked = select(Message.parameters).where(Message.template == "staff_escalated")
        assert [one["by"] for one in session.scalars(asked)] == ["11月27日"]  # seven working days from 11-18


def told_on(stage: Stage, day: date) -> dict[str, str]:
    """What happened on a day: facts in their order, then messages to the consumer."""
    names = {case_id: name for name, (case_id, _) in stage.cases.items()}
    told: dict[str, list[str]] = {}
    with stage.runtime.reading() as session:
        for fact in session.scalars(select(Fact).order_by(Fact.id)):
            case_id = fact.detail.get("case_id", fact.subject_id)
            if local_day(fact.at) == day and fact.topic in WORDS:
                told.setdefault(names[case_id], []).append(WORDS[fact.topic](fact))
        texts = select(Message).where(Message.channel == MessageChannel.SMS).order_by(Message.id)
        for message in session.scalars(texts):
            if local_day(message.created_at) == day:
                told.setdefault(names[message.case_id or 0], []).append(f"sms:{message.template}")
    return {name: " ".join(words) for name, words in told.items()}


WORDS: dict[Topic, Callable[[Fact], str]] = {
    Topic.CASE_DISPATCHED: lambda _: "dispatched",
    Topic.CASE_ACCEPTED: lambda _: "accepted",
    Topic.FILING_ESCALATED: lambda _: "escalated",
    Topic.CASE_WARNED: lambda fact: str(fact.detail["severity"]),
    Topic.CASE_FAILED: lambda fact: f"failed:{fact.detail['cause']}",
    Topic.CASE_BREACHED: lambda fact: f"breached:{fact.detail['cause']}",
    Topic.CASE_CLOSED: lambda fact: f"closed:{fact.detail['outcome']}",
} | {
    topic: lambda fact: fact.topic.value
    for topic in Topic
    if topic.value.partition(".")[0] in ("offer", "agreement", "performance", "receipt", "settlement")
}


def check_warnings(session: Session) -> None:
    """Each was planned for midnight and told when the house woke, six hours later (and the minutes that a tick takes)."""
    facts = session.scalars(select(Fact).where(Fact.topic == Topic.CASE_WARNED)).all()
    assert len(facts) == 5 * 4 + 3
    lag = [fact.at - datetime.fromisoformat(fact.detail["planned_at"]) for fact in facts]
    assert all(timedelta(hours=6) <= one < timedelta(hours=6, minutes=5) for one in lag)


def check_desks(session: Session, case: Case) -> None:
    """The merchant hears every warning, the officer what is overdue and what failed."""
    query = select(Message).where(Message.case_id == case.id, Message.channel == MessageChannel.DESK)
    found = [
        (one.recipient_kind.value, one.template, one.parameters["by"])
        for one in session.scalars(query.order_by(Message.id))
    ]
    by_merchant = [(template, by) for kind, template, by in found if kind == "merchant"]
    assert [template for template, _ in by_merchant] == ["staff_warned"] * 3 + ["staff_overdue", "staff_failed"]
    assert [by.partition("，")[2] for _, by in by_merchant[:3]] == ["剩 5 个工作日", "剩 3 个工作日", "剩 1 个工作日"]
    assert [template for kind, template, _ in found if kind == "officer"] == ["staff_overdue", "staff_failed"]
