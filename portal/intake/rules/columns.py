"""The vocabulary of column headers: which column of a complaint file is which field."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from portal.core.cells import Cell, text_of
from portal.core.cells import Row as Row


class Source(StrEnum):
    """The channel a complaint comes through; of files the values are those of `portal import --source`."""

    NATIONAL = "12315"
    HOTLINE = "12345"
    GENERIC = "generic"
    GREEN = "green"  # our own page: no file


FILED = (Source.NATIONAL, Source.HOTLINE, Source.GENERIC)  # what comes as a file


class Field(StrEnum):
    """A column we understand; the values are the keys of a TOML column map."""

    NUMBER = "number"  # 登记编号
    TYPE = "type"  # 投诉 or 举报
    TIME = "time"  # 登记时间
    TEXT = "text"  # 诉求内容
    COMPANY = "company"  # 企业名称
    CODE = "code"  # 统一社会信用代码
    COMPANY_ADDRESS = "company_address"
    CONSUMER = "consumer"  # 投诉人
    PHONE = "phone"  # 联系电话
    ADDRESS = "address"  # 联系地址
    TITLE = "title"  # 诉求标题
    CHANNEL = "channel"  # 接收方式
    PROBLEM = "problem"  # 问题类别全称
    OBJECT = "object"  # 客体类别全称
    ISSUE = "issue"  # 具体问题
    PLACE = "place"  # 事发地
    SALE_METHOD = "sale_method"  # 销售方式
    AMOUNT = "amount"  # 消费金额
    PURCHASED_ON = "purchased_on"  # 购买日期
    PUBLICITY = "publicity"  # 是否同意公示
    DIVERSION = "diversion"  # 分流情况
    DISPATCHED_AT = "dispatched_at"  # 分流时间: the platform's own clock (decisions 7)
    AUTHORITY = "authority"  # 处理机构
    OFFICE = "office"  # 处理部门
    STATUS = "status"  # 办理状态 on the platform
    PLATFORM_DUE_ON = "platform_due_on"  # 办结期限 on the platform


# Without these columns every row would be refused, so the file is.
REQUIRED = (Field.NUMBER, Field.TYPE, Field.TIME, Field.TEXT, Field.COMPANY)

# Names seen in exports of 12315 (domain 5.6), of 12345 hotlines and in lists kept by hand; the first that
# a file has wins, another of the same field stays an unknown column.
ALIASES: Mapping[Field, tuple[str, ...]] = {
    Field.NUMBER: ("登记编号", "工单编号", "投诉编号", "投诉举报编号", "诉求编号", "受理编号", "工单号", "登记号", "投诉单号", "单号", "流水号", "编号"),
    Field.TYPE: ("类型", "诉求类型", "登记类型", "投诉举报类型", "信息类型", "业务类型", "工单类型"),
    Field.TIME: ("登记时间", "来电时间", "投诉时间", "诉求时间", "反映时间", "提交时间", "创建时间", "登记日期", "投诉日期", "来电日期", "受理时间"),
    Field.TEXT: ("诉求内容", "诉求详情", "投诉内容", "投诉举报内容", "反映内容", "工单内容", "诉求描述", "问题描述", "具体内容", "内容"),
    Field.COMPANY: ("企业名称", "涉事主体", "被投诉企业", "被投诉企业名称", "被投诉方", "被投诉方名称", "被投诉人", "被投诉主体", "涉事主体名称", "涉事企业", "涉事单位", "主体名称", "商家名称", "单位名称", "经营者名称"),
    Field.CODE: ("统一社会信用代码", "企业统一社会信用代码", "社会信用代码", "统一信用代码", "信用代码"),
    Field.COMPANY_ADDRESS: ("企业地址", "经营地址", "被投诉方地址", "被投诉企业地址", "涉事主体地址", "商家地址"),
    Field.CONSUMER: ("投诉人", "来电人", "投诉人姓名", "来电人姓名", "消费者", "消费者姓名", "诉求人", "诉求人姓名", "投诉方", "提供方", "姓名", "联系人"),
    Field.PHONE: ("联系电话", "来电号码", "投诉人电话", "投诉人联系电话", "投诉人手机", "来电人电话", "消费者电话", "联系方式", "联系号码", "手机号码", "手机号", "电话"),
    Field.ADDRESS: ("联系地址", "投诉人地址", "来电人地址", "消费者地址", "住址"),
    Field.TITLE: ("诉求标题", "工单标题", "投诉标题", "标题"),
    Field.CHANNEL: ("接收方式", "登记渠道", "来源渠道", "诉求来源", "受理渠道", "来源"),
    Field.PROBLEM: ("问题类别全称", "问题类别", "投诉问题类别"),
    Field.OBJECT: ("客体类别全称", "客体类别", "投诉客体类别"),
    Field.ISSUE: ("具体问题",),
    Field.PLACE: ("事发地", "事发地点", "事发地址", "诉求地址"),
    Field.SALE_METHOD: ("销售方式", "购买方式"),
    Field.AMOUNT: ("消费金额", "涉及金额", "争议金额", "涉案金额", "金额"),
    Field.PURCHASED_ON: ("购买日期", "消费日期", "购买时间", "消费时间"),
    Field.PUBLICITY: ("是否同意公示", "同意公示"),
    Field.DIVERSION: ("分流情况", "分流去向", "分流"),
    Field.DISPATCHED_AT: ("分流时间", "派发时间", "派单时间", "转办时间", "分派时间"),
    Field.AUTHORITY: ("处理机构", "承办单位", "办理单位", "承办机构", "处理单位"),
    Field.OFFICE: ("处理部门", "承办部门", "办理部门"),
    Field.STATUS: ("办理情况状态", "初查受理状态", "办理状态", "工单状态", "状态"),
    Field.PLATFORM_DUE_ON: ("办结期限", "办理期限", "办结时限", "截止时间", "截止日期"),
}  # fmt: skip

# Headers only one channel uses, to tell a file's source.
SIGNATURES: Mapping[Source, frozenset[str]] = {
    Source.NATIONAL: frozenset({"登记编号", "登记时间", "接收方式", "分流情况", "处理机构", "客体类别全称", "问题类别全称", "是否同意公示", "初查受理状态", "办理情况状态"}),
    Source.HOTLINE: frozenset({"工单编号", "工单号", "来电时间", "来电人", "来电号码", "涉事主体", "诉求标题", "诉求详情", "承办单位", "工单内容"}),
}  # fmt: skip

LINE_HEADER = "行号"  # our own two columns in a file of refused rows;
REASON_HEADER = "原因"  # when it is corrected and imported again they are no part of the complaint
_OWN = frozenset({LINE_HEADER, REASON_HEADER, "序号"})  # 序号 differs between two exports of the same complaint

_BRACKETED = re.compile(r"[(\[{【〔《<][^)\]}】〕》>]*[)\]}】〕》>]")
_ORNAMENT = re.compile(r"[\s*:;,.、。'\"#_\-()\[\]{}【】〔〕《》<>]+")
_UNITS = {"万元": 10**6, "分": 1}  # 分 in one unit; everything else is 元


@dataclass(frozen=True, slots=True)
class ColumnMap:
    """What a TOML map says: which header is which field, and the type of a file without such a column."""

    headers: Mapping[Field, str] = field(default_factory=dict)
    default_type: str | None = None


@dataclass(frozen=True, slots=True)
class Columns:
    """Which position of a row holds which field, and the unknown columns by their header."""

    positions: Mapping[Field, int]
    extras: tuple[tuple[str, int], ...]
    headers: tuple[str, ...]
    line: int
    fen_per_unit: int = 100
    default_type: str | None = None

    @property
    def missing(self) -> tuple[Field, ...]:
        """Return the required fields the file has no column for."""
        has_type = self.default_type is not None
        return tuple(f for f in REQUIRED if f not in self.positions and not (has_type and f is Field.TYPE))

    def cell(self, row: Row, wanted: Field) -> Cell:
        """Return the row's cell of a field; None where the file has no such column or the row is shorter."""
        position = self.positions.get(wanted)
        return row.cells[position] if position is not None and position < len(row.cells) else None

    def header(self, wanted: Field) -> str:
        """Return the header of a field's column as the file writes it."""
        return self.headers[self.positions[wanted]]


