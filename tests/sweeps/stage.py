"""Two districts with their merchants and people: whom the access sweep sends to every door."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from sqlalchemy.orm import Session

from portal.accounts.models import Membership, Organisation, OrganisationKind
from portal.core.actor import Role
from portal.enrolment.models import Merchant
from tests.conftest import NOW
from tests.factories import people

EARLIER = NOW - timedelta(hours=2)
Values = dict[str, str]


@dataclass
class World:
    """`authority` and `merchant` are district A's, whose subjects the URLs name; everyone's membership by caller."""

    session: Session
    authority: Organisation
    merchant: Merchant
    makers: Mapping[str, "Maker"]
    members: dict[str, Membership] = field(default_factory=dict)
    known: dict[str, Values] = field(default_factory=dict)

    def values(self, subject: str) -> Values:
        """The URL values of a subject, made and committed once."""
        if subject not in self.known:
            self.known[subject] = self.makers[subject](self)
            self.session.commit()
        return self.known[subject]


def set_stage(session: Session, makers: Mapping[str, "Maker"]) -> World:
    """Make both districts, their merchants and their people."""
    a, b = people.authority(session), people.authority(session, "厦门市思明区市场监督管理局", prefix="SM")
    ours, neighbour, stranger = (people.merchant(session, one) for one in (a, a, b))
    operator = Organisation(kind=OrganisationKind.OPERATOR, code="ODR-OPERATOR", name="运维单位")
    session.add(operator)
    session.flush()
    world = World(session, a, ours, makers)
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


Maker = Callable[[World], Values]
