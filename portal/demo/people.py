"""One sign-in per role of the demo; the passwords are printed, for the demo is on one's own machine."""

from dataclasses import dataclass

from portal.accounts.actions import AddPerson, add_person
from portal.accounts.queries import person_exists
from portal.core.actor import OPERATOR, ROLE_NAMES, Role
from portal.installing import OPERATOR_CODE
from portal.runtime import Runtime

MERCHANT_CODE = "91350206MA0070002W"  # 厦门五缘百货有限公司
DISTRICT_CODE = "350206"  # 厦门市湖里区市场监督管理局


@dataclass(frozen=True, slots=True)
class SignIn:
    """Who may sign in to the demo, as it is printed."""

    role: Role
    name: str
    sign_in_name: str
    password: str
    organisation: str

    def to_json(self) -> dict[str, str]:
        """The object that `portal demo --json` prints."""
        return {
            "role": self.role.value,
            "role_name": ROLE_NAMES[self.role],
            "name": self.sign_in_name,
            "password": self.password,
            "person": self.name,
            "organisation": self.organisation,
        }


SIGN_INS = (
    SignIn(Role.AGENT, "林晓燕", "agent", "demo-kefu-2681", MERCHANT_CODE),
    SignIn(Role.SUPERVISOR, "陈国华", "supervisor", "demo-bumen-4417", MERCHANT_CODE),
    SignIn(Role.PRINCIPAL, "黄志强", "principal", "demo-qiye-7352", MERCHANT_CODE),
    SignIn(Role.OFFICER, "王丽萍", "officer", "demo-jingban-1908", DISTRICT_CODE),
    SignIn(Role.AUDITOR, "李建平", "auditor", "demo-shenji-6624", DISTRICT_CODE),
    SignIn(Role.CHIEF, "郑海峰", "chief", "demo-fuze-3570", DISTRICT_CODE),
    SignIn(Role.ADMIN, "系统管理员", "admin", "demo-guanli-8243", OPERATOR_CODE),
)


def add_people(house: Runtime) -> None:
    """Add those who are not there yet."""
    for one in SIGN_INS:
        with house.reading() as session:
            there = person_exists(session, one.sign_in_name)
        if not there:
            command = AddPerson(one.sign_in_name, one.name, one.role, one.organisation, one.password, must_change=False)
            house.perform(OPERATOR, add_person, command)
