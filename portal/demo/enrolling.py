"""The demo's further applications for enrolment: one given back for more, one refused."""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from PIL import Image, ImageDraw
from sqlalchemy import select

from portal.clocks.rules import local_day
from portal.core.actor import VISITOR
from portal.demo.people import DISTRICT_CODE
from portal.demo.stage import Stage
from portal.enrolment import applying, reviewing, starting
from portal.enrolment.application_contents import Contact
from portal.enrolment.application_documents import AddPage, add_page
from portal.enrolment.application_models import Application
from portal.enrolment.application_rules import CONDITIONS, Account, DocumentKind, Part
from portal.enrolment.rules import check_character

OFFICER = "officer"  # the sign-in of the district's officer


@dataclass(frozen=True, slots=True)
class Applied:
    """One application: who, how many days ago, and what became of it."""

    body: str  # the first 17 characters of its code
    name: str
    tier: str
    address: str
    contact: str
    phone: str
    days: float
    end: str = ""  # asked refused


APPLICATIONS: Sequence[Applied] = (
    Applied("91350206MA0080001", "厦门海沧渔人码头餐饮有限公司", "重点行业", "湖里区环岛东路 1701 号", "严小芳", "13606930001", 40, "refused"),
    Applied("91350206MA0080002", "厦门湖边水库家电城有限公司", "重点企业", "湖里区金湖路 99 号", "傅建新", "13606930002", 9, "asked"),
)  # fmt: skip


def play_applications(stage: Stage) -> None:
    """Let merchants apply, each in its own time, and the district's officer answer."""
    for one in APPLICATIONS:
        stage.at(stage.present - timedelta(days=one.days))
        reference = _applied(stage, one)
        stage.at(stage.present - timedelta(days=max(one.days - 3, 0)))
        if one.end == "asked":
            until = local_day(stage.present) + timedelta(days=7)
            words = "营业执照照片反光看不清编号，请重拍；专用电话请写明接听时间。"
            wanted = reviewing.AskForMore(reference, (Part.DOCUMENTS, Part.CONDITIONS), words, until)
            stage.by(OFFICER, reviewing.ask_for_more, wanted)
        elif one.end == "refused":
            reason = "经营地址不在本区，请向实际经营地的市场监督管理局申请。"
            stage.by(OFFICER, reviewing.refuse_application, reviewing.RefuseApplication(reference, reason))


def _applied(stage: Stage, one: Applied) -> str:
    code = one.body + check_character(one.body)
    contact = Contact(one.contact, one.phone)
    begin = starting.StartApplication(code, one.name, DISTRICT_CODE, contact)
    token = stage.house.perform(VISITOR, starting.start_application, begin).token
    assert token is not None
    firm = applying.SaveFirm(
        token=token,
        name=one.name,
        authority_code=DISTRICT_CODE,
        address=one.address,
        phone="0592-5" + one.body[-6:],
        tier=one.tier,
        licence_until_on=date(stage.present.year + 6, 12, 31),
        licence_open_ended=False,
        outlets=((one.name[2:6] + "总店", one.address),),
        contact=contact,
    )
    stage.house.perform(VISITOR, applying.save_firm, firm)
    said = tuple((condition.value, f"{words[0]}，可以现场核对。") for condition, words in CONDITIONS.items())
    stage.house.perform(VISITOR, applying.save_conditions, applying.SaveConditions(token, said))
    for kind in DocumentKind:
        page = AddPage(token, kind, f"{kind.value}.png", _paper(f"{one.body} {kind.value}"))
        stage.house.perform(VISITOR, add_page, page)
    accounts = (Account("principal", one.contact, f"demo-{one.phone[-4:]}"),)
    stage.house.perform(VISITOR, applying.save_accounts, applying.SaveAccounts(token, accounts))
    stage.house.perform(VISITOR, applying.submit_application, applying.SubmitApplication(token, declared=True))
    with stage.house.reading() as session:
        return session.scalars(select(Application.reference).where(Application.code == code)).one()


def _paper(words: str) -> bytes:
    picture = Image.new("RGB", (600, 800), "white")
    draw = ImageDraw.Draw(picture)
    draw.rectangle((40, 40, 560, 760), outline="gray")
    draw.text((80, 100), words, fill="black")
    out = io.BytesIO()
    picture.save(out, "PNG")
    return out.getvalue()
