"""Saved views belong to who saved them; looks at many cases are recorded and limited."""

from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.cases import lookups, saved_views
from portal.cases.access import visible_to
from portal.cases.lookups import LOOKUPS_AN_HOUR, FindConsumer, Known, RecordExport, Sought
from portal.cases.models import Case, SavedView
from portal.cases.saved_views import MAX_VIEWS, DeleteView, SaveView, ShareView
from portal.core.access import AccessKind, AccessRecord
from portal.core.actor import Actor
from portal.core.errors import NotFound, RuleBroken
from portal.core.privacy import vault_of
from portal.desk.worklist import choices
from portal.enrolment.models import Merchant
from tests.conftest import NOW
from tests.factories import disputes, people


@pytest.fixture
def pair(session: Session) -> tuple[Actor, Actor]:
    merchant = people.merchant(session, people.authority(session))
    return tuple(people.actor(session, people.member(session, merchant.id)) for _ in range(2))  # type: ignore[return-value]


def test_a_view_is_kept_under_its_name_and_kept_again(session: Session, pair: tuple[Actor, Actor]) -> None:
    mine, _ = pair
    saved_views.save_view(session, mine, SaveView(" 空调  专项 ", "q=空调", shared=False), now=NOW)
    view = saved_views.save_view(session, mine, SaveView("空调 专项", "q=空调&sort=new", shared=True), now=NOW)
    assert (view.name, view.query, view.shared) == ("空调 专项", "q=空调&sort=new", True)
    assert session.scalars(select(SavedView.id)).all() == [view.id]


def test_only_a_shared_view_is_the_colleagues_too(session: Session, pair: tuple[Actor, Actor]) -> None:
    mine, colleague = pair
    view = saved_views.save_view(session, mine, SaveView("专项", "sort=new", shared=False), now=NOW)
    assert choices(session, colleague).views == ()
    saved_views.share_view(session, mine, ShareView(view.reference, shared=True), now=NOW)
    (seen,) = choices(session, colleague).views
    assert (seen.name, seen.own) == ("专项", False)
    stranger = people.actor(session, people.member(session, people.merchant(session, people.authority(session)).id))
    assert choices(session, stranger).views == ()


def test_only_the_owner_changes_or_deletes_a_view(session: Session, pair: tuple[Actor, Actor]) -> None:
    mine, colleague = pair
    view = saved_views.save_view(session, mine, SaveView("专项", "", shared=True), now=NOW)
    with pytest.raises(NotFound):
        saved_views.delete_view(session, colleague, DeleteView(view.reference), now=NOW)
    with pytest.raises(NotFound):
        saved_views.share_view(session, colleague, ShareView(view.reference, shared=False), now=NOW)
    saved_views.delete_view(session, mine, DeleteView(view.reference), now=NOW)
    session.flush()
    assert session.scalars(select(SavedView.id)).all() == []


def test_a_view_needs_a_name_and_there_is_an_end_to_them(session: Session, pair: tuple[Actor, Actor]) -> None:
    mine, _ = pair
    with pytest.raises(RuleBroken, match="名字"):
        saved_views.save_view(session, mine, SaveView("  ", "", shared=False), now=NOW)
    for number in range(MAX_VIEWS):
        saved_views.save_view(session, mine, SaveView(f"视图{number}", "", shared=False), now=NOW)
    with pytest.raises(RuleBroken, match="最多保存"):
        saved_views.save_view(session, mine, SaveView("再一个", "", shared=False), now=NOW)


def test_the_thirty_first_search_of_an_hour_is_refused_by_number_and_by_name(
    session: Session, pair: tuple[Actor, Actor]
) -> None:
    mine, colleague = pair
    for number in range(LOOKUPS_AN_HOUR):
        who = "138 6000 1234" if number % 2 else "李小明"
        lookups.find_consumer(session, mine, FindConsumer(who), now=NOW)
    for who in (disputes.PHONE, disputes.CONSUMER):
        with pytest.raises(RuleBroken, match="每小时最多"):
            lookups.find_consumer(session, mine, FindConsumer(who), now=NOW)
    sought = lookups.find_consumer(session, colleague, FindConsumer(disputes.PHONE), now=NOW)
    assert sought == Sought(Known.PHONE, vault_of(session).blind(disputes.PHONE, "phone"))
    lookups.find_consumer(session, mine, FindConsumer(disputes.PHONE), now=NOW + timedelta(minutes=61))


@pytest.mark.parametrize("who", ["1386000", "李", "李**", "李先生", "匿名", "Li Xiaoming", "李小明13860001234"])
def test_half_a_number_or_a_name_is_no_search(session: Session, pair: tuple[Actor, Actor], who: str) -> None:
    with pytest.raises(RuleBroken, match="完整"):
        lookups.find_consumer(session, pair[0], FindConsumer(who), now=NOW)
    assert session.scalars(select(AccessRecord.id)).all() == []


@pytest.mark.parametrize("written", ["买买提·吐尔逊", "买买提•吐尔逊 ", " 买买提 · 吐尔逊"])
def test_a_name_is_found_however_it_is_written_and_the_count_is_what_one_may_see(
    session: Session, pair: tuple[Actor, Actor], written: str
) -> None:
    mine, _ = pair
    authority = people.authority(session)
    merchant = session.get(Merchant, mine.organisation_id)
    ours = disputes.case(session, authority, merchant, name="买买提・吐尔逊")
    disputes.case(session, authority, people.merchant(session, authority), name="买买提・吐尔逊")
    disputes.case(session, authority, merchant, name="买**")
    sought = lookups.find_consumer(session, mine, FindConsumer(written), now=NOW)
    assert sought.by is Known.NAME
    assert session.scalars(select(Case.id).where(sought.condition, visible_to(mine))).all() == [ours.id]
    session.flush()
    record = session.scalars(select(AccessRecord)).one()
    assert (record.kind, record.actor_id, record.detail) == (AccessKind.SEARCH_PERSON, mine.person_id, {"found": 1})


def test_an_export_is_recorded_without_the_numbers_in_its_search(session: Session, pair: tuple[Actor, Actor]) -> None:
    lookups.record_export(session, pair[0], RecordExport("worklist", "q=13860001234"), now=NOW)
    session.flush()
    record = session.scalars(select(AccessRecord).where(AccessRecord.kind == AccessKind.EXPORT)).one()
    assert record.detail == {"what": "worklist", "query": "q=****1234"}
