"""Cases joined of two filings, as the imports of two channels leave them."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.accounts import links
from portal.accounts.models import Membership, Organisation
from portal.cases.models import Case
from portal.core.actor import Actor, Role
from portal.enrolment.models import Merchant
from portal.intake.commands import import_upload
from portal.intake.models import Filing
from portal.intake.uploads import read_upload
from portal.runtime import Runtime
from tests.conftest import NOW
from tests.factories import people
from tests.factories.intake import HEADERS, complaint, sample_world, workbook
from tests.factories.settling import Dispute

LOCAL = "100 本地市场监督管理机关"


def hotline(serial: int, **changes: Any) -> dict[str, Any]:
    """An order of the hotline about the same grievance as `complaint(serial)`, a day and a half later."""
    return {
        "工单编号": f"XM20260812{serial:05d}",
        "来电时间": "2026/08/11 17:59",
        "来电人": "李小明",
        "来电号码": complaint(serial)["联系电话"],
        "涉事主体": "厦门鹭岛建材市场",
        "诉求标题": "反映瓷砖问题",
        "诉求详情": "热线反映：瓷砖色差，要求退货。",
        "诉求类型": "投诉",
        "承办单位": "湖里区市场监管局",
        "办结期限": "2026-08-19",
        **changes,
    }


def take_in(runtime: Runtime, rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Import rows of one channel."""
    headers = HEADERS if "登记编号" in rows[0] else tuple(rows[0])
    return import_upload(runtime, read_upload("x.xlsx", workbook(rows, headers)), None)


@dataclass
class Joined:
    """A joined case with its people."""

    runtime: Runtime
    district: Organisation
    merchant: Merchant
    officer: Membership
    agent: Membership
    actor: Actor  # the officer
    clerk: Actor  # the agent

    def case_of(self, session: Session, number: str) -> Case:
        """The case that a number belongs to now."""
        session.expire_all()
        return session.scalars(
            select(Case).join(Filing, Filing.case_id == Case.id).where(Filing.number == number)
        ).one()

    def dispute(self, session: Session, case: Case) -> Dispute:
        """The case with those who settle it."""
        link, _token = links.issue_link(session, case.id, complaint(1)["联系电话"], now=NOW)
        return Dispute(case, self.clerk, links.consumer_of(link), link, self.district, self.merchant, self.agent)


def joined(runtime: Runtime, session: Session, national: Any = None, hot: Any = None) -> Joined:
    """The samples' world with one case of two filings, dispatched unless `national` says otherwise; committed."""
    world = sample_world(session)
    merchant = session.scalars(
        select(Merchant).join(Merchant.organisation).where(Organisation.code == "91350206MA0070000N")
    ).one()
    district = world["350206"]
    officer = people.member(session, district.id, Role.OFFICER, name="陈志远")
    agent = people.member(session, merchant.id, Role.AGENT)
    actor, clerk = people.actor(session, officer), people.actor(session, agent)
    session.commit()
    take_in(runtime, [complaint(1, **(national or {}))])
    assert take_in(runtime, [hotline(1, **(hot or {}))])["merged"] == 1
    return Joined(runtime, district, merchant, officer, agent, actor, clerk)
