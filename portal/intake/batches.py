"""A few hundred rows of a file, judged and sealed outside any transaction, ready to be stored in one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.cases.models import Case
from portal.cases.rules import CaseState
from portal.core.privacy import DataKey, Sealer, Vault
from portal.intake import rules, values
from portal.intake.context import Context
from portal.intake.models import Filing, Tip
from portal.intake.rules import Columns, Kind, Newcomer, OpenCase, ParsedRow, Refusal, Row, Source, WaitingReason
from portal.intake.values import Judged, NewCase, Values

JOINABLE = (  # open, and whose it is is not in question
    CaseState.WAITING,
    CaseState.KEPT,
    CaseState.DISPATCHED,
    CaseState.ACCEPTED,
    CaseState.NEGOTIATING,
    CaseState.OFFERED,
    CaseState.AGREED,
    CaseState.PERFORMED,
    CaseState.BREACHED,
)


@dataclass(frozen=True, slots=True)
class Opening:
    """A complaint that opens a case."""

    judged: Judged
    key: Sealer
    case: NewCase
    filing: Values


@dataclass(frozen=True, slots=True)
class Joining:
    """A complaint that joins an open case; sealed under that case's key."""

    judged: Judged
    case_id: int
    filing: Values
    case: NewCase  # as it would have opened one of its own


@dataclass(frozen=True, slots=True)
class Registered:
    """A tip for the register."""

    judged: Judged
    key: Sealer
    tip: Values


@dataclass(frozen=True, slots=True)
class Changed:
    """A number that is known already, with other contents than before."""

    row: ParsedRow
    digest: bytes


@dataclass(frozen=True, slots=True)
class Batch:
    """What one commit stores."""

    rows: tuple[Row, ...]
    at: datetime
    openings: tuple[Opening, ...]
    joinings: tuple[Joining, ...]
    tips: tuple[Registered, ...]
    changed: tuple[Changed, ...]
    repeated: int
    refusals: tuple[tuple[Row, Refusal], ...]


def prepare(
    session: Session, rows: Sequence[Row], columns: Columns, source: Source, context: Context, *, now: datetime
) -> Batch:
    """Read, judge, route and seal rows; asks the database only for known numbers and open cases."""
    parsed: list[ParsedRow] = []
    refusals: list[tuple[Row, Refusal]] = []
    for row in rows:
        result = rules.parse_row(row, columns, source=source, now=now)
        if isinstance(result, Refusal):
            refusals.append((row, result))
        else:
            parsed.append(result)
    fresh, changed, repeated = _told_apart(session, parsed, source, context)
    complaints = [one for one in fresh if one.routing is not None]
    joined = _joined(session, complaints, context, at=now)
    keys = _keys(session, set(joined.values()), context.vault)
    return Batch(
        rows=tuple(rows),
        at=now,
        openings=tuple(_opening(one, context, at=now) for one in complaints if one.row.number not in joined),
        joinings=tuple(
            _joining(one, joined[one.row.number], keys, context, at=now)
            for one in complaints
            if one.row.number in joined
        ),
        tips=tuple(_registered(one, context, at=now) for one in fresh if one.routing is None),
        changed=tuple(changed),
        repeated=repeated,
        refusals=tuple(refusals),
    )


def _told_apart(
    session: Session, parsed: Sequence[ParsedRow], source: Source, context: Context
) -> tuple[list[Judged], list[Changed], int]:
    """Return new rows, known numbers with other contents, and how many numbers were known."""
    known = known_digests(session, source.value, [row.number for row in parsed])
    fresh: list[Judged] = []
    changed: list[Changed] = []
    for row in parsed:
        digest = values.row_digest(context.vault, row)
        before = known.get(row.number)
        if before is None:
            fresh.append(_judged(row, digest, context))
        elif before != digest:
            changed.append(Changed(row, digest))
        known[row.number] = digest
    return fresh, changed, len(parsed) - len(fresh)


def _judged(row: ParsedRow, digest: bytes, context: Context) -> Judged:
    routing = rules.route(rules.filing_facts(row), context.merchants) if row.kind is Kind.COMPLAINT else None
    phone = values.phone_index(context.vault, row) if routing else None
    return Judged(row, digest, phone, context.place_of(row), routing)