def normalised_header(text: str) -> str:
    """Return a header as it is compared: half-width, without spaces, brackets (units, 必填) and marks."""
    plain = unicodedata.normalize("NFKC", text)
    return _ORNAMENT.sub("", _BRACKETED.sub("", plain)) or _ORNAMENT.sub("", plain)


_FIELD_OF = {
    normalised_header(alias): (known, rank) for known, names in ALIASES.items() for rank, alias in enumerate(names)
}


def field_named(name: str) -> Field | None:
    """Return the field of a header or of a key of a TOML map (`number`, 登记编号 …), None if unknown."""
    wanted = normalised_header(name)
    known = _FIELD_OF.get(wanted)
    return known[0] if known else next((f for f in Field if f.value == name.strip().lower()), None)


def match_header(row: Row, mapped: ColumnMap | None = None) -> Columns:
    """Read a row as a header: mapped names first, then aliases; every other named column is an extra."""
    mapped = mapped or ColumnMap()
    headers = tuple(text_of(cell) for cell in row.cells)
    compared = [normalised_header(header) for header in headers]
    positions = _by_map(compared, mapped)
    positions |= _by_alias(compared, positions)
    amount = headers[positions[Field.AMOUNT]] if Field.AMOUNT in positions else ""
    return Columns(
        positions=positions,
        extras=_extras(headers, compared, set(positions.values())),
        headers=headers,
        line=row.line,
        fen_per_unit=next(
            (fen for unit, fen in _UNITS.items() if re.search(rf"[:(（：]\s*{unit}\s*[)）]", amount)), 100
        ),
        default_type=mapped.default_type,
    )


