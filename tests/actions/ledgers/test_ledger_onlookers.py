"""What the audited merchant sees of reads of its ledger, and what only a chief lets it see (decisions 19)."""

from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from portal.accounts.models import Organisation
from portal.core.access import AccessKind, AccessRecord, note_access
from portal.core.actor import Actor, Role
from portal.core.errors import NotAllowed, NotFound, RuleBroken
from portal.core.facts import SubjectKind
from portal.enrolment.models import Merchant
from portal.ledgers import onlookers as looking
from portal.ledgers.log import ledger_of
from portal.ledgers.onlookers import ReleaseRead, held_back, onlookers, release_read
from portal.ledgers.opening import Firm, OpenLedger, firm_of, open_ledger, standing
from portal.ledgers.rules.disclosure import GENERAL_PURPOSES, HELD_BACK, REASON_NAMES, OpeningReason
from tests.conftest import NOW
from tests.factories import people

DAYS = 30


@pytest.fixture
def authority(session: Session) -> Organisation:
    return people.authority(session)


@pytest.fixture
def merchant(session: Session, authority: Organisation) -> Merchant:
    return with_ledger(session, people.merchant(session, authority))


def with_ledger(session: Session, merchant: Merchant) -> Merchant:
    ledger_of(session, merchant.id, now=NOW)
    return merchant


def ledger_id(session: Session, merchant: Merchant) -> int:
    return ledger_of(session, merchant.id, now=NOW).id


def person(session: Session, organisation: int, role: Role, name: str = "陈立") -> Actor:
    return people.actor(session, people.member(session, organisation, role, name=name))


@pytest.fixture
def officer(session: Session, authority: Organisation) -> Actor:
    return person(session, authority.id, Role.OFFICER)


@pytest.fixture
def chief(session: Session, authority: Organisation) -> Actor:
    return person(session, authority.id, Role.CHIEF, "周敏")


def opened(session: Session, officer: Actor, merchant: Merchant, reason: OpeningReason, *, days_ago: int) -> int:
    """A read of so many days ago; the id of its record."""
    command = OpenLedger(merchant.organisation.code, reason)
    open_ledger(session, officer, command, now=NOW - timedelta(days=days_ago))
    session.flush()
    return session.query(AccessRecord.id).order_by(AccessRecord.id.desc()).limit(1).scalar()


def release(session: Session, chief: Actor, record: int) -> None:
    release_read(session, chief, ReleaseRead(record, "检查已经结束"), now=NOW)
    session.flush()


def seen(session: Session, merchant: Merchant) -> list[looking.Onlooker]:
    return onlookers(session, ledger_id(session, merchant), days=DAYS, now=NOW)


@pytest.mark.parametrize("released", [True, False])
@pytest.mark.parametrize("days_ago", [0, 29, 30, 31])
@pytest.mark.parametrize("reason", OpeningReason)
def test_the_merchant_sees_a_read_exactly_when_the_rule_says_so(
    session: Session, merchant: Merchant, officer: Actor, chief: Actor,
    reason: OpeningReason, days_ago: int, released: bool,
) -> None:  # fmt: skip
    record = opened(session, officer, merchant, reason, days_ago=days_ago)
    if released and reason in HELD_BACK:
        release(session, chief, record)
    found = seen(session, merchant)
    if days_ago >= DAYS and (released or reason not in HELD_BACK):
        assert [(one.unit, one.purpose) for one in found] == [(officer.organisation_name, GENERAL_PURPOSES[reason])]
        assert (NOW.date() - found[0].read_on).days == days_ago
    else:
        assert found == []


def test_what_the_merchant_sees_names_nobody_and_no_hour(session: Session, merchant: Merchant, officer: Actor) -> None:
    opened(session, officer, merchant, OpeningReason.INSPECTION, days_ago=40)
    (line,) = seen(session, merchant)
    assert officer.name not in repr(line)
    assert "hour" not in repr(line)


