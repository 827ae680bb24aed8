"""The tree of authorities, and the councils' beside it, as a file gives them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from portal.accounts.models import Organisation, OrganisationKind
from portal.core import facts
from portal.core.actor import Actor
from portal.core.facts import SubjectKind, Topic
from portal.core.imported import Imported, RowProblem
from portal.core.permissions import Permission, require

KINDS = (OrganisationKind.AUTHORITY, OrganisationKind.COUNCIL)
COUNCIL_WORDS = ("消委会", "消保委", "消费者权益保护", "消费者协会")
STATION_LEVEL = "所"  # its cases are numbered by the district above


@dataclass(frozen=True, slots=True)
class AuthorityRow:
    """One line of the file; `line` as the spreadsheet counts."""

    line: int
    code: str
    name: str
    parent_code: str
    level: str
    prefix: str = ""


@dataclass(frozen=True, slots=True)
class ImportAuthorities:
    """The whole file: a tree is understood only whole."""

    rows: tuple[AuthorityRow, ...]


def import_authorities(session: Session, actor: Actor, command: ImportAuthorities, *, now: datetime) -> Imported:
    """Create and update authorities and councils with their paths; a faulty row is told and left out, good rows stay.

    Parents may follow their children. Councils form a tree of their own (decisions 34).
    """
    require(actor, Permission.AUTHORITY_IMPORT, None)
    codes = {row.code for row in command.rows}
    concerned = or_(Organisation.kind.in_(KINDS), Organisation.code.in_(codes))
    known = {row.code: row for row in session.scalars(select(Organisation).where(concerned).with_for_update())}
    good, problems = _judged(command.rows, known)
    created = changed = 0
    for row in _parents_first(good):
        existing = known.get(row.code)
        organisation = existing or Organisation(code=row.code)
        if not _apply(session, organisation, row, known.get(row.parent_code)):
            continue
        known[row.code] = organisation
        created += existing is None
        changed += existing is not None
        facts.record(session, actor, Topic.AUTHORITY_IMPORTED, SubjectKind.ORGANISATION, organisation.id, at=now)
    _write_paths(known)
    unchanged = len(good) - created - changed
    return Imported(len(command.rows), created, changed, unchanged, tuple(sorted(problems, key=lambda one: one.line)))


def kind_of(row: AuthorityRow) -> OrganisationKind:
    """Say whether a row is an authority or a council (消委会)."""
    told = any(word in row.level or word in row.name for word in COUNCIL_WORDS)
    return OrganisationKind.COUNCIL if told else OrganisationKind.AUTHORITY


def prefix_of(row: AuthorityRow) -> str | None:
    """The prefix of public references: the column's, else digits 3 to 6 of the code; none for a 所."""
    if row.prefix:
        return row.prefix.upper()
    if row.level == STATION_LEVEL:
        return None
    return f"{'X' if kind_of(row) is OrganisationKind.COUNCIL else ''}{row.code[2:6]}" or None


def _judged(
    rows: Sequence[AuthorityRow], known: Mapping[str, Organisation]
) -> tuple[dict[str, AuthorityRow], list[RowProblem]]:
    good: dict[str, AuthorityRow] = {}
    problems: list[RowProblem] = []
    for row in rows:
        text = _objection(row, known)
        if text is None and row.code in good:
            text = f"代码 {row.code} 在第 {good[row.code].line} 行已经出现过。"
        if text is None:
            good[row.code] = row
        else:
            problems.append(RowProblem(row.line, row.code, text))
    while misplaced := [(row, text) for row in good.values() if (text := _misplaced(row, good, known))]:
        for row, text in misplaced:
            del good[row.code]
            problems.append(RowProblem(row.line, row.code, text))
    return good, problems


def _objection(row: AuthorityRow, known: Mapping[str, Organisation]) -> str | None:
    if not row.code:
        return "没有代码。"
    if not row.code.isascii() or not row.code.isalnum():
        return f"代码“{row.code}”只能有数字和字母。"
    if not row.name:
        return "没有名称。"
    if row.prefix and not (row.prefix.isascii() and row.prefix.isalnum() and len(row.prefix) <= 8):
        return f"编号前缀“{row.prefix}”只能有数字和字母，最多 8 个。"
    existing = known.get(row.code)
    if existing is not None and existing.kind not in KINDS:
        return f"代码 {row.code} 已经是“{existing.name}”的，不是监管部门。"
    return None


def _misplaced(row: AuthorityRow, good: Mapping[str, AuthorityRow], known: Mapping[str, Organisation]) -> str | None:
    """Say why a row has no place in the tree: no parent, one of the other tree, or its own descendant."""
    if not row.parent_code:
        return None
    above = good.get(row.parent_code)
    parent_kind = kind_of(above) if above else known[row.parent_code].kind if row.parent_code in known else None
    if parent_kind is None:
        return f"没有代码为 {row.parent_code} 的上级。"
    if parent_kind is not kind_of(row):
        return f"上级 {row.parent_code} 不是同一类单位：消委会和市场监管部门各自成树。"
    return "上下级关系绕成了圈。" if row.code in _above(row, good, known) else None


def _above(row: AuthorityRow, good: Mapping[str, AuthorityRow], known: Mapping[str, Organisation]) -> list[str]:
    """The codes above a row, as they would be; ends where a circle closes."""
    code_of = {organisation.id: code for code, organisation in known.items()}
    found: list[str] = []
    code = row.parent_code
    while code and code not in found:
        found.append(code)
        parent = known[code].parent_id if code in known else None
        code = good[code].parent_code if code in good else code_of.get(parent, "") if parent else ""
    return found


def _parents_first(good: Mapping[str, AuthorityRow]) -> list[AuthorityRow]:
    ordered: dict[str, AuthorityRow] = {}

    def place(row: AuthorityRow) -> None:
        if row.code in ordered:
            return
        if row.parent_code in good:
            place(good[row.parent_code])
        ordered[row.code] = row

    for row in good.values():
        place(row)
    return list(ordered.values())


def _apply(session: Session, organisation: Organisation, row: AuthorityRow, parent: Organisation | None) -> bool:
    """Write a row's values; say whether anything changed."""
    wanted = {
        "kind": kind_of(row),
        "name": row.name,
        "level": row.level or None,
        "parent_id": parent.id if parent else None,
        "prefix": prefix_of(row),
    }
    if all(getattr(organisation, name) == value for name, value in wanted.items()):
        return False
    for name, value in wanted.items():
        setattr(organisation, name, value)
    session.add(organisation)
    session.flush()
    return True


def _write_paths(known: Mapping[str, Organisation]) -> None:
    by_id = {row.id: row for row in known.values() if row.kind in KINDS}

    def path(row: Organisation) -> str:
        above = by_id.get(row.parent_id) if row.parent_id else None
        return f"{path(above) if above else '/'}{row.id}/"

    for row in by_id.values():
        wanted = path(row)
        if row.path != wanted:
            row.path = wanted
