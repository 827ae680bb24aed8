"""Directory lists of an authority: each firm's rows become one promise in force; what is faulty is told by its line."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.accounts.models import Organisation, OrganisationKind
from portal.accounts.rules import normalised_company
from portal.clocks.rules import local_day
from portal.commitments.list_versions import Standing, standing_of, take_firm
from portal.commitments.models import Promisor
from portal.commitments.programmes import programmes_in_force
from portal.commitments.rules import Origin, Way
from portal.commitments.rules.body import OutletRow
from portal.commitments.rules.lists import Firm, ListRow, days_of, firm_of, objection_to_firm, objection_to_row
from portal.commitments.rules.programme import Requirements
from portal.core import facts
from portal.core.actor import Actor
from portal.core.errors import RuleBroken
from portal.core.facts import SubjectKind, Topic
from portal.core.imported import Imported, RowProblem
from portal.core.permissions import Permission, can, require
from portal.enrolment.actions import Under
from portal.enrolment.models import Merchant, Outlet
from portal.enrolment.rules import slug_of

ROWS_A_COMMIT = 200  # short enough for SQLite's single writer (decisions 11)
CITY_LEVELS = ("市", "省")
TOGETHER = "同一信用代码的第 {line} 行有误，这家企业的各行都没有导入。请一并改好后再导入。"


@dataclass(frozen=True, slots=True)
class ImportPromises:
    """The rows of some firms, each firm's together; they come into the lists of one authority."""

    authority_code: str
    firms: Sequence[Sequence[ListRow]]


def import_promises(session: Session, actor: Actor, command: ImportPromises, *, now: datetime) -> Imported:
    """Put the firms of a list under their promises; a second run changes nothing, a changed firm gets a new version.

    Counts rows. A faulty row keeps its whole firm out, so that no shop is lost from a promise by a slip in its row.
    """
    authority = _authority(session, actor, command.authority_code)
    context = _context(session, authority, [firm[0].code for firm in command.firms], local_day(now))
    total = Imported()
    for rows in command.firms:
        if problems := _problems(rows, context):
            total += Imported(read=len(rows), problems=problems)
            continue
        firm = firm_of(rows)
        try:
            outcome = _take(session, actor, context, firm, now=now)
        except RuleBroken as refusal:  # raised before anything of the firm is written
            refused = tuple(RowProblem(row.line, firm.code, refusal.text) for row in rows)
            total += Imported(read=len(rows), problems=refused)
            continue
        counted = len(rows)
        total += Imported(
            read=counted,
            created=counted if outcome is Standing.CREATED else 0,
            changed=counted if outcome is Standing.CHANGED else 0,
            unchanged=counted if outcome is Standing.UNCHANGED else 0,
        )
    return total


@dataclass(frozen=True, slots=True)
class _Context:
    """What the rows of a portion are compared with, read at once."""

    authority: Organisation
    origin: Origin
    today: date
    programme: Requirements
    promisors: dict[str, Promisor]
    merchants: Mapping[str, Merchant]
    outlets: Mapping[int, Mapping[str, Outlet]]  # by merchant, then by normalised name


def _context(session: Session, authority: Organisation, codes: Sequence[str], today: date) -> _Context:
    promisors = session.scalars(select(Promisor).where(Promisor.code.in_(codes)).with_for_update())
    merchants = session.execute(
        select(Organisation.code, Merchant).join(Merchant.organisation).where(Organisation.code.in_(codes))
    )
    known: dict[str, Merchant] = {row[0]: row[1] for row in merchants}
    outlets: dict[int, dict[str, Outlet]] = {}
    open_outlets = select(Outlet).where(
        Outlet.merchant_id.in_([one.id for one in known.values()]), Outlet.closed_at.is_(None)
    )
    for outlet in session.scalars(open_outlets):
        outlets.setdefault(outlet.merchant_id, {})[outlet.normalised] = outlet
    return _Context(
        authority=authority,
        origin=Origin.CITY if authority.level in CITY_LEVELS else Origin.DISTRICT,
        today=today,
        programme=programmes_in_force(session, authority.id, today)[Way.OFFLINE],
        promisors={promisor.code: promisor for promisor in promisors},
        merchants=known,
        outlets=outlets,
    )


def _authority(session: Session, actor: Actor, code: str) -> Organisation:
    authority = session.scalars(select(Organisation).where(Organisation.code == code.strip().upper())).first()
    if authority is None or authority.kind is OrganisationKind.MERCHANT:
        raise RuleBroken(f"没有代码为 {code} 的监管部门。请核对，或先导入监管部门。", field="authority")
    require(actor, Permission.PROMISE_IMPORT, Under(authority.id))
    return authority


def _problems(rows: Sequence[ListRow], context: _Context) -> tuple[RowProblem, ...]:
    faulty = {row.line: text for row in rows if (text := _objection(row, context)) is not None}
    if not faulty and (contradiction := objection_to_firm(rows)):
        faulty[contradiction[0].line] = contradiction[1]
    if not faulty:
        return ()
    first = min(faulty)
    return tuple(RowProblem(row.line, row.code, faulty.get(row.line, TOGETHER.format(line=first))) for row in rows)


def _objection(row: ListRow, context: _Context) -> str | None:
    if objection := objection_to_row(row, today=context.today):
        return objection
    least = context.programme.least_days
    if (days_of(row.days) or 0) < least:
        return f"退货期限 {row.days} 天，少于 {least} 天，依据：{context.programme.named()}。请与企业核实后改正。"
    return None


def _take(session: Session, actor: Actor, context: _Context, firm: Firm, *, now: datetime) -> Standing:
    merchant = context.merchants.get(firm.code)
    promisor = context.promisors.get(firm.code)
    authority_id = merchant.authority_id if merchant else context.authority.id
    for subject in (promisor, merchant):
        if subject is not None and not can(actor, Permission.PROMISE_IMPORT, subject):
            raise RuleBroken("这家企业属于别的监管部门的辖区，请由那里的监管部门导入。")
    standing = None if promisor is None else standing_of(session, promisor)
    if promisor is None:
        promisor = Promisor(
            code=firm.code,
            slug=slug_of(firm.code),
            name=firm.name,
            normalised_name=normalised_company(firm.name),
            merchant_id=merchant.id if merchant else None,
            authority_id=authority_id,
            phone=merchant.phone if merchant else firm.phone,
            association=None,
            created_at=now,
        )
    known = context.outlets.get(merchant.id, {}) if merchant else {}
    firm = replace(firm, body=replace(firm.body, outlets=tuple(_own(row, known) for row in firm.body.outlets)))
    outcome = take_firm(session, actor, promisor, standing, firm, origin=context.origin, now=now)
    context.promisors[firm.code] = promisor
    if merchant is None and (promisor.name, promisor.phone) != (firm.name, firm.phone):
        promisor.name, promisor.normalised_name = firm.name, normalised_company(firm.name)
        promisor.phone = firm.phone
        facts.record(session, actor, Topic.PROMISOR_CHANGED, SubjectKind.PROMISE, promisor.id, at=now)
        return Standing.CHANGED if outcome is Standing.UNCHANGED else outcome
    return outcome


def _own(row: OutletRow, known: Mapping[str, Outlet]) -> OutletRow:
    outlet = known.get(normalised_company(row.name))
    return row if outlet is None else replace(row, outlet_id=outlet.id)
