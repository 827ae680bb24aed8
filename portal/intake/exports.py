"""Lists of officers as XLSX files, masked as on the page; text always as text."""

import tempfile
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import IO

import xlsxwriter

from portal.clocks.rules import SHANGHAI
from portal.intake.aside import AsideRow
from portal.intake.rules.cells import clean
from portal.intake.tips import TipRow
from portal.intake.triage import SOURCES, TriageRow

TRIAGE_COLUMNS = (
    "编号", "登记编号", "消费者", "商品与诉求", "被投诉企业", "金额（元）", "待分流原因", "建议企业", "登记时间", "办理单位",
)  # fmt: skip
KEPT_COLUMNS = (
    "编号", "登记编号", "消费者", "商品与诉求", "被投诉企业", "自办理由", "经办人员", "自办时间", "受理期限", "办理单位",
)  # fmt: skip
SENT_BACK_COLUMNS = (  # the platform's own words, so that the same can be done there
    "登记编号", "类型", "登记时间", "接收方式", "企业名称", "统一社会信用代码", "客体类别全称", "问题类别全称", "分流情况",
    "处理机构", "处理部门", "办理情况状态", "退回原因", "退回时间", "来源", "本平台编号",
)  # fmt: skip
TIP_COLUMNS = ("来源", "登记编号", "登记时间", "被举报企业", "举报事项", "举报人", "办理单位")
_WIDTH = 20  # characters of a column


def triage_file(rows: Iterable[TriageRow]) -> IO[bytes]:
    """Write waiting cases."""
    return _sheet(
        "待分流",
        TRIAGE_COLUMNS,
        (
            (
                row.reference,
                "、".join(row.numbers),
                row.consumer,
                row.headline,
                row.company,
                row.amount / 100 if row.amount is not None else None,
                row.reason,
                "、".join(one.name for one in row.suggestions),
                _moment(row.registered_at),
                row.authority,
            )
            for row in rows
        ),
    )


def kept_file(rows: Iterable[AsideRow]) -> IO[bytes]:
    """Write what officers handle themselves."""
    return _sheet(
        "自行办理",
        KEPT_COLUMNS,
        (
            (
                row.reference,
                "、".join(one.number for one in row.filings),
                row.consumer,
                row.headline,
                row.company,
                row.reason,
                row.keeper,
                _moment(row.at),
                f"{row.due.date_text} {row.due.words}" if row.due else "",
                row.authority,
            )
            for row in rows
        ),
    )


def sent_back_file(rows: Iterable[AsideRow]) -> IO[bytes]:
    """Write what was returned to its sender, one filing a line."""
    return _sheet(
        "退回来源单位",
        SENT_BACK_COLUMNS,
        (
            (
                one.number,
                "投诉",
                _moment(one.registered_at),
                one.reception,
                one.company,
                one.code,
                one.object_path,
                one.problem_path,
                one.diversion,
                row.authority,
                one.office,
                one.status,
                row.reason,
                _moment(row.at),
                SOURCES.get(one.source, one.source),
                row.reference,
            )
            for row in rows
            for one in row.filings
        ),
    )


def tips_file(rows: Iterable[TipRow]) -> IO[bytes]:
    """Write the register of tips."""
    return _sheet(
        "举报",
        TIP_COLUMNS,
        (
            (
                row.source_name,
                row.number,
                _moment(row.registered_at),
                row.company,
                row.headline,
                row.informant,
                row.authority,
            )
            for row in rows
        ),
    )


def _moment(at: datetime) -> str:
    return f"{at.astimezone(SHANGHAI):%Y-%m-%d %H:%M}"


def _sheet(title: str, columns: Sequence[str], rows: Iterable[Sequence[str | float | None]]) -> IO[bytes]:
    """Write one sheet to an open temporary file at its start; nothing is ever a formula or a link."""
    out = tempfile.TemporaryFile(suffix=".xlsx")  # noqa: SIM115  the sender closes it
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(out, options) as book:
        sheet = book.add_worksheet(title)
        money = book.add_format({"num_format": "#,##0.00"})
        sheet.freeze_panes(1, 0)
        sheet.set_column(0, len(columns) - 1, _WIDTH)
        sheet.write_row(0, 0, columns, book.add_format({"bold": True}))
        for line, cells in enumerate(rows, 1):
            for place, cell in enumerate(cells):
                if isinstance(cell, float | int):
                    sheet.write_number(line, place, cell, money)
                elif cell:
                    sheet.write_string(line, place, clean(cell))
    out.seek(0)
    return out
