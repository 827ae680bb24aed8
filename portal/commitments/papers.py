"""A version on paper: the numbered certificate (a form of our own, not an official one) and posters for the shop."""

import json
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from portal.clocks.rules import SHANGHAI
from portal.commitments import queries
from portal.commitments.models import PromiseVersion, Promisor
from portal.commitments.rules import PromiseState, wording
from portal.commitments.rules.telling import plain_day
from portal.commitments.rules.terms import Terms
from portal.core.actor import Actor
from portal.core.errors import RuleBroken
from portal.core.privacy import vault_of
from portal.documents.models import Document, DocumentKind, DocumentState
from portal.documents.rendering import compiled_pdf, qr_svg, render_agreement_pdf
from portal.documents.sealing import Certificate, seal_document

ON_PAPER = (PromiseState.PASSED, PromiseState.CURRENT)
NOT_IN_FORCE = "只有审核通过或在期的承诺才有承诺书和海报。过去的版本可以在“历次承诺”里查看。"
NOTICE = "本承诺书由商家自愿作出，使用本平台自己的式样，不是市场监管部门的官方文书式样。"
DECLARATION = "我方自愿作出以下无理由退货承诺，向社会公开，接受消费者和社会监督。"
FOOT = "以购买当天有效的承诺为准"
MOST_WORDS = 90  # characters of a line on a poster; the address shows everything
MOST_LINES = 4


class Size(StrEnum):
    """The two sizes of a poster: for the wall and for the counter."""

    A4 = "a4"
    A6 = "a6"


@dataclass(frozen=True, slots=True)
class IssueCertificate:
    """Which version goes on paper."""

    reference: str


def issue_certificate(session: Session, actor: Actor, command: IssueCertificate, *, now: datetime) -> bytes:
    """Give a version's certificate as PDF/A-2b; it is numbered and sealed at the first time, and the same ever after.

    Refuses with RuleBroken what is neither passed nor in force, and was never put on paper.
    """
    version = queries.locked_version(session, actor, command.reference)
    document = session.scalars(select(Document).where(Document.number == number_of(version))).first()
    if document is None:
        if version.state not in ON_PAPER:
            raise RuleBroken(NOT_IN_FORCE)
        key = vault_of(session).new_key(session, now=now)
        session.flush()
        document = seal_document(session, key, _certificate(session, version), now=now)
    return render_agreement_pdf(session, document)


def retire_certificate(session: Session, version: PromiseVersion) -> None:
    """Let `/verify` say that a version's paper no longer speaks for new purchases; without a paper nothing happens."""
    promisor = session.get_one(Promisor, version.promisor_id)
    session.execute(
        update(Document)
        .where(Document.number == _number(promisor, version), Document.kind == DocumentKind.PROMISE)
        .values(state=DocumentState.REPLACED)
    )


def number_of(version: PromiseVersion) -> str:
    """The paper's number: CS-, the name of the merchant's public page, the version's number."""
    return _number(version.promisor, version)


def poster(session: Session, actor: Actor, reference: str, size: Size) -> bytes:
    """A poster of a version as PDF/A-2b; its QR code and the line beside it lead to the merchant's public page."""
    version = queries.seen_version(session, actor, reference)
    if version.state not in ON_PAPER:
        raise RuleBroken(NOT_IN_FORCE)
    terms = queries.terms_of(session, version.id)
    content = json.dumps(poster_content(version, terms, page_address(session, version.promisor.slug)))
    made_at = version.second_at or version.first_at or version.created_at
    return compiled_pdf("poster.typ", {"content": content, "size": size.value}, made_at=made_at)


def page_address(session: Session, slug: str) -> str:
    """The merchant's public page as people type it."""
    return f"{session.info['base_url']}/m/{slug}"


def poster_content(version: PromiseVersion, terms: Terms, address: str) -> dict[str, object]:
    """What the poster says, short enough for its smaller size."""
    scope = wording.scope_pairs(terms)
    covered = [f"{what} {days}" if len(scope) > 1 else what for days, what in scope]
    rows = [("适用", _short(covered))]
    if terms.exclusions:
        rows.append(("不适用", _short([row.text for row in terms.exclusions])))
    rows.append(("运费", dict(wording.term_pairs(terms))["退货运费"]))
    if terms.conditions:
        rows.append(("条件", _short([terms.conditions])))
    return {
        "title": f"{version.promisor.name}无理由退货承诺",
        "name": version.promisor.name,
        "where": _short([place.name for place in terms.places]) if terms.places else "",
        "days": wording.days_words(terms),
        "note": wording.start_words(terms),
        "rows": rows,
        "qr": qr_svg(address),
        "address": address,
        "foot": f"{FOOT}。第 {terms.number} 版，{wording.span_words(terms)}",
    }


def _number(promisor: Promisor, version: PromiseVersion) -> str:
    return f"CS-{promisor.slug.upper()}-{version.number}"


def _certificate(session: Session, version: PromiseVersion) -> Certificate:
    terms, promisor = queries.terms_of(session, version.id), version.promisor
    return Certificate(
        number=number_of(version),
        title="无理由退货承诺书",
        declaration=DECLARATION,
        promisor=(
            ("名称", promisor.name),
            ("统一社会信用代码", promisor.code),
            ("联系电话", promisor.phone),
            ("公开页面", page_address(session, promisor.slug)),
        ),
        span=f"{wording.span_words(terms)}（第 {terms.number} 版）",
        scope=wording.scope_pairs(terms),
        terms=wording.term_pairs(terms),
        exclusions=wording.exclusion_pairs(terms),
        places=wording.place_lines(terms),
        clauses=wording.CLAUSES,
        review=_review(version),
        notice=NOTICE,
    )


def _review(version: PromiseVersion) -> tuple[tuple[str, str], ...]:
    said = (
        ("初审", version.first_at, version.first_by),
        ("复审", version.second_at, version.second_by),
    )
    rows = [(name, f"{plain_day(at.astimezone(SHANGHAI).date())} {by or ''}".strip()) for name, at, by in said if at]
    if version.published_on:
        rows.append(("公示日期", plain_day(version.published_on)))
    return tuple(rows)


def _short(words: list[str]) -> str:
    shown = "；".join(words[:MOST_LINES]) + ("；等" if len(words) > MOST_LINES else "")
    return shown if len(shown) <= MOST_WORDS else f"{shown[: MOST_WORDS - 1]}…"
