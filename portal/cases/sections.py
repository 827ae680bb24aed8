"""Parts of a case's page that stand on the case screen and are rendered alone by their own forms."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from portal.cases import timeline
from portal.cases.access import fetched
from portal.cases.evidence import Purpose, is_hidden
from portal.cases.models import Case, EvidenceSide
from portal.cases.queries import FILE, Record, records
from portal.cases.rules import CaseEvent, CaseState, allows
from portal.cases.wording import PURPOSE_NAMES, SIDE_NAMES
from portal.core.actor import Actor
from portal.core.media import spoken_size
from portal.core.privacy import vault_of


@dataclass(frozen=True, slots=True)
class HistorySection:
    """协商过程: what happened, newest first, and whether more may be written."""

    reference: str
    headline: str
    items: list[dict[str, Any]]
    may_contact: bool


@dataclass(frozen=True, slots=True)
class FileView:
    """One file of a case."""

    reference: str
    name: str
    note: str  # 消费者证据 · 312 KB
    has_thumbnail: bool


@dataclass(frozen=True, slots=True)
class EvidenceSection:
    """证据: the files this reader may open."""

    reference: str
    headline: str
    files: tuple[FileView, ...]
    may_add: bool


def history_of(session: Session, actor: Actor, case: Case, lines: Sequence[Record], *, now: datetime) -> HistorySection:
    """Word the history of a case that was read with its key."""
    items = timeline.history(lines, actor, case, vault_of(session), case.key, now=now)
    return HistorySection(case.reference, case.headline, items, allows(case.state, CaseEvent.CONTACT))


def evidence_of(session: Session, actor: Actor, case: Case, lines: Sequence[Record]) -> EvidenceSection:
    """List the files of a case that was read with its key."""
    vault = vault_of(session)
    files = tuple(
        FileView(
            reference=line.detail["reference"],
            name=line.text(vault, case.key),
            note=f"{SIDE_NAMES[EvidenceSide(line.side)]}{PURPOSE_NAMES[Purpose(line.detail['purpose'])]}"
            f" · {spoken_size(line.detail['size'])}",
            has_thumbnail=line.detail["has_thumbnail"],
        )
        for line in lines
        if line.origin == FILE and not is_hidden(actor, case, EvidenceSide(line.side), line.at)
    )
    return EvidenceSection(case.reference, case.headline, files, case.state is not CaseState.WITHDRAWN)


def history_section(session: Session, actor: Actor, reference: str, *, now: datetime) -> HistorySection:
    """Read one case's history alone; raises NotFound for strangers."""
    case = fetched(session, actor, reference)
    return history_of(session, actor, case, records(session, [case.id])[case.id], now=now)


def evidence_section(session: Session, actor: Actor, reference: str) -> EvidenceSection:
    """Read one case's files alone; raises NotFound for strangers."""
    case = fetched(session, actor, reference)
    return evidence_of(session, actor, case, records(session, [case.id])[case.id])
