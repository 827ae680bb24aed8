"""The consumer's page of a complaint that no merchant has: kept by an officer, or returned to its sender."""

import pytest

from portal.cases.actions import ReturnCase, return_case
from portal.cases.rules import CaseState, KeepReason, ReturnReason
from portal.core.actor import Role
from portal.core.errors import RuleBroken
from portal.intake.keeping import KeepCase, SendBack, keep_case, send_back
from portal.mediation.actions import Escalate, escalate
from tests.conftest import NOW
from tests.factories import people, standings
from tests.factories.settling import dispute

pytestmark = pytest.mark.parametrize("database", ["sqlite"])


def story(decide):
    """A merchant gave the case back, for its link was out already; then an officer decided."""

    def tell(session):
        made = dispute(session, state=CaseState.DISPATCHED)
        officer = people.actor(session, people.member(session, made.authority.id, Role.OFFICER))
        return_case(session, made.agent, ReturnCase(made.case.reference, ReturnReason.NOT_OURS, "不归我们"), now=NOW)
        decide(session, officer, made.case.reference)
        return made, NOW

    return tell


def kept(session, officer, reference):
    keep_case(session, officer, KeepCase(reference, KeepReason.MEDIATES), now=NOW)


def sent_back(session, officer, reference):
    send_back(session, officer, SendBack(reference, ReturnReason.NOT_OURS), now=NOW)


def test_a_kept_complaint_is_with_the_authority_and_may_be_taken_back(consumer):
    someone = consumer(story(kept))
    page = someone.get().text
    assert "由市场监督管理部门直接处理" in page
    assert "厦门鹭湾" not in page
    assert f"{someone.standing.path}/withdrawal" in page
    assert f"{someone.standing.path}/escalation" not in page
    assert "正在直接处理" in someone.get("/escalation").text


def test_a_returned_complaint_says_where_it_went_and_ends_here(consumer):
    someone = consumer(story(sent_back))
    page = someone.get().text
    assert "投诉已退回登记它的单位" in page
    assert "8 月 12 日" in page
    assert f"{someone.standing.path}/withdrawal" not in page
    assert f"{someone.standing.path}/evidence" not in page


@pytest.mark.parametrize("decide", [kept, sent_back])
def test_what_is_with_the_authority_or_gone_is_not_asked_for(session, decide):
    made = standings.made(session, story(decide))
    with pytest.raises(RuleBroken):
        escalate(session, made.dispute.consumer, Escalate(made.dispute.case.id), now=NOW)
