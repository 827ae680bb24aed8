"""What the consumer filed, as the case's merchant may read it.

Filings are intake's, a capability above; of their table only the words sealed under the case's own key are read
here, so that the action which accepts a case can enter them into the merchant's ledger in the same transaction.
"""

from dataclasses import dataclass

from sqlalchemy import LargeBinary, column, select, table
from sqlalchemy.orm import Session

from portal.cases.models import Case
from portal.core.privacy import DataKey, vault_of

_FILING = table(
    "filing",
    column("id"),
    column("case_id"),
    column("source"),
    column("number"),
    column("name_sealed", LargeBinary),
    column("phone_sealed", LargeBinary),
    column("text_sealed", LargeBinary),
)


@dataclass(frozen=True, slots=True)
class Words:
    """Name, phone and complaint as filed; '' where the filing had none."""

    name: str = ""
    phone: str = ""
    text: str = ""


def filed_words(session: Session, case: Case) -> Words:
    """The consumer's words: the first name given, the number in force, and every filing's text once."""
    vault, key = vault_of(session), session.get_one(DataKey, case.key_id)
    rows = session.execute(
        select(_FILING.c.name_sealed, _FILING.c.phone_sealed, _FILING.c.text_sealed)
        .where(_FILING.c.case_id == case.id)
        .order_by(_FILING.c.id)
    ).all()

    def opened(sealed: bytes | None, part: str) -> str:
        return vault.open(key, bytes(sealed), part) if sealed else ""

    names = [opened(row.name_sealed, "filing.name") for row in rows]
    phones = [opened(case.phone_sealed, "case.phone"), *(opened(row.phone_sealed, "filing.phone") for row in rows)]
    texts = dict.fromkeys(opened(row.text_sealed, "filing.text") for row in rows)
    return Words(_first(names), _first(phones), "\n".join(text for text in texts if text))


def filed_numbers(session: Session, case: Case) -> list[tuple[str, str]]:
    """The case's filings as (channel, number), in the order in which they came."""
    rows = session.execute(
        select(_FILING.c.source, _FILING.c.number).where(_FILING.c.case_id == case.id).order_by(_FILING.c.id)
    )
    return [(row.source, row.number) for row in rows]


def _first(texts: list[str]) -> str:
    return next((text for text in texts if text), "")
