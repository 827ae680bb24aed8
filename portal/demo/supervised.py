"""The demo's supervision: a training, an application that waits, a mystery visit with findings, one measure."""

import io
from datetime import date, timedelta

import pylopdf_fonts_zh_cn
from PIL import Image, ImageDraw, ImageFont

from portal.clocks.rules import local_day
from portal.core.actor import VISITOR
from portal.demo.people import DISTRICT_CODE
from portal.demo.stage import Stage
from portal.enrolment import applying, starting
from portal.enrolment.application_contents import Contact
from portal.enrolment.application_documents import AddPage, add_page
from portal.enrolment.application_rules import CONDITIONS, DOCUMENTS, Account, DocumentKind
from portal.enrolment.rules import check_character
from portal.enrolment.starting import StartApplication
from portal.supervision.rules.sanctions import Level, Order
from portal.supervision.rules.triggers import Trigger
from portal.supervision.rules.visits import Lapse, LapseFound, VisitEvent, VisitRecord
from portal.supervision.sanctions import ProposeByHand, TakeMeasure, propose_by_hand, take_measure
from portal.supervision.visits import PlanVisit, RecordVisit, StepVisit, plan_visit, record_visit, step_visit
from portal.training.actions import RecordTraining, TrainingBody, record_training
from portal.training.rules import Mode, Scope

NEW_FIRM = "91350206MA0071000"  # without its check character
VISITED, MEASURED = "91350206MA00700030", "91350206MA0070007C"  # 筼筜电子商城, 仙岳教育咨询


def play_supervision(stage: Stage) -> None:
    """Let the district train, visit, take a measure, and let a firm apply."""
    _train(stage)
    _visit(stage)
    _measure(stage)
    _apply(stage)


def _train(stage: Stage) -> None:
    stage.at(stage.present - timedelta(days=60))
    body = TrainingBody(
        title="无理由退货和台账登记",
        held_on=local_day(stage.clock.moment),
        hours=3,
        mode=Mode.ONSITE,
        place="区局三楼会议室",
        lecturers="消保科 王丽萍",
        topics="承诺的期限和不适用商品怎么写；退回商品的处理方式；台账怎么更正。",
        materials="讲义、台账样表",
    )
    stage.by("officer", record_training, RecordTraining(body, Scope.ALL))


def _visit(stage: Stage) -> None:
    stage.at(stage.present - timedelta(days=15))
    day = local_day(stage.clock.moment)
    plan = PlanVisit(VISITED, "筼筜电子商城", "以普通消费者身份买一副耳机，第二天退货", day)
    visit = stage.by("officer", plan_visit, plan)
    record = VisitRecord(
        day,
        "陈立群",
        "耳机没有拆封，带小票，问能不能退",
        "店员先说耳机一律不退，出示承诺牌后同意办理",
        (LapseFound(Lapse.OBSTRUCTED, "耳机不在承诺的不适用商品里，店员不了解承诺。"),),
        day + timedelta(days=20),
    )
    stage.by("officer", record_visit, RecordVisit(visit.reference, record))
    stage.by("officer", step_visit, StepVisit(visit.reference, VisitEvent.RELEASE))


def _measure(stage: Stage) -> None:
    stage.at(stage.present - timedelta(days=6))
    words = "经核实，客服把一名消费者的姓名和电话发到了门店工作群。"
    proposal = stage.by("officer", propose_by_hand, ProposeByHand(MEASURED, Trigger.PERSONAL_DATA, words))
    order = Order(Level.RECTIFY, words, rectify_on=local_day(stage.present + timedelta(days=9)))
    stage.by("officer", take_measure, TakeMeasure(proposal.reference, order))


def _apply(stage: Stage) -> None:
    stage.at(stage.present - timedelta(days=2))
    perform, name = stage.house.perform, "厦门金山家居生活有限公司"
    contact = Contact("许志明", "13606920088")
    begin = StartApplication(NEW_FIRM + check_character(NEW_FIRM), name, DISTRICT_CODE, contact)
    token = perform(VISITOR, starting.start_application, begin).token
    assert token is not None
    firm = applying.SaveFirm(
        token=token,
        name=name,
        authority_code=DISTRICT_CODE,
        address="厦门市湖里区金山街道云顶北路 200 号",
        phone="0592-5600000",
        tier="重点行业",
        licence_until_on=date(stage.present.year + 8, 12, 31),
        licence_open_ended=False,
        outlets=(("金山店", "云顶北路 200 号"),),
        contact=contact,
    )
    perform(VISITOR, applying.save_firm, firm)
    said = tuple((one.value, f"{words[0]}，已具备。") for one, words in CONDITIONS.items())
    perform(VISITOR, applying.save_conditions, applying.SaveConditions(token, said))
    for kind in DocumentKind:
        perform(VISITOR, add_page, AddPage(token, kind, f"{kind.value}.png", _paper(f"{name}\n{DOCUMENTS[kind]}")))
    accounts = (Account("principal", "许志明", "jinshan-xu"), Account("agent", "林小燕", "jinshan-lin"))
    perform(VISITOR, applying.save_accounts, applying.SaveAccounts(token, accounts))
    perform(VISITOR, applying.submit_application, applying.SubmitApplication(token, declared=True))


def _paper(words: str) -> bytes:
    """A sheet with a few words on it, as a photo of a document would show."""
    sheet = Image.new("RGB", (620, 877), "#fbfaf5")
    pen = ImageDraw.Draw(sheet)
    pen.rectangle((24, 24, 596, 853), outline="#888888", width=2)
    font = ImageFont.truetype(str(pylopdf_fonts_zh_cn.sans_path()), 26)
    pen.multiline_text((60, 80), f"{words}\n\n（演示资料）", fill="#222222", font=font, spacing=18)
    out = io.BytesIO()
    sheet.save(out, "PNG")
    return out.getvalue()
