"""Two districts with everything a URL can name: the stage on which every door is tried."""

from collections.abc import Callable
from dataclasses import dataclass, field

from sqlalchemy.orm import Session

from portal.accounts.models import Membership, Organisation, OrganisationKind
from portal.cases.models import Case
from portal.core.actor import Role
from portal.enrolment.models import Merchant
from portal.notifications import recipients
from portal.notifications.models import Message, MessageState
from tests.factories import disputes, messages, people


@dataclass
class World:
    """What was made: `a` is the district whose subjects the URLs name, `b` the district of strangers."""

    session: Session
    authority: Organisation
    merchant: Merchant
    case: Case
    message: Message
    members: dict[str, Membership] = field(default_factory=dict)  # by caller


Subject = Callable[[World], dict[str, str]]


def make_world(session: Session) -> World:
    """Make both districts, their people, and the subjects of district A."""
    a, b = people.authority(session), people.authority(session, "厦门市思明区市场监督管理局", prefix="SM")
    ours, neighbour, stranger = (people.merchant(session, one) for one in (a, a, b))
    operator = Organisation(kind=OrganisationKind.OPERATOR, code="ODR-OPERATOR", name="运维单位")
    session.add(operator)
    session.flush()
    case = disputes.case(session, a, ours)
    message = messages.message(session, recipients.case_of(session, case.id), state=MessageState.FAILED)
    world = World(session, a, ours, case, message)
    places = {
        "agent": (ours.id, Role.AGENT),
        "supervisor": (ours.id, Role.SUPERVISOR),
        "principal": (ours.id, Role.PRINCIPAL),
        "neighbour": (neighbour.id, Role.PRINCIPAL),
        "stranger merchant": (stranger.id, Role.PRINCIPAL),
        "officer": (a.id, Role.OFFICER),
        "auditor": (a.id, Role.AUDITOR),
        "chief": (a.id, Role.CHIEF),
        "stranger officer": (b.id, Role.CHIEF),
        "admin": (operator.id, Role.ADMIN),
    }
    for caller, (organisation, role) in places.items():
        world.members[caller] = people.member(session, organisation, role, name=f"测试{caller}")
    session.commit()
    return world


SUBJECTS: dict[str, Subject] = {
    "case": lambda world: {"reference": world.case.reference},
    "message": lambda world: {"reference": world.message.reference},
}
