"""Merchants from a file: each good row is admitted or brought up to date, each faulty one told with its line."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.accounts.models import Organisation, OrganisationKind
from portal.accounts.rules import find_authority, normalised_company
from portal.core.actor import Actor
from portal.core.errors import Refused
from portal.core.imported import Imported, RowProblem
from portal.enrolment.actions import (
    AdmitMerchant,
    ChangeMerchant,
    add_missing_names,
    admit_merchant,
    change_merchant,
    locked,
)
from portal.enrolment.rules import MAX_NAME, MAX_TIER, code_of, objection_to_code

ROWS_A_COMMIT = 200  # short enough for SQLite's single writer (decisions 11)


@dataclass(frozen=True, slots=True)
class MerchantRow:
    """One line of the file; empty texts mean that the file does not say."""

    line: int
    code: str
    name: str
    authority: str  # name or code
    address: str = ""
    phone: str = ""
    tier: str = ""
    aliases: tuple[str, ...] = ()
    outlets: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ImportMerchants:
    """Some rows of the file, at most ROWS_A_COMMIT; `seen` holds the codes of earlier rows with their lines."""

    rows: tuple[MerchantRow, ...]
    seen: Mapping[str, int]


def import_merchants(session: Session, actor: Actor, command: ImportMerchants, *, now: datetime) -> Imported:
    """Admit or update the merchants of some rows. What the file leaves empty stays; aliases and outlets are only added.

    A suspended merchant stays suspended. A row of an authority outside the actor's jurisdiction is refused.
    """
    authorities = _Authorities.of(session)
    seen = dict(command.seen)
    total = Imported()
    for row in command.rows:
        code = code_of(row.code)
        if objection := _objection(row, code, authorities) or _repeated(code, seen):
            total += Imported(read=1, problems=(RowProblem(row.line, code, objection),))
            continue
        seen[code] = row.line
        try:
            total += _take(session, actor, row, code, authorities.code_of(row.authority), now=now)
        except Refused as refusal:  # raised before anything of the row is written
            total += Imported(read=1, problems=(RowProblem(row.line, code, refusal.text),))
    return total


def _take(session: Session, actor: Actor, row: MerchantRow, code: str, authority: str, *, now: datetime) -> Imported:
    existing = session.scalars(select(Organisation).where(Organisation.code == code)).first()
    if existing is None:
        command = AdmitMerchant(code, row.name, authority, row.address, row.phone, row.tier, row.aliases, row.outlets)
        admit_merchant(session, actor, command, now=now)
        return Imported(read=1, created=1)
    merchant = locked(session, actor, code)
    change = ChangeMerchant(
        code=code,
        name=row.name,
        authority_code=authority,
        address=row.address or merchant.address,
        phone=row.phone or merchant.phone,
        tier=row.tier or merchant.tier or "",
    )
    changed = bool(change_merchant(session, actor, change, now=now))
    changed |= add_missing_names(session, merchant, row.aliases, row.outlets) > 0
    return Imported(read=1, changed=int(changed), unchanged=int(not changed))


@dataclass(frozen=True, slots=True)
class _Authorities:
    """The authorities that a row may name, by code and by name."""

    names: Mapping[str, str]
    found: dict[str, str | None]  # what was asked before

    @classmethod
    def of(cls, session: Session) -> "_Authorities":
        rows = session.execute(
            select(Organisation.code, Organisation.name)
            .where(Organisation.kind == OrganisationKind.AUTHORITY)
            .order_by(Organisation.id)
        )
        return cls({row.code: row.name for row in rows}, {})

    def find(self, written: str) -> str | None:
        if written not in self.found:
            code = code_of(written)
            self.found[written] = code if code in self.names else find_authority(written, self.names)
        return self.found[written]

    def code_of(self, written: str) -> str:
        code = self.find(written)
        assert code is not None
        return code


def _objection(row: MerchantRow, code: str, authorities: _Authorities) -> str | None:
    if not normalised_company(row.name):
        return "没有企业名称。"
    if len(row.name) > MAX_NAME or len(row.tier) > MAX_TIER:
        return f"企业名称最多 {MAX_NAME} 个字，类别最多 {MAX_TIER} 个字。"
    if not code or not row.authority:
        return f"没有{'辖区市场监管所' if code else '统一社会信用代码'}。"
    if authorities.find(row.authority) is None:
        return f"没有找到（或不止一个）名为“{row.authority}”的监管部门。请写全称或代码，或先导入监管部门。"
    return objection_to_code(code)


def _repeated(code: str, seen: Mapping[str, int]) -> str | None:
    return f"代码 {code} 在第 {seen[code]} 行已经出现过。" if code in seen else None
