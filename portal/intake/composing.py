"""Rows of a file, judged, sealed and written down as they will be stored: all that can be done without the database.

An import does so ahead, in a process of its own (`portal.intake.importing_ahead`), while the rows before are stored.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from portal.cases.models import Case
from portal.core.bulk import Line, form_of
from portal.core.privacy import Sealer
from portal.core.search import cut_ahead
from portal.intake import rules, values
from portal.intake.context import Context
from portal.intake.models import Filing, Tip
from portal.intake.rules import Cell, Columns, Kind, ParsedRow, Refusal, Row, Source
from portal.intake.values import Judged, NewCase, Values

CASE_LATE = ("id", "key_id", "reference")  # columns that are known only when the row is stored
FILING_LATE = ("key_id", "case_id", "import_id")
TIP_LATE = ("id", "key_id", "import_id")


class Opening(NamedTuple):  # as all that comes from another process: tuples are pickled several times as fast
    """A complaint that opens a case."""

    source: str
    number: str
    wrapped: bytes  # the key under which it is sealed
    prefix: str  # of its reference
    upwards: tuple[int, ...]  # its authority and those above
    merchant_id: int | None  # to whom it is dispatched
    case: Line
    filing: Line
    cut: str  # what it is found by, but for its reference


@dataclass(frozen=True, slots=True)
class Joining:
    """A complaint that joins an open case; sealed under that case's key."""

    judged: Judged
    case_id: int
    filing: Values
    case: NewCase  # as it would have opened one of its own


class Registered(NamedTuple):
    """A tip for the register."""

    wrapped: bytes
    upwards: tuple[int, ...]
    tip: Line
    cut: str


class Candidate(NamedTuple):
    """What is asked of a complaint that may join an open case: it has a usable phone and one merchant fits."""

    phone_index: bytes
    source: str
    merchant_id: int
    amount: int | None  # 分
    registered_at: datetime


class Draft(NamedTuple):
    """A row as far as it is known without the database, at the moment when it was read."""

    line: int
    cells: tuple[Cell, ...]
    at: datetime
    number: str | None  # None: refused
    digest: bytes
    candidate: Candidate | None
    made: Opening | Registered | None  # as it is stored where its number is new and it joins no case


@dataclass(frozen=True, slots=True)
class Reader:
    """How the rows of a sheet are read."""

    columns: Columns
    source: Source
    context: Context

    def drafts(self, rows: Iterable[Row], *, at: datetime) -> list[Draft]:
        """Read, judge, route, seal and write down rows."""
        return [self._draft(row, at) for row in rows]

    def _draft(self, row: Row, at: datetime) -> Draft:
        result = self._judged(row, at)
        if isinstance(result, Refusal):
            return Draft(row.line, row.cells, at, None, b"", None, None)
        made = (_opened if result.routing else _registered)(result, self.context, at=at)
        return Draft(row.line, row.cells, at, result.row.number, result.digest, candidate_of(result), made)

    def judged(self, draft: Draft) -> Judged:
        """Read a row again that was not refused: few are asked for all that they say."""
        judged = self._judged(Row(draft.line, draft.cells), draft.at)
        assert isinstance(judged, Judged)
        return judged

    def refused(self, draft: Draft) -> tuple[Row, Refusal]:
        """Read a row again that was refused."""
        row = Row(draft.line, draft.cells)
        refusal = self._judged(row, draft.at)
        assert isinstance(refusal, Refusal)
        return row, refusal

    def _judged(self, row: Row, at: datetime) -> Judged | Refusal:
        parsed = rules.parse_row(row, self.columns, source=self.source, now=at)
        return parsed if isinstance(parsed, Refusal) else _judged(parsed, self.context)


def _judged(row: ParsedRow, context: Context) -> Judged:
    routing = rules.route(rules.filing_facts(row), context.merchants) if row.kind is Kind.COMPLAINT else None
    phone = values.phone_index(context.vault, row) if routing else None
    return Judged(row, values.row_digest(context.vault, row), phone, context.place_of(row), routing)


def candidate_of(judged: Judged) -> Candidate | None:
    """Return what is asked of a complaint that may join an open case; suspected tips never do (decisions 9)."""
    row, routing = judged.row, judged.routing
    if routing is None or routing.merchant_id is None or judged.phone_index is None or row.suspected_tip:
        return None
    return Candidate(judged.phone_index, row.source.value, routing.merchant_id, row.amount, row.registered_at)


def _opened(judged: Judged, context: Context, *, at: datetime) -> Opening:
    return opening_of(judged, context.vault.new_sealer(), context, at=at)


_NOTHING: Mapping[str, Any] = {}


def opening_of(
    judged: Judged,
    key: Sealer,
    context: Context,
    *,
    at: datetime,
    case_too: Values = _NOTHING,
    filing_too: Values = _NOTHING,
) -> Opening:
    """Compose case and filing of a complaint that opens a case of its own, sealed under `key`.

    What is given `too` stands in the place of what an import would have said.
    """
    case = values.case_of(judged, key, context, at=at)
    filing = values.filing_of(judged, key, context, at=at)
    text = f"{case.values['headline']}\n{values.searchable(judged.row)}"
    return Opening(
        source=judged.row.source.value,
        number=judged.row.number,
        wrapped=key.wrapped,
        prefix=case.prefix,
        upwards=case.upwards,
        merchant_id=case.values["merchant_id"],
        case=form_of(Case, CASE_LATE, context.dialect).line({**case.values, **case_too}),
        filing=form_of(Filing, FILING_LATE, context.dialect).line({**filing, **filing_too}),
        cut=cut_ahead(text, context.dialect),
    )


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
    tip = values.tip_of(judged, key, context, at=at)
    return Registered(
        wrapped=key.wrapped,
        upwards=judged.place.upwards,
        tip=form_of(Tip, TIP_LATE, context.dialect).line(tip),
        cut=cut_ahead(f"{tip['headline']}\n{values.searchable(judged.row)}", context.dialect),
    )