def test_reads_of_one_day_for_one_purpose_are_one_line(session: Session, merchant: Merchant, officer: Actor) -> None:
    for _ in range(3):
        opened(session, officer, merchant, OpeningReason.INSPECTION, days_ago=40)
    opened(session, officer, merchant, OpeningReason.COMPLAINT, days_ago=40)
    assert sorted(one.purpose for one in seen(session, merchant)) == ["办理投诉", "日常检查"]


def test_reads_of_another_ledger_are_not_shown(
    session: Session, merchant: Merchant, authority: Organisation, officer: Actor
) -> None:
    opened(
        session,
        officer,
        with_ledger(session, people.merchant(session, authority)),
        OpeningReason.INSPECTION,
        days_ago=40,
    )
    assert seen(session, merchant) == []


def test_a_read_without_a_known_reason_stays_hidden(session: Session, merchant: Merchant, officer: Actor) -> None:
    for reason in (None, "something else"):
        note_access(
            session, officer, AccessKind.EXPORT, SubjectKind.LEDGER, ledger_id(session, merchant),
            at=NOW - timedelta(days=40), reason=reason,
        )  # fmt: skip
    session.flush()
    assert seen(session, merchant) == []


def test_the_merchants_own_reads_are_no_onlookers(session: Session, merchant: Merchant) -> None:
    clerk = person(session, merchant.id, Role.AGENT, "林晓燕")
    note_access(
        session, clerk, AccessKind.EXPORT, SubjectKind.LEDGER, ledger_id(session, merchant),
        at=NOW - timedelta(days=40), reason="inspection",
    )  # fmt: skip
    session.flush()
    assert seen(session, merchant) == []


@pytest.mark.parametrize("reason", sorted(set(OpeningReason) - HELD_BACK))
def test_an_open_read_needs_no_release_and_takes_none(
    session: Session, merchant: Merchant, officer: Actor, chief: Actor, reason: OpeningReason
) -> None:
    record = opened(session, officer, merchant, reason, days_ago=40)
    assert held_back(session, chief, None).rows == []
    with pytest.raises(NotFound):
        release(session, chief, record)


@pytest.mark.parametrize("role", [Role.OFFICER, Role.AUDITOR])
def test_only_the_chief_releases(
    session: Session, merchant: Merchant, authority: Organisation, officer: Actor, role: Role
) -> None:
    record = opened(session, officer, merchant, OpeningReason.TIP, days_ago=40)
    other = person(session, authority.id, role)
    assert held_back(session, other, None).rows == []
    with pytest.raises(NotAllowed):
        release(session, other, record)
    assert seen(session, merchant) == []


def test_a_chief_releases_only_what_the_own_people_read(session: Session, merchant: Merchant, officer: Actor) -> None:
    record = opened(session, officer, merchant, OpeningReason.CLUE, days_ago=40)
    stranger = person(session, people.authority(session, "厦门市思明区市场监督管理局").id, Role.CHIEF)
    assert held_back(session, stranger, None).rows == []
    with pytest.raises(NotFound):
        release(session, stranger, record)


def test_the_chief_of_the_authority_above_may_release(session: Session, authority: Organisation) -> None:
    station = people.authority(session, "湖里区市场监督管理所", parent=authority)
    merchant = with_ledger(session, people.merchant(session, station))
    reader = person(session, station.id, Role.OFFICER)
    record = opened(session, reader, merchant, OpeningReason.UNANNOUNCED, days_ago=40)
    release(session, person(session, authority.id, Role.CHIEF), record)
    assert [one.purpose for one in seen(session, merchant)] == ["监督检查"]


def test_the_merchant_releases_nothing(session: Session, merchant: Merchant, officer: Actor) -> None:
    record = opened(session, officer, merchant, OpeningReason.TIP, days_ago=40)
    principal = person(session, merchant.id, Role.PRINCIPAL)
    assert held_back(session, principal, None).rows == []
    with pytest.raises(NotFound):
        release(session, principal, record)


