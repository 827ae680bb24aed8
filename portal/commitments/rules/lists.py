"""A row of a directory list in the provincial template (domain 3.3), and what the rows of one firm say together."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

from portal.classification.rules import class_of
from portal.commitments.rules.body import ExclusionRow, OutletRow, PromiseBody, ScopeRow
from portal.commitments.rules.matching import joined_goods, split_goods
from portal.commitments.rules.programme import DECLARED
from portal.commitments.rules.versions import MAX_LONG, MOST_DAYS
from portal.commitments.rules.words import BasisKind, Way
from portal.enrolment.rules import MAX_NAME, objection_to_code

MAX_GOODS = 500  # characters of 适用商品, our limit
KINDS = ("", "商品类", "服务类", "商品及服务类")
EVERYTHING = re.compile(r"^(店内|本店|门店|经营的)*(全部|所有|一切)?(在售|经营)?的?(商品|产品)?$")
EXCEPT = re.compile(r"除|不含|不包括|例外")
LIST_BASIS = "承诺名录“适用商品”一栏"
_DAY = re.compile(r"^\s*(\d{4})\D?(\d{1,2})\D?(\d{1,2})(?:\D.*)?$", re.DOTALL)
_LANDLINE = re.compile(r"^(?:\(?0\d{2,3}\)?-?\d{7,8}|\d{7,8}|[48]00-?\d{3,4}-?\d{3,4})(?:-\d{1,6}|转\d{1,6})?$")


@dataclass(frozen=True, slots=True)
class ListRow:
    """One line of the file, as read; the name of the person in charge is never kept."""

    line: int
    code: str
    name: str
    shop: str
    city: str
    district: str
    address: str
    kind: str
    classes: str
    phone: str
    goods: str
    days: str
    words: str  # 退货约定
    applied_on: str
    expires_on: str = ""


@dataclass(frozen=True, slots=True)
class Firm:
    """All rows of one code, as one promise."""

    code: str
    name: str
    phone: str  # a shop's line, or empty
    applied_on: date | None
    expires_on: date | None
    body: PromiseBody


def objection_to_row(row: ListRow, *, today: date) -> str | None:
    """Say what is wrong with a row by itself, with the remedy, or None."""
    if objection := _wrong_firm(row):
        return objection
    if row.kind not in KINDS:
        return f"经营类别“{row.kind}”不对，应为{'、'.join(KINDS[1:])}。"
    if unknown := [name for name in split_goods(row.classes) if class_of(name) is None]:
        return f"类别明细“{unknown[0]}”不在 24 个类别里，请按类别名称填写，几个类别用顿号分开。"
    days = days_of(row.days)
    if days is None or not 1 <= days <= MOST_DAYS:
        return f"退货期限“{row.days}”不对，应为 1 到 {MOST_DAYS} 的天数。"
    if len(row.goods) > MAX_GOODS or len(row.words) > MAX_LONG:
        return f"适用商品最多 {MAX_GOODS} 个字，退货约定最多 {MAX_LONG} 个字，请缩短。"
    return _wrong_days(row, today)


def objection_to_firm(rows: Sequence[ListRow]) -> tuple[ListRow, str] | None:
    """Say which row contradicts an earlier one of the same code, and how, or None."""
    shops: dict[str, int] = {}
    spans: dict[tuple[str, str], ListRow] = {}
    for row in rows:
        if row.name != rows[0].name:
            return row, f"同一信用代码在第 {rows[0].line} 行的注册名称是“{rows[0].name}”，请改成一致。"
        shop = row.shop or row.name
        if shop in shops:
            return row, f"门店“{shop}”在第 {shops[shop]} 行已经出现过，请删去一行。"
        shops[shop] = row.line
        for scope in scopes_of(row):
            other = spans.setdefault((scope.category, scope.goods), row)
            if days_of(other.days) != days_of(row.days):
                return row, (
                    f"与第 {other.line} 行商品相同而退货期限不同（{other.days} 与 {row.days}）。"
                    "一家企业的同一种商品只能有一个期限，请改成一致，或在适用商品里写清楚。"
                )
    return None


def firm_of(rows: Sequence[ListRow]) -> Firm:
    """What the rows of one code say; they are free of objections."""
    first = rows[0]
    applied = [day for row in rows if (day := day_of(row.applied_on)) is not None]
    expiries = [day for row in rows if (day := day_of(row.expires_on)) is not None]
    days = min(days_of(row.days) or 1 for row in rows)
    scopes: dict[tuple[str, str], ScopeRow] = {}
    exclusions: dict[str, ExclusionRow] = {}
    for row in rows:
        own = days_of(row.days)
        for scope in scopes_of(row):
            kept = ScopeRow(scope.way, scope.category, scope.goods, None if own == days else own)
            scopes[scope.category, scope.goods] = kept
        if EXCEPT.search(row.goods):
            exclusions[row.goods] = ExclusionRow(Way.OFFLINE, DECLARED, row.goods, BasisKind.DECLARED, LIST_BASIS)
    words = dict.fromkeys(row.words for row in rows if row.words)
    return Firm(
        code=first.code,
        name=first.name,
        phone=next((line for row in rows if (line := shop_line(row.phone))), ""),
        applied_on=max(applied, default=None),
        expires_on=min(expiries, default=None),
        body=PromiseBody(
            days=days,
            conditions="\n".join(words),
            scopes=tuple(scopes.values()),
            exclusions=tuple(exclusions.values()),
            outlets=tuple(
                OutletRow(row.shop or row.name, city=row.city, district=row.district, address=row.address)
                for row in rows
            ),
        ),
    )


def scopes_of(row: ListRow) -> tuple[ScopeRow, ...]:
    """适用商品 as rows: each class with the goods named; words like 除…外 name no goods, they exclude some."""
    classes = [code for name in split_goods(row.classes) if (code := class_of(name)) is not None] or [""]
    plain = "".join(row.goods.split())
    named = () if EVERYTHING.match(plain) or EXCEPT.search(plain) else split_goods(row.goods)
    return tuple(ScopeRow(Way.OFFLINE, category, joined_goods(named)) for category in classes)


def days_of(text: str) -> int | None:
    """A number of natural days: 7, 7天, 7 日; None for anything else."""
    plain = "".join(text.split()).removesuffix("天").removesuffix("日").removesuffix("个自然")
    return int(plain) if plain.isdecimal() and len(plain) <= 4 else None


def day_of(text: str) -> date | None:
    """A day as lists write it: 2026-05-01, 2026/5/1, 20260501, 2026年5月1日; None for anything else."""
    found = _DAY.match(text)
    if found is None:
        return None
    try:
        return date(*(int(part) for part in found.groups()))
    except ValueError:
        return None


def shop_line(text: str) -> str:
    """A shop's own line (landline, 400, 800); empty for a person's mobile number, which is not for the public."""
    plain = "".join(text.split())
    return plain if _LANDLINE.match(plain) else ""


def portions(firms: Sequence[Sequence[ListRow]], size: int) -> list[list[Sequence[ListRow]]]:
    """Cut firms into portions of about `size` rows; the rows of one firm stay together."""
    cuts, rows = [0], 0
    for place, firm in enumerate(firms):
        if rows and rows + len(firm) > size:
            cuts.append(place)
            rows = 0
        rows += len(firm)
    return [list(firms[start:end]) for start, end in pairwise([*cuts, len(firms)]) if start < end]


def _wrong_firm(row: ListRow) -> str | None:
    if not row.code:
        return "没有信用代码。"
    if not row.name or len(row.name) > MAX_NAME or len(row.shop) > MAX_NAME:
        return f"注册名称必须填写；注册名称和门店名称最多 {MAX_NAME} 个字。"
    return objection_to_code(row.code)


def _wrong_days(row: ListRow, today: date) -> str | None:
    applied, expires = day_of(row.applied_on), day_of(row.expires_on)
    if row.applied_on and applied is None:
        return f"企业申请日期“{row.applied_on}”看不懂，请写成 2026-05-01 的样子。"
    if applied is not None and applied > today:
        return f"企业申请日期 {applied.isoformat()} 晚于今天，请核对。"
    if row.expires_on and expires is None:
        return f"有效止“{row.expires_on}”看不懂，请写成 2027-04-30 的样子。"
    if expires is not None and expires < today:
        return f"承诺已于 {expires.isoformat()} 到期，请企业续期后再导入。"
    return None
