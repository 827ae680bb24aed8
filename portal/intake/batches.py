"""A few hundred rows, looked up in the database and told apart, ready to be stored in one transaction."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ARRAY, ColumnElement, any_, literal, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from portal.cases.models import Case
from portal.cases.rules import CaseState
from portal.core.db import is_postgresql
from portal.core.privacy import DataKey, Sealer, Vault
from portal.intake import rules
from portal.intake.composing import Candidate, Draft, Joining, Opening, Reader, Registered, candidate_of, joining_of
from portal.intake.context import Context
from portal.intake.models import Filing, Tip
from portal.intake.rules import Columns, Newcomer, OpenCase, ParsedRow, Refusal, Row, Source, WaitingReason
from portal.intake.values import Judged

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
class Changed:
    """A number that is known already, with other contents than before."""

    row: ParsedRow
    digest: bytes


@dataclass(frozen=True, slots=True)
class Batch:
    """What one commit stores."""

    read: int  # rows
    last_line: int
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
    """Read, judge, route and seal rows and look them up."""
    reader = Reader(columns, source, context)
    return settle(session, reader, reader.drafts(rows, at=now))


def settle(session: Session, reader: Reader, drafts: Sequence[Draft]) -> Batch:
    """Tell apart what is new, known and joins an open case; asks the database only for known numbers and open cases.

    The drafts were read at one moment, which is the batch's.
    """
    at = drafts[0].at
    fresh, changed, repeated = _told_apart(session, reader, drafts)
    joined = _joined(session, fresh, reader.context, at=at)
    made = [one.made for one in fresh if one.number not in joined]
    return Batch(
        read=len(drafts),
        last_line=drafts[-1].line,
        at=at,
        openings=tuple(one for one in made if isinstance(one, Opening)),
        joinings=tuple(_joinings(session, reader, fresh, joined, at=at)),
        tips=tuple(one for one in made if isinstance(one, Registered)),
        changed=tuple(changed),
        repeated=repeated,
        refusals=tuple(reader.refused(one) for one in drafts if one.number is None),
    )


def _told_apart(session: Session, reader: Reader, drafts: Sequence[Draft]) -> tuple[list[Draft], list[Changed], int]:
    """Return new rows, known numbers with other contents, and how many numbers were known."""
    known = known_digests(session, reader.source.value, [one.number for one in drafts if one.number is not None])
    fresh: list[Draft] = []
    changed: list[Changed] = []
    repeated = 0
    for one in drafts:
        if one.number is None:
            continue
        before = known.get(one.number)
        if before is None:
            fresh.append(one)
        else:
            repeated += 1
            if before != one.digest:
                changed.append(Changed(reader.judged(one).row, one.digest))
        known[one.number] = one.digest
    return fresh, changed, repeated


def known_digests(session: Session, source: str, numbers: Sequence[str]) -> dict[str, bytes]:
    """Look up which numbers of a channel are stored, as complaint or tip, with the digests of their rows."""
    if not numbers:
        return {}
    both = (
        select(model.number, model.row_digest).where(model.source == source, _one_of(session, model.number, numbers))
        for model in (Filing, Tip)
    )
    first, second = both
    return dict(session.execute(first.union_all(second)).all())


def _one_of(
    session: Session, column: InstrumentedAttribute[Any], values: Sequence[str] | Sequence[bytes]
) -> ColumnElement[bool]:
    """The condition that a column is one of the values: one parameter where there are arrays, so one plan for all."""
    if not is_postgresql(session):
        return column.in_(values)
    return column == any_(literal(values, ARRAY(column.type)))


def _joined(session: Session, drafts: Sequence[Draft], context: Context, *, at: datetime) -> dict[str, int]:
    """Return for the numbers that join an open case its id (decisions 9)."""
    asked = [(one.number, one.candidate) for one in drafts if one.number is not None and one.candidate is not None]
    return _cases_joined(session, asked, context, at=at)


def _cases_joined(
    session: Session, asked: Sequence[tuple[str, Candidate]], context: Context, *, at: datetime
) -> dict[str, int]:
    by_phone: dict[bytes, list[tuple[str, Candidate]]] = {}
    for one in asked:
        by_phone.setdefault(one[1].phone_index, []).append(one)
    if not by_phone:
        return {}
    found = _open_cases(session, list(by_phone))
    within = context.joining_span(at)
    joined = {}
    for index, open_cases in found.items():
        newcomers = [Newcomer(one.source, one.merchant_id, one.amount, one.registered_at) for _, one in by_phone[index]]
        found_cases = rules.cases_to_join(newcomers, open_cases, within)
        for (number, _), case_id in zip(by_phone[index], found_cases, strict=True):
            if case_id is not None:
                joined[number] = case_id
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
            _one_of(session, Filing.phone_index, phones),
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
    number, candidate = judged.row.number, candidate_of(judged)
    return _cases_joined(session, [(number, candidate)], context, at=at).get(number) if candidate else None


def _joinings(
    session: Session, reader: Reader, fresh: Sequence[Draft], joined: Mapping[str, int], *, at: datetime
) -> list[Joining]:
    """Compose what joins anew, sealed under the keys of the cases."""
    keys = _keys(session, set(joined.values()), reader.context.vault)
    found = [(one, joined[one.number]) for one in fresh if one.number is not None and one.number in joined]
    return [joining_of(reader.judged(one), case_id, keys[case_id], reader.context, at=at) for one, case_id in found]


def _keys(session: Session, case_ids: set[int], vault: Vault) -> Mapping[int, Sealer]:
    if not case_ids:
        return {}
    rows = session.execute(
        select(Case.id, DataKey).join(DataKey, DataKey.id == Case.key_id).where(Case.id.in_(case_ids))
    )
    return {case_id: vault.sealer(key) for case_id, key in rows}
