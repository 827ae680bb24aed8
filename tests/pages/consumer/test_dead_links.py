"""Links that open nothing: forged, ended, replaced; and what they offer instead."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.accounts import links
from portal.core.facts import Fact, Topic
from tests.conftest import FixedClock
from tests.factories import disputes, standings
from tests.inspector import InspectingClient, form_token
from tests.pages.consumer.conftest import Consumer

DEAD = ["a" * 20, "A" * 20, "short", "1" * 20, "x" * 200]


def body(page: str) -> str:
    """The page without what differs by address and session."""
    main = page[page.index("<main") : page.index("</main>")]
    token = form_token(page) if "csrf_token" in main else ""
    return main.replace(token, "") if token else main


@pytest.mark.parametrize("token", DEAD)
def test_a_forged_link_explains_itself(client: InspectingClient, token: str) -> None:
    page = client.get(f"/c/{token}")
    assert page.status_code == 404
    assert "这个链接打不开了" in page.text
    assert "发新链接到我的手机" in page.text


def test_dead_links_are_all_alike(
    client: InspectingClient, consumer: Callable[..., Consumer], session: Session, clock: FixedClock
) -> None:
    ended, revoked = (consumer(standings.withdrawn).standing for _ in range(2))
    links.revoke_links(session, revoked.dispute.case.id, disputes.PHONE, now=clock.now())
    session.commit()
    clock.advance(days=40)
    pages = []
    for token in (ended.token, revoked.token, "a" * 20):
        for path in ("", "/accept", "/withdrawal", "/agreement.pdf"):
            answer = client.get(f"/c/{token}{path}")
            assert answer.status_code == 404
            pages.append(body(answer.text).replace(token, "TOKEN"))
    assert len(set(pages)) == 1


def test_asking_for_a_fresh_link_is_answered_alike_and_told_once(
    client: InspectingClient, consumer: Callable[..., Consumer], session: Session, clock: FixedClock
) -> None:
    ended = consumer(standings.withdrawn).standing
    clock.advance(days=40)
    answers = []
    for token in (ended.token, "a" * 20, ended.token):
        answer = client.submit(f"/c/{token}/fresh-link", page=f"/c/{token}")
        assert answer.status_code == 200
        answers.append(body(answer.text))
    assert len(set(answers)) == 1
    assert "如果这个链接对应一件投诉" in answers[0]
    asked = session.scalars(select(Fact.subject_id).where(Fact.topic == Topic.LINK_ASKED)).all()
    assert asked == [ended.dispute.case.id]


def test_a_post_to_a_dead_link_changes_nothing(
    client: InspectingClient, consumer: Callable[..., Consumer], clock: FixedClock
) -> None:
    someone = consumer(standings.withdrawn)
    token = client.token(someone.standing.path)
    clock.moment += timedelta(days=40)
    answer = client.post(f"{someone.standing.path}/escalation", data={"csrf_token": token})
    assert answer.status_code == 404
    assert "这个链接打不开了" in answer.text


def test_a_post_from_elsewhere_is_refused(consumer: Callable[..., Consumer]) -> None:
    someone = consumer(standings.offered)
    answer = someone.client.post(f"{someone.standing.path}/withdrawal")
    assert answer.status_code == 400
    assert someone.case.is_open


def test_no_search_engine_keeps_a_link(consumer: Callable[..., Consumer]) -> None:
    answer = consumer(standings.waiting).get()
    assert answer.headers["X-Robots-Tag"] == "noindex, nofollow"
    assert answer.headers["Cache-Control"] == "no-store"