def test_a_release_needs_a_reason_and_is_made_once(
    session: Session, merchant: Merchant, officer: Actor, chief: Actor
) -> None:
    record = opened(session, officer, merchant, OpeningReason.TIP, days_ago=40)
    with pytest.raises(RuleBroken, match="理由"):
        release_read(session, chief, ReleaseRead(record, "  "), now=NOW)
    release(session, chief, record)
    with pytest.raises(RuleBroken, match="已经公开"):
        release(session, chief, record)


def test_the_list_of_the_chief_says_what_was_released(
    session: Session, merchant: Merchant, officer: Actor, chief: Actor
) -> None:
    first = opened(session, officer, merchant, OpeningReason.TIP, days_ago=40)
    opened(session, officer, merchant, OpeningReason.CLUE, days_ago=2)
    release(session, chief, first)
    newest, oldest = held_back(session, chief, None).rows
    assert (newest.reason, newest.released_at) == (REASON_NAMES[OpeningReason.CLUE], None)
    assert (oldest.released_at, oldest.released_by, oldest.release_reason) == (NOW, chief.name, "检查已经结束")
    assert oldest.merchant == merchant.organisation.name


@pytest.mark.parametrize(
    "statement", ["UPDATE ledger_read_release SET reason = 'x'", "DELETE FROM ledger_read_release"]
)
def test_a_release_is_never_taken_back(
    session: Session, merchant: Merchant, officer: Actor, chief: Actor, statement: str
) -> None:
    release(session, chief, opened(session, officer, merchant, OpeningReason.TIP, days_ago=40))
    with pytest.raises(DBAPIError, match="append-only"), session.begin_nested():
        session.execute(text(statement))


def firm(session: Session, actor: Actor, merchant: Merchant) -> Firm:
    return firm_of(session, actor, merchant.organisation.code)


def test_opening_gives_thirty_minutes_and_no_more(session: Session, merchant: Merchant, officer: Actor) -> None:
    opened(session, officer, merchant, OpeningReason.COMPLAINT, days_ago=0)
    ours = firm(session, officer, merchant)
    held = standing(session, officer, ours, now=NOW + timedelta(minutes=29))
    assert held is not None
    assert held.reason is OpeningReason.COMPLAINT
    assert standing(session, officer, ours, now=NOW + timedelta(minutes=30)) is None


def test_a_grant_is_the_persons_own(session: Session, merchant: Merchant, officer: Actor, chief: Actor) -> None:
    opened(session, officer, merchant, OpeningReason.INSPECTION, days_ago=0)
    assert standing(session, chief, firm(session, chief, merchant), now=NOW) is None


def test_while_a_held_back_grant_runs_every_read_is_held_back(
    session: Session, merchant: Merchant, officer: Actor
) -> None:
    opened(session, officer, merchant, OpeningReason.TIP, days_ago=0)
    opened(session, officer, merchant, OpeningReason.INSPECTION, days_ago=0)
    held = standing(session, officer, firm(session, officer, merchant), now=NOW)
    assert held is not None
    assert held.reason is OpeningReason.TIP


def test_a_stranger_does_not_open_a_ledger(session: Session, merchant: Merchant) -> None:
    stranger = person(session, people.authority(session, "厦门市思明区市场监督管理局").id, Role.OFFICER)
    with pytest.raises(NotFound):
        opened(session, stranger, merchant, OpeningReason.INSPECTION, days_ago=0)


def test_a_merchant_opens_no_ledger_this_way(session: Session, merchant: Merchant) -> None:
    with pytest.raises(NotAllowed):
        opened(session, person(session, merchant.id, Role.PRINCIPAL), merchant, OpeningReason.INSPECTION, days_ago=0)


def test_a_merchant_that_entered_nothing_has_no_ledger_to_open(
    session: Session, authority: Organisation, officer: Actor
) -> None:
    with pytest.raises(RuleBroken, match="还没有登记"):
        opened(session, officer, people.merchant(session, authority), OpeningReason.INSPECTION, days_ago=0)
