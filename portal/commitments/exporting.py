"""The roll as XLSX, in the columns and with the status codes of the provincial system (domain 3.3)."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import IO

from sqlalchemy import select
from sqlalchemy.orm import Session, contains_eager

from portal.clocks.rules import local_day
from portal.commitments.models import PromiseVersion
from portal.commitments.queries import terms_of_all
from portal.commitments.roll import RollFilter, roll_versions
from portal.commitments.rules import ORIGIN_NAMES, STATE_NAMES, STATUS_CODES, telling
from portal.commitments.rules.terms import Terms
from portal.core.access import AccessKind, note_access
from portal.core.actor import Actor
from portal.core.errors import NotAllowed
from portal.core.facts import SubjectKind
from portal.core.permissions import REFUSAL
from portal.core.sheets import write_sheet

CHUNK = 500  # versions whose rows are read at once
HEADERS = (
    "经营者注册名称", "统一社会信用代码", "门店名称", "区县", "详细地址", "网店名称", "平台", "网店链接", "辖区", "联系电话",
    "行业协会", "连续承诺自", "有效起", "有效止", "适用商品", "不适用商品", "退货期限(天)", "退货约定", "其他承诺", "版本",
    "企业申请日期", "初审意见", "初审单位和人员", "复审意见", "复审单位和人员", "公示时间", "摘牌时间", "摘牌原因", "创建方式",
    "状态", "状态码",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class ExportRoll:
    """Which list."""

    wanted: RollFilter


def export_roll(session: Session, actor: Actor, command: ExportRoll, *, now: datetime) -> IO[bytes]:
    """Write the versions that the actor may see as XLSX and record the export; cells are text, never formulas."""
    if actor.organisation_id is None:
        raise NotAllowed(REFUSAL)
    found = roll_versions(session, actor, command.wanted, today=local_day(now))
    note_access(
        session, actor, AccessKind.EXPORT, SubjectKind.ORGANISATION, actor.organisation_id, at=now, rows=len(found)
    )
    return write_sheet("退货承诺", HEADERS, _rows(session, found))


def _rows(session: Session, found: list[tuple[int, str]]) -> Iterator[tuple[str, ...]]:
    for start in range(0, len(found), CHUNK):
        chunk = found[start : start + CHUNK]
        query = (
            select(PromiseVersion)
            .join(PromiseVersion.promisor)
            .where(PromiseVersion.id.in_([one for one, _name in chunk]))
            .options(contains_eager(PromiseVersion.promisor))
        )
        versions = {version.id: version for version in session.scalars(query)}
        ordered = [versions[one] for one, _name in chunk]
        for version, terms, (_one, authority) in zip(ordered, terms_of_all(session, ordered), chunk, strict=True):
            yield _row(version, terms, authority)


def _row(version: PromiseVersion, terms: Terms, authority: str) -> tuple[str, ...]:
    promisor, code = version.promisor, STATUS_CODES.get(version.state)
    return (
        promisor.name,
        promisor.code,
        *_joined([(place.name, place.district, place.address) for place in terms.places], 3),
        *_joined([(shop.name, shop.platform, shop.url) for shop in terms.shops], 3),
        authority,
        promisor.phone,
        promisor.association or "",
        _day(version.since_on),
        _day(version.first_on),
        _day(version.last_on or version.expires_on),
        "；".join(telling.scope_words(row) for row in terms.scopes),
        "；".join(row.text for row in terms.exclusions),
        str(version.days),
        version.conditions,
        version.other,
        str(version.number),
        _day(local_day(version.submitted_at) if version.submitted_at else None),
        version.first_opinion or "",
        version.first_by or "",
        version.second_opinion or "",
        version.second_by or "",
        _day(version.published_on),
        _day(version.removed_on),
        version.removal_reason or "",
        ORIGIN_NAMES[version.origin],
        STATE_NAMES[version.state][0],
        "" if code is None else str(code),
    )


def _joined(rows: list[tuple[str, ...]], width: int) -> list[str]:
    """Each column's values one a line, so that names and addresses stay side by side."""
    return ["\n".join(row[column] for row in rows) for column in range(width)]


def _day(day: date | None) -> str:
    return day.isoformat() if day else ""
