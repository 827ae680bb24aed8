"""Consumers' links: one per case and recipient, found by hash, ended with the case, forgotten at the end."""

import hashlib
from collections.abc import Callable
from datetime import timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal.accounts import links
from portal.accounts.links import AskForLink, WipeEnded
from portal.accounts.models import ConsumerLink
from portal.core.actor import SYSTEM, VISITOR, ActorKind
from portal.core.facts import Fact, Topic
from tests.conftest import NOW

CASE, PHONE = 41, "13860001234"
DAY = timedelta(days=1)


def asked(session: Session) -> int:
    return session.scalars(select(func.count()).where(Fact.topic == Topic.LINK_ASKED)).one()


def test_a_token_is_a_hundred_random_bits_in_lower_case() -> None:
    tokens = {links.new_token() for _ in range(1000)}
    assert len(tokens) == 1000
    assert all(len(token) == 20 and set(token) <= set(links.ALPHABET) for token in tokens)
    seen = {letter for token in tokens for letter in token}
    assert seen == set(links.ALPHABET)


def test_each_recipient_of_a_case_has_one_live_link(session: Session) -> None:
    first, token = links.issue_link(session, CASE, PHONE, now=NOW)
    again, same = links.issue_link(session, CASE, PHONE, now=NOW + DAY)
    other, other_token = links.issue_link(session, CASE, "13960001234", now=NOW)
    paper, paper_token = links.issue_link(session, CASE, None, now=NOW)
    assert (first.id, token) == (again.id, same)
    assert len({token, other_token, paper_token}) == 3
    assert len({first.id, other.id, paper.id}) == 3


def test_only_the_hash_and_the_sealed_token_are_stored(session: Session) -> None:
    link, token = links.issue_link(session, CASE, PHONE, now=NOW)
    assert link.token_hash == hashlib.sha256(token.encode()).digest()
    assert token.encode() not in (link.token_sealed or b"")
    assert links.token_of(session, link) == token


def test_a_live_link_opens_as_its_consumer(session: Session) -> None:
    link, token = links.issue_link(session, CASE, PHONE, now=NOW)
    found = links.open_link(session, f" {token.upper()}\n", now=NOW)
    assert found is not None
    assert found.id == link.id
    actor = links.consumer_of(found)
    assert (actor.kind, actor.case_id, actor.link_id) == (ActorKind.CONSUMER, CASE, link.id)


def test_an_ended_link_opens_nothing(session: Session) -> None:
    _, token = links.issue_link(session, CASE, PHONE, now=NOW)
    links.expire_links(session, CASE, NOW + 30 * DAY)
    assert links.open_link(session, token, now=NOW + 30 * DAY - timedelta(seconds=1)) is not None
    assert links.open_link(session, token, now=NOW + 30 * DAY) is None


def test_a_case_that_reopens_takes_the_end_back(session: Session) -> None:
    _, token = links.issue_link(session, CASE, PHONE, now=NOW)
    links.expire_links(session, CASE, NOW + DAY)
    links.expire_links(session, CASE, None)
    assert links.open_link(session, token, now=NOW + 300 * DAY) is not None


def test_a_revoked_link_opens_nothing_and_is_forgotten(session: Session) -> None:
    link, token = links.issue_link(session, CASE, PHONE, now=NOW)
    links.revoke_links(session, CASE, PHONE, now=NOW)
    session.refresh(link)
    assert links.open_link(session, token, now=NOW) is None
    assert link.token_sealed is None


def test_an_ended_link_is_replaced_by_another(session: Session) -> None:
    old, old_token = links.issue_link(session, CASE, PHONE, now=NOW, expires_at=NOW + DAY)
    new, token = links.issue_link(session, CASE, PHONE, now=NOW + DAY, expires_at=NOW + 2 * DAY)
    assert (new.id, token) != (old.id, old_token)
    assert links.open_link(session, old_token, now=NOW + DAY) is None
    assert links.open_link(session, token, now=NOW + DAY) is not None


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50, deadline=None)
@given(forged=st.text(max_size=40) | st.text(alphabet=links.ALPHABET, min_size=20, max_size=20))
def test_a_forged_token_opens_nothing(session: Session, forged: str) -> None:
    _, token = links.issue_link(session, CASE, PHONE, now=NOW)
    assert forged.strip().lower() == token or links.open_link(session, forged, now=NOW) is None


def test_tokens_are_wiped_at_the_end_and_not_before(session: Session) -> None:
    link, token = links.issue_link(session, CASE, PHONE, now=NOW, expires_at=NOW + DAY)
    kept, _ = links.issue_link(session, CASE + 1, PHONE, now=NOW)
    assert links.wipe_expired_links(session, SYSTEM, WipeEnded(), now=NOW) == 0
    assert links.wipe_expired_links(session, SYSTEM, WipeEnded(), now=NOW + DAY) == 1
    assert links.wipe_expired_links(session, SYSTEM, WipeEnded(), now=NOW + DAY) == 0
    session.refresh(link)
    session.refresh(kept)
    assert links.token_of(session, link) is None
    assert links.token_of(session, kept) is not None
    assert links.open_link(session, token, now=NOW + DAY) is None


def test_a_wiped_link_that_lives_again_gets_a_new_token(session: Session) -> None:
    link, token = links.issue_link(session, CASE, PHONE, now=NOW, expires_at=NOW + DAY)
    links.wipe_expired_links(session, SYSTEM, WipeEnded(), now=NOW + DAY)
    links.expire_links(session, CASE, None)
    session.expire(link)
    fresh, fresh_token = links.issue_link(session, CASE, PHONE, now=NOW + DAY)
    assert fresh.id != link.id
    assert fresh_token != token


def test_asking_for_a_fresh_link_gives_the_same_answer_to_everyone(session: Session) -> None:
    _, token = links.issue_link(session, CASE, PHONE, now=NOW, expires_at=NOW + DAY)
    ask: Callable[[str], None] = lambda text: links.ask_for_fresh_link(  # noqa: E731
        session, VISITOR, AskForLink(text), now=NOW + DAY
    )
    assert ask("a" * 20) is None  # type: ignore[func-returns-value]
    assert ask("../../etc") is None  # type: ignore[func-returns-value]
    assert asked(session) == 0
    assert ask(token) is None  # type: ignore[func-returns-value]
    session.flush()
    assert asked(session) == 1


def test_asking_often_sends_little(session: Session) -> None:
    _, token = links.issue_link(session, CASE, PHONE, now=NOW, expires_at=NOW)
    for minute in range(60):
        links.ask_for_fresh_link(session, VISITOR, AskForLink(token), now=NOW + timedelta(minutes=minute))
        session.flush()
    assert asked(session) == 5


def test_no_two_links_of_a_recipient_can_live(session: Session) -> None:
    links.issue_link(session, CASE, PHONE, now=NOW)
    live = select(func.count()).where(ConsumerLink.case_id == CASE, ConsumerLink.revoked_at.is_(None))
    links.issue_link(session, CASE, PHONE, now=NOW)
    assert session.scalars(live).one() == 1
