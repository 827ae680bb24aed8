"""The columns of a new case, filing or tip, sealed and masked, from a parsed row. No database is asked."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from portal.cases import steps
from portal.cases.models import PhoneSource
from portal.cases.rules import TURNS, CaseState, Channel
from portal.cases.steps import FirstClocks
from portal.core.privacy import Sealer, Vault, mask_name, mask_phone, usable_name
from portal.intake import rules
from portal.intake.context import Context, Place
from portal.intake.rules import ParsedRow, Routing
from portal.intake.states import AdminState

INDEXED = 20_000  # characters of a text that search knows; a tsvector holds 1 MB
ROW_DIGEST = "row"  # purpose of the keyed digest
_EXTRAS = {  # what has no column of its own, under the words that officers read
    "诉求标题": "title",
    "企业地址": "company_address",
    "具体问题": "issue",
    "事发地": "place",
}
_EXTRAS_TEXT = json.JSONEncoder(ensure_ascii=False)

Values = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class NewCase:
    """A case to be opened; reference, key and id come when it is stored."""

    values: Values
    prefix: str  # of its reference
    upwards: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Judged:
    """A new row with all that was found out about it; a complaint has a routing, a tip none."""

    row: ParsedRow
    digest: bytes
    phone_index: bytes | None
    place: Place
    routing: Routing | None = None

    @property
    def decided(self) -> Routing:
        """The routing of a complaint."""
        assert self.routing is not None
        return self.routing


def row_digest(vault: Vault, row: ParsedRow) -> bytes:
    """Return the keyed digest by which a repeated number is seen to have changed."""
    return vault.blind(rules.content(row).decode(), ROW_DIGEST)


def phone_index(vault: Vault, row: ParsedRow) -> bytes | None:
    """Return the blind index of a usable phone; masked and malformed ones have none (decisions 10)."""
    return vault.blind(row.phone, "phone") if row.phone else None


def name_index(vault: Vault, row: ParsedRow) -> bytes | None:
    """Return the blind index of a full name; masked ones have none (decisions 21)."""
    name = usable_name(row.consumer)
    return vault.blind(name, "name") if name else None


def case_of(judged: Judged, key: Sealer, context: Context, *, at: datetime) -> NewCase:
    """Compose the case that a complaint opens, dispatched or waiting, with its clocks set (decisions 2, 7)."""
    row, routing, place, vault = judged.row, judged.decided, judged.place, context.vault
    state = CaseState.DISPATCHED if routing.dispatched else CaseState.WAITING
    platform_due_on, inferred = context.platform_due_on(row, place)
    goods, problem = rules.leaf(row.object), rules.leaf(row.problem)
    channel = Channel(routing.channel)
    values = {
        "authority_id": place.id,
        "channel": channel,
        "source": row.source.value,
        "state": state,
        "turn": TURNS[state],
        "is_open": True,
        "wait_reason": routing.reason.value if routing.reason else None,
        "candidates": {"merchants": list(routing.candidates), "only": routing.merchant_id},
        "headline": rules.headline_of(goods, problem, row.demands),
        "goods": goods,
        "problem": problem,
        "demands": ",".join(row.demands),
        "sold_by": sold_by(row),
        "amount": row.amount,
        "purchased_on": row.purchased_on,
        "consumer_mask": mask_name(row.consumer),
        "name_index": name_index(vault, row),
        "phone_mask": mask_phone(row.phone),
        "phone_source": PhoneSource.FILING if row.phone else PhoneSource.NONE,
        "phone_index": judged.phone_index,
        "phone_sealed": key.seal(row.phone, "case.phone") if row.phone else None,
        "registered_at": row.registered_at,
        "opened_at": at,
        "last_event_at": at,
        "platform_due_on": platform_due_on,
        "platform_due_inferred": inferred,
    }
    started = _waiting(channel, row, place, context, at=at)
    if routing.dispatched:
        platform_end = None if inferred or platform_due_on is None else steps.binding_platform_end(platform_due_on, at)
        statutory_end = context.decide_by(channel, row.registered_at, place)
        started = _dispatched(routing, context.first_clocks(platform_end, statutory_end, place, at), at=at)
    return NewCase({**values, **started}, place.prefix, place.upwards)


def sold_by(row: ParsedRow) -> str | None:
    """Return how it was sold, as far as a list shows it."""
    return row.sale_method[:40] if row.sale_method else None


def _waiting(channel: Channel, row: ParsedRow, place: Place, context: Context, *, at: datetime) -> Values:
    due_at = context.decide_by(channel, row.registered_at, place) or context.dispatch_by(at, place)
    unset = dict.fromkeys(("merchant_id", "dispatched_at", "respond_by", "contact_by", "next_action_at"))
    return {**unset, "due_at": due_at}


def _dispatched(routing: Routing, first: FirstClocks, *, at: datetime) -> Values:
    return {
        "merchant_id": routing.merchant_id,
        "dispatched_at": at,
        "respond_by": first.respond_by,
        "contact_by": first.contact_by,
        "due_at": first.due_at,
        "next_action_at": first.next_action_at,
    }


def filing_of(judged: Judged, key: Sealer, context: Context, *, at: datetime) -> Values:
    """Compose the filing of a complaint: its number, clock and administrative state are its own (decisions 1)."""
    row, channel = judged.row, Channel(judged.decided.channel)
    decide_by = context.decide_by(channel, row.registered_at, judged.place)
    return {
        "channel": channel,
        "admin_state": AdminState.NONE if channel is Channel.GREEN else AdminState.RECEIVED,
        "decide_by": decide_by,
        "platform_due_on": row.platform_due_on,
        "platform_status": row.status,
        "dispatch_label": row.diversion_written or "",
        "publication_consent": row.publicity,
        "amount": row.amount,
        "purchased_on": row.purchased_on,
        "sold_by": sold_by(row),
        "phone_index": judged.phone_index,
        **_registered(judged, at=at),
        **sealed_parts(row, key, "filing"),
    }


def tip_of(judged: Judged, key: Sealer, context: Context, *, at: datetime) -> Values:
    """Compose an entry of the register of tips."""
    row = judged.row
    goods, problem = rules.leaf(row.object), rules.leaf(row.problem)
    return {
        "headline": rules.headline_of(goods, problem, ()),
        "informant_mask": mask_name(row.consumer),
        **_registered(judged, at=at),
        **sealed_parts(row, key, "tip"),
    }


def _registered(judged: Judged, *, at: datetime) -> Values:
    row = judged.row
    return {
        "source": row.source.value,
        "number": row.number,
        "authority_id": judged.place.id,
        "row_digest": judged.digest,
        "row": row.line,
        "registered_at": row.registered_at,
        "in_future": row.in_future,
        "reception": row.channel or "",
        "office": row.office or "",
        "company_name": row.company,
        "company_code": row.code_written,
        "object_path": row.object or "",
        "problem_path": row.problem or "",
        "created_at": at,
    }


def sealed_parts(row: ParsedRow, key: Sealer, kind: str) -> Values:
    """Seal what a person said or is known by; `kind` is filing or tip."""
    extras = {words: text for words, name in _EXTRAS.items() if (text := getattr(row, name))} | dict(row.extras)

    def sealed(text: str | None, part: str) -> bytes | None:
        return key.seal(text, f"{kind}.{part}") if text else None

    return {
        "name_sealed": sealed(row.consumer, "name"),
        "phone_sealed": sealed(row.phone_written, "phone"),
        "address_sealed": sealed(row.address, "address"),
        "text_sealed": sealed(row.text, "text"),
        "extras_sealed": sealed(_EXTRAS_TEXT.encode(extras) if extras else None, "extras"),
    }


def searchable(row: ParsedRow) -> str:
    """Return what search may find a row by: its number, the structured words, the text; no name and no phone."""
    words = (row.number, row.company, row.object, row.problem, row.title, row.text)
    return "\n".join(word for word in words if word)[:INDEXED]
