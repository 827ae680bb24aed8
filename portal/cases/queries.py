"""Looks at one case and at who may work on it; each in one statement, for pages may spend eight in all."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import (
    BindParameter,
    CompoundSelect,
    Integer,
    LargeBinary,
    Row,
    String,
    Text,
    bindparam,
    cast,
    literal,
    null,
    select,
    union_all,
)
from sqlalchemy.orm import Session

from portal.accounts.models import Membership, Person
from portal.cases.models import CaseNote, Evidence
from portal.core.actor import Actor
from portal.core.facts import Fact, SubjectKind
from portal.core.privacy import DataKey, Vault

FACT, NOTE, FILE = "fact", "note", "file"


@dataclass(frozen=True, slots=True)
class Record:
    """One line of a case's history: a fact, a note of staff, or a file."""

    origin: str  # fact, note, file
    id: int
    at: datetime  # when it was written down
    happened_at: datetime
    what: str  # the fact's topic, the note's kind, the file's media type
    side: str  # the fact's actor kind, the file's side
    who: str
    organisation_id: int | None
    detail: dict[str, Any]  # the fact's detail; method and result of a contact; reference, purpose … of a file
    sealed: bytes | None

    def text(self, vault: Vault, key: DataKey) -> str:
        """The note's text or the file's name; empty for a fact."""
        if self.sealed is None:
            return ""
        return vault.open(key, self.sealed, "note.text" if self.origin == NOTE else "evidence.name")


def records(session: Session, case_ids: Sequence[int]) -> dict[int, list[Record]]:
    """Everything that was written down about these cases, oldest first, by case; for readers found to see them.

    Facts, notes and files come as one UNION ALL statement.
    """
    found: dict[int, list[Record]] = {case_id: [] for case_id in case_ids}
    for row in session.execute(_written(), {"cases": case_ids}):
        found[row.case_id].append(_record(row))
    for lines in found.values():
        lines.sort(key=lambda line: (line.at, line.origin, line.id))
    return found


@cache
def _written() -> CompoundSelect[Any]:
    cases: BindParameter[Any] = bindparam("cases", expanding=True)
    return union_all(_facts(cases), _notes(cases), _files(cases))


def _facts(cases: BindParameter[Any]) -> Any:
    return select(
        literal(FACT).label("origin"),
        Fact.id.label("id"),
        Fact.subject_id.label("case_id"),
        Fact.at.label("at"),
        Fact.at.label("happened_at"),
        cast(Fact.topic, String).label("what"),
        cast(Fact.actor_kind, String).label("side"),
        Fact.actor_name.label("who"),
        Fact.actor_organisation_id.label("organisation_id"),
        cast(Fact.detail, Text).label("detail"),
        cast(null(), Text).label("extra"),
        cast(null(), LargeBinary).label("sealed"),
    ).where(Fact.subject_kind == SubjectKind.CASE, Fact.subject_id.in_(cases))


def _notes(cases: BindParameter[Any]) -> Any:
    return select(
        literal(NOTE),
        CaseNote.id,
        CaseNote.case_id,
        CaseNote.at,
        CaseNote.happened_at,
        cast(CaseNote.kind, String),
        literal(""),
        CaseNote.author_name,
        CaseNote.organisation_id,
        cast(CaseNote.method, Text),
        cast(CaseNote.result, Text),
        CaseNote.text_sealed,
    ).where(CaseNote.case_id.in_(cases))


def _files(cases: BindParameter[Any]) -> Any:
    return select(
        literal(FILE),
        Evidence.id,
        Evidence.case_id,
        Evidence.at,
        Evidence.at,
        Evidence.media_type,
        cast(Evidence.side, String),
        Evidence.uploader_name,
        cast(null(), Integer),
        Evidence.reference + literal(" ") + cast(Evidence.size, String) + literal(" ") + Evidence.purpose,
        cast(Evidence.thumbnail_at, Text),
        Evidence.name_sealed,
    ).where(Evidence.case_id.in_(cases))


def _record(row: Row[Any]) -> Record:
    return Record(
        origin=row.origin,
        id=row.id,
        at=row.at,
        happened_at=row.happened_at,
        what=row.what,
        side=row.side,
        who=row.who,
        organisation_id=row.organisation_id,
        detail=_detail(row),
        sealed=row.sealed,
    )


def _detail(row: Row[Any]) -> dict[str, Any]:
    if row.origin == FACT:
        plain = json.loads(row.detail) if row.detail else {}
        return plain if isinstance(plain, dict) else {}
    if row.origin == NOTE:
        return {"method": row.detail, "result": row.extra}
    reference, size, purpose = row.detail.split(" ")
    return {"reference": reference, "size": int(size), "purpose": purpose, "has_thumbnail": row.extra is not None}


@dataclass(frozen=True, slots=True)
class Colleague:
    """Someone of the same organisation to whom a case may be handed."""

    sign_in_name: str
    name: str
    role: str
    person_id: int


def colleagues(session: Session, actor: Actor) -> list[Colleague]:
    """The active people of the actor's organisation, by name."""
    rows = session.execute(
        select(Person.sign_in_name, Person.name, Membership.role, Person.id)
        .join(Membership, Membership.person_id == Person.id)
        .where(Membership.organisation_id == actor.organisation_id, Person.active)
        .order_by(Person.name, Person.id)
    )
    return [Colleague(*row) for row in rows]