def known_digests(session: Session, source: str, numbers: Sequence[str]) -> dict[str, bytes]:
    """Look up which numbers of a channel are stored, as complaint or tip, with the digests of their rows."""
    if not numbers:
        return {}
    both = (
        select(model.number, model.row_digest).where(model.source == source, model.number.in_(numbers))
        for model in (Filing, Tip)
    )
    first, second = both
    return dict(session.execute(first.union_all(second)).all())


def _joined(session: Session, complaints: Sequence[Judged], context: Context, *, at: datetime) -> dict[str, int]:
    """Return for the numbers that join an open case its id (decisions 9); suspected tips never do."""
    by_phone: dict[bytes, list[tuple[ParsedRow, int]]] = {}
    for one in complaints:
        merchant_id = one.decided.merchant_id
        if one.phone_index and merchant_id is not None and not one.row.suspected_tip:
            by_phone.setdefault(one.phone_index, []).append((one.row, merchant_id))
    if not by_phone:
        return {}
    found = _open_cases(session, list(by_phone))
    within = context.joining_span(at)
    joined = {}
    for index, candidates in by_phone.items():
        newcomers = [
            Newcomer(row.source.value, merchant, row.amount, row.registered_at) for row, merchant in candidates
        ]
        found_cases = rules.cases_to_join(newcomers, found.get(index, ()), within)
        for (row, _), case_id in zip(candidates, found_cases, strict=True):
            if case_id is not None:
                joined[row.number] = case_id
    return joined


def _open_cases(session: Session, phones: Sequence[bytes]) -> dict[bytes, list[OpenCase]]:
    rows = session.execute(
        select(
            Filing.phone_index,
            Case.id,
            Case.merchant_id,
            Case.candidates,
            Case.amount,
            Filing.source,
            Filing.registered_at,
        )
        .join(Case, Case.id == Filing.case_id)
        .where(
            Filing.phone_index.in_(phones),
            Case.is_open,
            Case.state.in_(JOINABLE),
            Case.wait_reason.is_distinct_from(WaitingReason.SUSPECTED_TIP.value),  # as no suspected tip joins a case
        )
        .order_by(Case.id, Filing.id)
    )
    found: dict[tuple[bytes, int], OpenCase] = {}
    for index, case_id, merchant_id, candidates, amount, source, registered_at in rows:
        merchant = merchant_id or candidates.get("only")
        if index is None or merchant is None:
            continue
        before = found.get((index, case_id))
        filings = (*(before.filings if before else ()), (source, registered_at))
        found[index, case_id] = OpenCase(case_id, merchant, amount, filings)
    by_phone: dict[bytes, list[OpenCase]] = {}
    for (index, _), case in found.items():
        by_phone.setdefault(index, []).append(case)
    return by_phone


def case_joined_by(session: Session, judged: Judged, context: Context, *, at: datetime) -> int | None:
    """Return the id of the open case that one complaint joins, None where it makes a case of its own (decisions 9)."""
    return _joined(session, [judged], context, at=at).get(judged.row.number)


def _keys(session: Session, case_ids: set[int], vault: Vault) -> Mapping[int, Sealer]:
    if not case_ids:
        return {}
    rows = session.execute(
        select(Case.id, DataKey).join(DataKey, DataKey.id == Case.key_id).where(Case.id.in_(case_ids))
    )
    return {case_id: vault.sealer(key) for case_id, key in rows}


def _opening(judged: Judged, context: Context, *, at: datetime) -> Opening:
    return opening_of(judged, context.vault.new_sealer(), context, at=at)


def opening_of(judged: Judged, key: Sealer, context: Context, *, at: datetime) -> Opening:
    """Compose case and filing of a complaint that opens a case of its own, sealed under `key`."""
    return Opening(
        judged=judged,
        key=key,
        case=values.case_of(judged, key, context, at=at),
        filing=values.filing_of(judged, key, context, at=at),
    )


def _joining(judged: Judged, case_id: int, keys: Mapping[int, Sealer], context: Context, *, at: datetime) -> Joining:
    return joining_of(judged, case_id, keys[case_id], context, at=at)


def joining_of(judged: Judged, case_id: int, key: Sealer, context: Context, *, at: datetime) -> Joining:
    """Compose the filing of a complaint that joins a case, sealed under that case's key."""
    return Joining(
        judged,
        case_id,
        filing=values.filing_of(judged, key, context, at=at),
        case=values.case_of(judged, key, context, at=at),
    )


def _registered(judged: Judged, context: Context, *, at: datetime) -> Registered:
    key = context.vault.new_sealer()
    return Registered(judged, key, values.tip_of(judged, key, context, at=at))
