"""The shape of the consumer's page: what its templates are given, already in words."""

from collections.abc import Mapping
from dataclasses import dataclass

from portal.settlements.rules import TermDraft

Pairs = tuple[tuple[str, str], ...]  # a value may be markup


@dataclass(frozen=True, slots=True)
class Choice:
    """One of two equal answers: a page to open, or a button of the form around it."""

    label: str
    result: str
    page: str = ""  # endpoint of desk_consumer
    name: str = ""
    value: str = ""


@dataclass(frozen=True, slots=True)
class Choices:
    """Answers side by side; `action` is the endpoint of the buttons among them."""

    options: tuple[Choice, ...]
    action: str = ""


@dataclass(frozen=True, slots=True)
class Slip:
    """The receipt's foot: the paper's number and check code, and a QR code that leads to /verify."""

    number: str
    check_code: str
    agreed_at: str
    qr_path: str
    qr_size: int


@dataclass(frozen=True, slots=True)
class Ask:
    """A question before an act that can't be taken back."""

    title: str
    lines: tuple[str, ...]
    action: str
    label: str
    result: str


@dataclass(frozen=True, slots=True)
class PayeePart:
    """Where the money is to go: what was given, masked, and the button that asks for it."""

    text: str
    label: str
    is_missing: bool
    warning: str = ""
    digest: str = ""  # of the round that was agreed: what a code for it is bound to
    needs_code: bool = False


@dataclass(frozen=True, slots=True)
class ConsumerView:
    """The page as its template draws it."""

    reference: str
    authority_name: str
    title: str
    rights: str
    links: Pairs  # label, endpoint
    steps: tuple[Mapping[str, str], ...]
    glyph: str = ""
    tone: str = ""
    figure: int | None = None  # 分
    figure_lines: tuple[str, ...] = ()
    figure_is_soft: bool = False
    slip: Slip | None = None
    facts: Pairs = ()
    note: str = ""
    note_tone: str = ""
    choices: Choices | None = None
    terms: Pairs = ()
    message: str = ""
    payee: PayeePart | None = None
    rating: str = ""
    remedy_title: str = ""
    remedy: str = ""
    digest: str = ""  # of the offer that waits; empty where none does
    drafts: tuple[TermDraft, ...] = ()
    in_dispute: int | None = None  # 分
    needs_code: bool = False
    code_possible: bool = True  # a verified phone is there to send it to
    phone_mask: str = ""
    consequence: str = ""
    accept_label: str = ""
    accept_result: str = ""
    happened: frozenset[str] = frozenset()  # what was done, as ?done= says it
    answered: frozenset[tuple[str, str]] = frozenset()  # the same with the digest of the offer that was answered
    ends_negotiation: bool = False  # asking the authority would
    objection_to_asking: str | None = None
    objection_to_withdrawal: str | None = None
    objection_to_rest: str | None = None
    objection_to_payee: str | None = None
