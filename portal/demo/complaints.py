"""12315 exports around the present day, as the national platform writes them, for the ordinary import to read."""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from xlsxwriter import Workbook

from portal.clocks.rules import SHANGHAI
from portal.demo import words

HEADER = (
    "登记编号", "类型", "接收方式", "登记时间", "投诉人", "联系电话", "联系地址", "企业名称", "统一社会信用代码",
    "企业地址", "诉求内容", "问题类别全称", "客体类别全称", "事发地", "具体问题", "销售方式", "消费金额(单位:元)",
    "购买日期", "是否同意公示", "分流情况", "处理机构", "处理部门",
)  # fmt: skip
DISTRICT = "厦门市湖里区市场监督管理局"
OFFICES = ("江头市场监督管理所", "殿前市场监督管理所", "湖里市场监督管理所", "禾山市场监督管理所")
GREEN, ODR, LOCAL = "绿色通道企业", "700 监督ODR企业开展和解", "100 本地市场监督管理机关"
FIRST_SERIAL = 50_000_000  # far from the numbers of the samples, so that both can be imported


@dataclass(frozen=True, slots=True)
class Company:
    """A company as a complaint names it."""

    name: str
    code: str
    address: str


@dataclass(frozen=True, slots=True)
class Draft:
    """One line to be written; what is left open is drawn."""

    at: datetime  # 登记时间
    company: Company
    diversion: str = ODR
    kind: str = "投诉"
    choice: words.Choice | None = None
    yuan: int | None = None
    demand: str | None = None
    suspicion: str = ""  # words that make it 疑含举报
    time: str | None = None  # instead of `at`: what a faulty line says


def number_of(serial: int, at: datetime) -> str:
    """The platform's number of 25 digits."""
    return f"350206{FIRST_SERIAL + serial:08d}{at.astimezone(SHANGHAI):%Y%m%d}{serial % 1000:03d}"


def phone_of(serial: int) -> str:
    """A mobile number that nobody else of the demo has."""
    return f"199{5_920_000 + serial:08d}"


def write_export(drafts: Sequence[Draft], first_serial: int, random: Random) -> bytes:
    """Write the lines as an XLSX; numbers and phones follow from the serial of each line."""
    buffer = io.BytesIO()
    with Workbook(buffer, {"in_memory": True, "strings_to_urls": False, "strings_to_formulas": False}) as book:
        sheet = book.add_worksheet("投诉举报信息")
        sheet.write_row(0, 0, HEADER)
        for line, draft in enumerate(drafts, 1):
            sheet.write_row(line, 0, _cells(draft, first_serial + line - 1, random))
    return buffer.getvalue()


def _cells(draft: Draft, serial: int, random: Random) -> list[str | int]:
    good, path, story = draft.choice or words.choose(random)
    yuan = draft.yuan or random.randint(*good.yuan)
    demand = draft.demand or random.choice(words.DEMANDS)
    bought = (draft.at - timedelta(days=random.randint(3, 20))).astimezone(SHANGHAI)
    text = words.complaint(good, story, yuan, draft.company.name, f"{bought:%Y年%m月%d日}", demand) + draft.suspicion
    return [
        number_of(serial, draft.at), draft.kind, random.choice(words.CHANNELS),
        draft.time or f"{draft.at.astimezone(SHANGHAI):%Y-%m-%d %H:%M:%S}",
        words.person(random), phone_of(serial), words.home(random),
        draft.company.name, draft.company.code, draft.company.address, text, path, good.path, "厦门市湖里区",
        path.rpartition("->")[2], random.choice(("网购", "现场购")), yuan, f"{bought:%Y/%m/%d}",
        random.choice("是否"), draft.diversion, DISTRICT, random.choice(OFFICES),
    ]  # fmt: skip
