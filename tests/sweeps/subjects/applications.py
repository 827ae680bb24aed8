"""Applications for enrolment, confirmations of data: the rows that its doors' URLs name."""

from sqlalchemy import select

from portal.enrolment import keeping, reviewing
from portal.enrolment.application_models import ApplicationPage
from tests.conftest import NOW
from tests.factories import applications, people
from tests.sweeps.stage import EARLIER, Maker, Values, World


def _draft(world: World) -> Values:
    """An application that its holder may still change."""
    token = applications.completed(world.session, world.authority, now=EARLIER)
    row = applications.row_of(world.session, token)
    page = world.session.scalars(
        select(ApplicationPage.reference).where(ApplicationPage.application_id == row.id).limit(1)
    ).one()
    return {"token": token, "kind": "form", "page": page}


def _waiting(world: World) -> Values:
    """An application that waits for district A, opened by its officers."""
    row = applications.submitted(world.session, world.authority, now=EARLIER)
    for caller in ("officer", "chief", "auditor"):
        actor = people.actor(world.session, world.members[caller])
        opened = reviewing.OpenApplication(row.reference, "review")
        reviewing.open_application(world.session, actor, opened, now=NOW)
    page = world.session.scalars(
        select(ApplicationPage.reference).where(ApplicationPage.application_id == row.id).limit(1)
    ).one()
    return {"reference": row.reference, "page": page, "token": applications.token_of(world.session, row)}


def _admitted(world: World) -> Values:
    """An application whose new head has not signed in yet: its link and the way to the first password."""
    row = applications.submitted(world.session, world.authority, now=EARLIER)
    officer = people.actor(world.session, world.members["officer"])
    command = reviewing.Admit(row.reference, "", world.authority.code)
    reviewing.admit(world.session, officer, command, now=EARLIER)
    return {"token": applications.token_of(world.session, row)}


def _invited(world: World) -> Values:
    """The way to the first password."""
    row = applications.submitted(world.session, world.authority, now=EARLIER)
    officer = people.actor(world.session, world.members["officer"])
    reviewing.admit(world.session, officer, reviewing.Admit(row.reference, "", world.authority.code), now=EARLIER)
    return {"token": applications.invitation_of(world.session, row)}


def _refused(world: World) -> Values:
    """An application that can be made again."""
    row = applications.submitted(world.session, world.authority, now=EARLIER)
    officer = people.actor(world.session, world.members["officer"])
    command = reviewing.RefuseApplication(row.reference, "没有固定场所。")
    reviewing.refuse_application(world.session, officer, command, now=EARLIER)
    return {"token": applications.token_of(world.session, row)}


def _proposal(world: World) -> Values:
    """A change that merchant A proposes."""
    principal = people.actor(world.session, world.members["principal"])
    wished = keeping.ProposeChange(world.merchant.organisation.name, "嘉禾路 12 号", "0592-5500001", None)
    proposal = keeping.propose_change(world.session, principal, wished, now=EARLIER)
    assert proposal is not None
    return {"code": world.merchant.organisation.code, "proposal": proposal.reference}


SUBJECTS: dict[str, Maker] = {
    "application": _waiting,
    "application being filled in": _draft,
    "application just admitted": _admitted,
    "application refused": _refused,
    "invitation": _invited,
    "proposal": lambda world: {"proposal": world.values("proposal of a merchant")["proposal"]},
    "proposal of a merchant": _proposal,
}
