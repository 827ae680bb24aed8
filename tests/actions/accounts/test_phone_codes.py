"""Six-digit codes: ten minutes, five tries, one link and one offer."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal.accounts import codes, links
from portal.accounts.codes import CodeResult, SendCode, TryCode
from portal.accounts.links import WipeEnded
from portal.accounts.models import ConsumerLink, PhoneCode
from portal.core.actor import SYSTEM, VISITOR
from portal.core.errors import NotAllowed, NotFound, RuleBroken
from portal.core.facts import Fact, Topic
from portal.runtime import Runtime
from tests.conftest import NOW, FixedClock

CASE, OFFER, OTHER_OFFER = 41, "hash of the offer", "hash of another"
SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)


@pytest.fixture
def link(session: Session) -> ConsumerLink:
    return links.issue_link(session, CASE, "13860001234", now=NOW)[0]


def sent(session: Session, link: ConsumerLink, *, bound_to: str = OFFER, after: timedelta = 0 * SECOND) -> str:
    code = codes.send_code(session, links.consumer_of(link), SendCode(link.id, bound_to), now=NOW + after)
    digits = codes.digits_of(session, code, now=NOW + after)
    assert digits is not None
    return digits


def wrong(digits: str) -> str:
    return f"{(int(digits) + 1) % 1_000_000:06}"


def test_a_right_code_is_right_once(session: Session, link: ConsumerLink) -> None:
    digits = sent(session, link)
    assert len(digits) == 6
    assert digits.isdigit()
    assert codes.check_code(session, link.id, OFFER, f" {digits[:3]} {digits[3:]} ", NOW) is CodeResult.RIGHT
    assert codes.check_code(session, link.id, OFFER, digits, NOW) is CodeResult.NONE
    assert codes.is_confirmed(session, link.id, OFFER, now=NOW)
    assert not codes.is_confirmed(session, link.id, OTHER_OFFER, now=NOW)
    assert not codes.is_confirmed(session, link.id, OFFER, now=NOW + 10 * MINUTE)


def test_a_code_confirms_its_own_offer_only(session: Session, link: ConsumerLink) -> None:
    digits = sent(session, link)
    assert codes.check_code(session, link.id, OTHER_OFFER, digits, NOW) is CodeResult.NONE


def test_a_code_fits_its_own_link_only(session: Session, link: ConsumerLink) -> None:
    digits = sent(session, link)
    neighbour = links.issue_link(session, CASE, "13960001234", now=NOW)[0]
    sent(session, neighbour)
    assert codes.check_code(session, neighbour.id, OFFER, digits, NOW) is not CodeResult.RIGHT


def test_five_wrong_tries_end_a_code(session: Session, link: ConsumerLink) -> None:
    digits = sent(session, link)
    tried = [codes.check_code(session, link.id, OFFER, wrong(digits), NOW) for _ in range(6)]
    assert tried == [CodeResult.WRONG] * 4 + [CodeResult.TOO_MANY] * 2
    assert codes.check_code(session, link.id, OFFER, digits, NOW) is CodeResult.TOO_MANY


@pytest.mark.parametrize("typed", ["", "12345", "1234567", "abcdef", "00000\u0000", "x" * 10_000])
def test_what_is_no_code_counts_as_wrong(session: Session, link: ConsumerLink, typed: str) -> None:
    sent(session, link)
    assert codes.check_code(session, link.id, OFFER, typed, NOW) is CodeResult.WRONG


def test_wide_digits_are_read(session: Session, link: ConsumerLink) -> None:
    wide = "".join(chr(ord(digit) + 0xFEE0) for digit in sent(session, link))
    assert codes.check_code(session, link.id, OFFER, wide, NOW) is CodeResult.RIGHT


def test_a_code_lives_ten_minutes(session: Session, link: ConsumerLink) -> None:
    digits = sent(session, link)
    assert codes.check_code(session, link.id, OFFER, wrong(digits), NOW + 10 * MINUTE - SECOND) is CodeResult.WRONG
    assert codes.check_code(session, link.id, OFFER, digits, NOW + 10 * MINUTE) is CodeResult.LATE


def test_a_new_code_ends_the_old_one(session: Session, link: ConsumerLink) -> None:
    first = sent(session, link)
    second = sent(session, link, after=MINUTE)
    moment = NOW + MINUTE
    if first != second:
        assert codes.check_code(session, link.id, OFFER, first, moment) is CodeResult.WRONG
    assert codes.check_code(session, link.id, OFFER, second, moment) is CodeResult.RIGHT


def test_a_code_is_not_sent_twice_within_a_minute(session: Session, link: ConsumerLink) -> None:
    sent(session, link)
    with pytest.raises(RuleBroken, match="60 秒后再获取"):
        sent(session, link)
    with pytest.raises(RuleBroken, match="1 秒后"):
        sent(session, link, after=MINUTE - SECOND)
    sent(session, link, after=MINUTE)


def test_five_codes_an_hour_are_enough(session: Session, link: ConsumerLink) -> None:
    for minute in range(5):
        sent(session, link, after=minute * 2 * MINUTE)
    with pytest.raises(RuleBroken, match="一小时内最多"):
        sent(session, link, after=20 * MINUTE)
    sent(session, link, after=61 * MINUTE)


def test_only_the_holder_of_a_live_link_asks_for_a_code(session: Session, link: ConsumerLink) -> None:
    stranger = links.issue_link(session, CASE + 1, "13860001234", now=NOW)[0]
    for actor in (VISITOR, links.consumer_of(stranger)):
        with pytest.raises(NotAllowed):
            codes.send_code(session, actor, SendCode(link.id, OFFER), now=NOW)
    links.expire_links(session, CASE, NOW)
    with pytest.raises(NotFound):
        codes.send_code(session, links.consumer_of(link), SendCode(link.id, OFFER), now=NOW)


def test_the_code_itself_is_nowhere_in_the_clear(session: Session, link: ConsumerLink) -> None:
    digits = sent(session, link)
    code = session.scalars(select(PhoneCode)).one()
    fact = session.scalars(select(Fact).where(Fact.topic == Topic.CODE_ASKED)).one()
    assert digits.encode() not in (code.code_sealed or b"")
    assert digits not in str(fact.detail)
    assert fact.detail == {"link_id": link.id, "code_id": code.id}


def test_codes_are_wiped_when_used_or_late(session: Session, link: ConsumerLink) -> None:
    digits = sent(session, link)
    code = session.scalars(select(PhoneCode)).one()
    codes.check_code(session, link.id, OFFER, digits, NOW)
    assert code.code_sealed is None
    sent(session, link, after=2 * MINUTE)
    assert links.wipe_expired_links(session, SYSTEM, WipeEnded(), now=NOW + 12 * MINUTE) == 1
    left = select(func.count()).where(PhoneCode.code_sealed.is_not(None))
    assert session.scalars(left).one() == 0


def test_a_wrong_try_is_kept_when_the_answer_is_refused(runtime: Runtime, session: Session, clock: FixedClock) -> None:
    link = links.issue_link(session, CASE, "13860001234", now=NOW)[0]
    actor = links.consumer_of(link)
    session.commit()
    runtime.perform(actor, codes.send_code, SendCode(link.id, OFFER))
    session.expire_all()
    digits = codes.digits_of(session, session.scalars(select(PhoneCode)).one(), now=NOW)
    assert digits is not None
    session.rollback()
    tried = [runtime.perform(actor, codes.try_code, TryCode(link.id, OFFER, wrong(digits))) for _ in range(5)]
    assert tried[-1] is CodeResult.TOO_MANY
    assert runtime.perform(actor, codes.try_code, TryCode(link.id, OFFER, digits)) is CodeResult.TOO_MANY
