"""The pairs of `portal.intake.access` agree for every actor and row, and no merchant is ever given anything."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from portal.core.actor import Actor, ActorKind, Role
from portal.core.privacy import vault_of
from portal.intake.access import may_see, runs_visible_to, tips_visible_to
from portal.intake.models import ImportRun, ImportState, Tip
from tests.conftest import NOW
from tests.factories import people


def rows_of(session):
    authorities = [people.authority(session, f"第{n}局", prefix=f"P{n}") for n in range(3)]
    for place, authority in enumerate(authorities):
        key = vault_of(session).new_key(session, now=NOW)
        session.add(
            ImportRun(
                reference=f"r{place}", authority_id=authority.id, key=key, digest=str(place) * 64, file_name="x",
                source="12315", mapping={}, state=ImportState.DONE, totals={}, created_at=NOW,
            )
        )  # fmt: skip
        session.add(
            Tip(
                source="12315", number=f"n{place}", authority_id=authority.id, key=key, registered_at=NOW,
                reception="", office="", company_name="店", object_path="", problem_path="", headline="h",
                informant_mask="匿名", row_digest=b"0" * 16, text_sealed=b"x", created_at=NOW,
            )
        )  # fmt: skip
    session.flush()
    return [authority.id for authority in authorities]


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    kind=st.sampled_from(ActorKind), role=st.sampled_from([None, *Role]), mine=st.sets(st.integers(0, 2)),
    own=st.integers(0, 2),
)  # fmt: skip
def test_what_may_be_seen_is_what_is_listed(session, kind, role, mine, own):
    session.rollback()
    ids = rows_of(session)
    jurisdiction = frozenset(ids[place] for place in mine)
    actor = Actor(kind, person_id=1, role=role, organisation_id=ids[own], jurisdiction=jurisdiction, case_id=1)
    for model, visible in ((ImportRun, runs_visible_to), (Tip, tips_visible_to)):
        rows = session.scalars(select(model).where(model.authority_id.in_(ids))).all()
        listed = set(session.scalars(select(model.id).where(model.authority_id.in_(ids), visible(actor))))
        assert listed == {row.id for row in rows if may_see(actor, row)}
        if kind not in (ActorKind.AUTHORITY, ActorKind.OPERATOR, ActorKind.SYSTEM):
            assert not listed
    session.rollback()
