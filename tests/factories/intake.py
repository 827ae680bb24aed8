"""The samples' authorities and merchants, and complaint files made for a test."""

import csv
import io
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import xlsxwriter
from sqlalchemy.orm import Session

from portal.accounts.models import Organisation, OrganisationKind
from portal.enrolment.models import Merchant
from portal.enrolment.rules import slug_of
from portal.intake.rules import normalised_company
from tests.conftest import NOW

SAMPLES = Path(__file__).parents[1] / "samples"
HEADERS = (
    "登记编号", "类型", "登记时间", "接收方式", "企业名称", "统一社会信用代码", "诉求内容", "问题类别全称",
    "客体类别全称", "投诉人", "联系电话", "消费金额", "分流情况", "处理机构", "处理部门", "办理情况状态",
)  # fmt: skip


def sample_rows(name: str) -> list[dict[str, str]]:
    """The rows of one of the samples' CSV files."""
    with (SAMPLES / name).open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def sample_world(session: Session, *, now: datetime = NOW) -> dict[str, Organisation]:
    """The authorities and merchants of the samples, committed; returns the authorities by code."""
    authorities: dict[str, Organisation] = {}
    for row in sample_rows("authorities.csv"):
        above = authorities.get(row["上级代码"])
        one = Organisation(
            kind=OrganisationKind.AUTHORITY,
            code=row["代码"],
            name=row["名称"],
            level=row["层级"],
            parent_id=above.id if above else None,
            prefix="HL" if row["层级"] == "区" else None,
        )
        session.add(one)
        session.flush()
        one.path = f"{above.path if above else '/'}{one.id}/"
        authorities[one.code] = one
    for row in sample_rows("merchants.csv"):
        company = Organisation(kind=OrganisationKind.MERCHANT, code=row["统一社会信用代码"], name=row["企业名称"])
        session.add(company)
        session.flush()
        session.add(
            Merchant(
                id=company.id,
                slug=slug_of(company.code),
                authority_id=authorities["350206"].id,
                address=row["经营地址"],
                phone=row["联系电话"],
                normalised_name=normalised_company(company.name),
                admitted_at=now,
            )
        )
    session.commit()
    return authorities


def complaint(serial: int, **changes: Any) -> dict[str, Any]:
    """A row of a 12315 export against the first sample merchant, to be dispatched at once."""
    return {
        "登记编号": f"350206000000{serial:013d}",
        "类型": "投诉",
        "登记时间": "2026-08-10 09:30:00",
        "接收方式": "APP",
        "企业名称": "厦门鹭岛建材市场有限公司",
        "统一社会信用代码": "91350206MA0070000N",
        "诉求内容": f"第{serial}件：买的瓷砖色差明显，商家不肯处理。要求退货退款。",
        "问题类别全称": "质量->色差",
        "客体类别全称": "商品（产品）->家居用品->瓷砖",
        "投诉人": "李小明",
        "联系电话": f"138{serial:08d}",
        "消费金额": 1280 + serial % 100,
        "分流情况": "700 监督ODR企业开展和解",
        "处理机构": "厦门市湖里区市场监督管理局",
        "处理部门": "江头市场监督管理所",
        "办理情况状态": "处理中",
        **changes,
    }


def workbook(rows: list[dict[str, Any]], headers: tuple[str, ...] = HEADERS) -> bytes:
    """An XLSX of these rows, texts as texts."""
    target = io.BytesIO()
    with xlsxwriter.Workbook(target, {"constant_memory": True, "strings_to_formulas": False}) as book:
        book.set_properties({"created": datetime(2026, 8, 12, tzinfo=UTC)})  # the same rows are the same bytes
        sheet = book.add_worksheet("投诉举报信息")
        for place, header in enumerate(headers):
            sheet.write_string(0, place, header)
        for line, row in enumerate(rows, 1):
            for place, header in enumerate(headers):
                value = row.get(header)
                if isinstance(value, str):
                    sheet.write_string(line, place, value)
                elif value is not None:
                    sheet.write(line, place, value)
    return target.getvalue()
