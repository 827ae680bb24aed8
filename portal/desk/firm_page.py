"""What a merchant's public page shows: its promise now and before, whether it covers a purchase, its figures."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import current_app

from portal import web
from portal.accounts.qr import qr_of
from portal.clocks.rules import local_day
from portal.commitments import queries
from portal.commitments.rules.coverage import Answer, Coverage, Terms, coverage, terms_at
from portal.commitments.rules.wording import Said, said, span_words
from portal.desk.firm_figures import firm_figures
from portal.desk.firm_forms import coverage_form
from portal.desk.firm_words import Firm, firm_of, standing

FORMER_SHOWN = 8  # versions told in full; earlier ones by their span
PLACES_SHOWN = 40  # outlets of the page; the list of promises has all
DOORS = {"return": "returns_public.ask", "complain": "intake_public.complain", "feedback": "feedback_public.write"}


@dataclass(frozen=True, slots=True)
class Former:
    """A version that no longer takes new purchases."""

    number: int
    span: str
    days: str
    words: Said | None  # None: one of many, told by its span


def firm_page(slug: str, asked: Mapping[str, str]) -> dict[str, Any]:
    """Everything the template needs; seven statements. Raises NotFound for an unknown slug."""
    session, today = web.database(), local_day(web.now())
    firm = firm_of(session, slug)
    history = queries.history_of(session, firm.promisor_id) if firm.promisor_id is not None else ()
    held = terms_at(history, today)
    form, outlets = coverage_form(asked, history)
    answer = coverage(history, form.purchase(outlets), today=today) if "bought" in asked and form.validate() else None
    address = f"{web.runtime().config.base_url}/m/{slug}"
    return {
        "firm": firm,
        "standing": standing(firm, held, history),
        "held": held,
        "words": said(held) if held else None,
        "places_shown": PLACES_SHOWN,
        "former": _former(history, held),
        "form": form,
        "names_outlets": len(outlets) > 1,
        "answer": answer,
        "may_return": answer is not None and answer.answer is Answer.COVERED,
        "verdict": verdict(answer) if answer else None,
        "figures": firm_figures(session, firm.merchant_id, today) if firm.merchant_id is not None else None,
        "doors": doors(firm, has_history=bool(history)),
        "address": address,
        "qr": qr_of(address),
    }


def verdict(answer: Coverage) -> tuple[str, str]:
    """The answer in a few words, and its tone."""
    words = {
        Answer.COVERED: ("能退：在承诺期限内", "good"),
        Answer.TOO_LATE: ("已经过了承诺的期限", "near"),
        Answer.FUTURE: ("日期不对", "near"),
        Answer.NOT_IN_SCOPE: ("承诺没有写到这种商品；叫法不同的，问问商家", "near"),
    }
    return words.get(answer.answer, ("承诺没有包括这次购买", "near"))


def doors(firm: Firm, *, has_history: bool) -> dict[str, str]:
    """Where a visitor can go on from here, as far as these pages exist and the merchant takes part."""
    open_here = {
        "feedback": has_history,
        "complain": firm.takes_requests,
        "return": firm.takes_requests and has_history,
    }
    addresses = {
        "return": f"/m/{firm.slug}/return",
        "complain": f"/complain/{firm.slug}",
        "feedback": f"/m/{firm.slug}/feedback",
    }
    there = current_app.view_functions
    return {name: addresses[name] for name, endpoint in DOORS.items() if open_here[name] and endpoint in there}


def _former(history: Sequence[Terms], held: Terms | None) -> list[Former]:
    earlier = [one for one in reversed(history) if held is None or one.version_id != held.version_id]
    return [
        Former(one.number, span_words(one), said(one).days, said(one) if place < FORMER_SHOWN else None)
        for place, one in enumerate(earlier)
    ]