def _by_map(compared: Sequence[str], mapped: ColumnMap) -> dict[Field, int]:
    wanted = {known: normalised_header(header) for known, header in mapped.headers.items()}
    return {known: compared.index(name) for known, name in wanted.items() if name in compared}


def _by_alias(compared: Sequence[str], mapped: Mapping[Field, int]) -> dict[Field, int]:
    found: dict[Field, tuple[int, int]] = {}  # the best-ranked alias, then the leftmost column
    for position, name in enumerate(compared):
        known = _FIELD_OF.get(name)
        if known is None or known[0] in mapped or position in mapped.values():
            continue
        found[known[0]] = min(found.get(known[0], (known[1], position)), (known[1], position))
    return {known: position for known, (_, position) in found.items()}


def _extras(headers: Sequence[str], compared: Sequence[str], taken: set[int]) -> tuple[tuple[str, int], ...]:
    ours = _OWN if LINE_HEADER in compared else _OWN - {REASON_HEADER}
    seen: dict[str, int] = {}
    extras = []
    for position, header in enumerate(headers):
        if position in taken or compared[position] in ours:
            continue
        name = header or f"第{position + 1}列"
        seen[name] = seen.get(name, 0) + 1
        extras.append((name if seen[name] == 1 else f"{name}（{seen[name]}）", position))
    return tuple(extras)


def detect_source(columns: Columns) -> Source:
    """Tell the channel from the headers only it uses; without any, the file is generic."""
    names = {normalised_header(header) for header in columns.headers}
    scores = {source: len(names & signature) for source, signature in SIGNATURES.items()}
    best = max(scores, key=lambda source: scores[source])
    return best if scores[best] else Source.GENERIC
