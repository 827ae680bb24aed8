"""The merchant's side of a negotiation: offer with preview, undo, answer a counter, record performance.

The negotiation itself is a section of the case screen; what is refused here is shown on its own page.
"""

from collections.abc import Callable

from flask import Blueprint, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_wtf import FlaskForm

from portal import web
from portal.cases import access
from portal.cases.models import Case
from portal.cases.rules import LEVEL_NAMES
from portal.clocks.queries import almanac
from portal.clocks.rules import local_day
from portal.core.errors import Refused, RuleBroken, Stale
from portal.settlements import actions, giving_up_views, limits, outside_views, queries, rules
from portal.settlements.forms import (
    MAX_PROOF,
    CounterAnswerForm,
    GiveBackForm,
    OfferForm,
    PerformanceForm,
    RefuseCounterForm,
    filled_offer,
)
from portal.settlements.preview import preview
from portal.settlements.queries import Negotiation
from portal.settlements.rules import TermDraft

bp = Blueprint("settlements_merchant", __name__, url_prefix="/merchant/cases/<reference>/settlement")

bp.get("/giving-up")(giving_up_views.start_giving_up)
bp.post("/giving-up")(giving_up_views.record_giving_up)
bp.get("/outside")(outside_views.start_outside)
bp.post("/outside/draft")(outside_views.change_outside)
bp.post("/outside")(outside_views.record_outside)


@bp.get("")
def start_offer(reference: str) -> ResponseReturnValue:
    """Show the offer form, started from a template, the consumer's counter or our latest version."""
    case, view = opened(reference)
    if not view.can_offer:
        return negotiation_page(case, view, view.offer_objection or "", status=409)
    draft = view.approval if request.args.get("start") == "draft" else None
    message = draft.message if draft else rules.opening_words(request.args.get("start", ""))
    return offer_page(
        case, view, filled_offer(first_terms(view), asked=draft is not None and draft.consumer_asked, message=message)
    )


@bp.post("/draft")
def change_offer(reference: str) -> ResponseReturnValue:
    """Show the form again as it was typed: with a term more or less, or back from the preview."""
    case, view = opened(reference)
    form = OfferForm()
    form.validate_on_submit()
    if kind := request.form.get("drop"):
        form.drop_row(kind)
    elif "more" in request.form:
        form.add_row(request.form.get("add", ""))
    return offer_page(case, view, form)


@bp.post("/preview")
def preview_offer(reference: str) -> ResponseReturnValue:
    """Show exactly what the consumer will see; nothing is kept yet."""
    case, view = opened(reference)
    form = OfferForm()
    if not form.is_allowed(case.amount):
        return offer_page(case, view, form, status=422)
    return preview_page(case, view, form)


@bp.post("")
def send_offer(reference: str) -> ResponseReturnValue:
    """Send the offer that was previewed."""
    case, view = opened(reference)
    form = OfferForm()
    if not form.is_allowed(case.amount):
        return offer_page(case, view, form, status=422)
    return perform_offer(reference, actions.make_offer, form)


@bp.post("/hold")
def hold_offer(reference: str) -> ResponseReturnValue:
    """Hand the offer that was previewed up to someone who may send it; nothing reaches the consumer."""
    case, view = opened(reference)
    form = OfferForm()
    if not form.is_allowed(case.amount):
        return offer_page(case, view, form, status=422)
    return perform_offer(reference, actions.hold_offer, form)


def perform_offer(reference: str, action: Callable[..., object], form: OfferForm) -> ResponseReturnValue:
    """Send the offer or hand it up; one above the limit is shown again with the button that hands it up."""
    try:
        web.perform(action, form.command(reference))
    except RuleBroken as objection:
        web.show_objection(form, objection)
        case, view = opened(reference)
        if objection.field == "approval":
            return preview_page(case, view, form, status=422)
        return offer_page(case, view, form, status=422)
    return redirect(case_screen(reference), code=303)


@bp.post("/approval")
def send_draft(reference: str) -> ResponseReturnValue:
    """Send the draft that was seen, as it was handed up."""
    digest = CounterAnswerForm().digest.data or ""
    return act(reference, actions.send_draft, actions.SendDraft(reference, digest))


@bp.post("/approval/take-back")
def take_back_draft(reference: str) -> ResponseReturnValue:
    """Take one's own draft back."""
    digest = CounterAnswerForm().digest.data or ""
    return act(reference, actions.take_back_draft, actions.TakeBackDraft(reference, digest))


@bp.get("/approval/return")
def start_give_back(reference: str) -> ResponseReturnValue:
    """Ask why the draft is not sent so."""
    case, view = opened(reference)
    if view.approval is None or not view.approval.may_give_back:
        return negotiation_page(case, view, _("现在没有等你审批的方案。请查看最新进展。"), status=409)
    return give_back_page(view, GiveBackForm(digest=view.approval.digest))


@bp.post("/approval/return")
def give_back(reference: str) -> ResponseReturnValue:
    """Give the draft that was seen back to be changed."""
    form = GiveBackForm()
    if not form.validate_on_submit():
        return give_back_page(opened(reference)[1], form, status=422)
    return act(reference, actions.give_back, form.command(reference))


@bp.post("/<int:round_number>/undo")
def undo_offer(reference: str, round_number: int) -> ResponseReturnValue:
    """Take an offer back while the consumer has not seen it."""
    return act(reference, actions.undo_offer, actions.UndoOffer(reference, round_number))


@bp.post("/acceptance")
def accept_counter(reference: str) -> ResponseReturnValue:
    """Accept the counter that was seen."""
    digest = CounterAnswerForm().digest.data or ""
    return act(reference, actions.accept_counter, actions.AcceptCounter(reference, digest))


@bp.post("/acceptance/hold")
def hold_acceptance(reference: str) -> ResponseReturnValue:
    """Hand the counter that was seen up to someone who may accept it."""
    digest = CounterAnswerForm().digest.data or ""
    return act(reference, actions.hold_acceptance, actions.AcceptCounter(reference, digest))


@bp.get("/refusal")
def start_refusal(reference: str) -> ResponseReturnValue:
    """Ask for the reason why the counter is not accepted."""
    case, view = opened(reference)
    if not view.can_answer or view.pending is None:
        return negotiation_page(case, view, rules.NO_OFFER, status=409)
    return refusal_page(view, RefuseCounterForm(digest=view.pending.digest))


@bp.post("/refusal")
def refuse_counter(reference: str) -> ResponseReturnValue:
    """Refuse the counter that was seen."""
    form = RefuseCounterForm()
    if not form.validate_on_submit():
        return refusal_page(opened(reference)[1], form, status=422)
    return act(reference, actions.refuse_counter, form.command(reference))


@bp.get("/performance")
def start_performance(reference: str) -> ResponseReturnValue:
    """Ask what was done, when, and for the proof."""
    case, view = opened(reference)
    if not view.can_perform:
        return negotiation_page(case, view, _("现在没有要履行的协议。请查看最新进展。"), status=409)
    return performance_page(view, PerformanceForm(performed_on=local_day(web.now())))


@bp.post("/performance")
def record_performance(reference: str) -> ResponseReturnValue:
    """Record what was done."""
    form = PerformanceForm()
    if not form.validate_on_submit():
        return performance_page(opened(reference)[1], form, status=422)
    try:
        web.perform(actions.record_performance, form.command(reference))
    except RuleBroken as objection:
        web.show_objection(form, on_proof(objection))
        return performance_page(opened(reference)[1], form, status=422)
    return redirect(case_screen(reference), code=303)


def act(reference: str, action: Callable[..., object], command: object) -> ResponseReturnValue:
    """Do one thing and go back to the case; a refusal is shown above the negotiation as it is now."""
    try:
        web.perform(action, command)
    except (RuleBroken, Stale) as refusal:
        return negotiation_page(*opened(reference), refusal.text, status=409)
    return redirect(case_screen(reference), code=303)


def opened(reference: str) -> tuple[Case, Negotiation]:
    """The case and its negotiation, for its own merchant."""
    case = access.fetched(web.database(), web.current_actor(), reference)
    return case, queries.negotiation(web.database(), web.current_actor(), case, now=web.now())


def first_terms(view: Negotiation) -> tuple[TermDraft, ...]:
    """Where the offer starts: what the address asks for, else the counter, else the template of the demand."""
    wanted = request.args.get("start", "")
    if wanted == "draft" and view.approval:
        return view.approval.terms
    if wanted == "ours" and view.latest_ours:
        return view.latest_ours.terms
    if view.can_answer and view.pending and not wanted:
        return view.pending.terms
    days = almanac(web.database()).amount("performance", local_day(web.now()))
    return rules.start_from(wanted or rules.template_for(view.demands), view.demands, view.in_dispute, days)


def on_proof(objection: Refused) -> Refused:
    """A refusal of the file stands at the form's own field."""
    return RuleBroken(objection.text, field="proof") if objection.field == "files" else objection


def case_screen(reference: str) -> str:
    """The address of the case screen, which belongs to the desk."""
    return f"/merchant/cases/{reference}"


def offer_page(case: Case, view: Negotiation, form: FlaskForm, status: int = 200) -> ResponseReturnValue:
    """The offer form."""
    return web.page(
        "settlements/merchant_offer.html",
        fragment="offer",
        status=status,
        case=case,
        view=view,
        form=form,
        templates=rules.TEMPLATES,
        free_kinds=rules.free_kinds(form.drafts()),
        failed=status >= 400,
    )


def preview_page(case: Case, view: Negotiation, form: OfferForm, status: int = 200) -> ResponseReturnValue:
    """What the consumer will see, with the buttons that send it, hand it up or go back."""
    outlay = rules.outlay(form.drafts())
    found = limits.sending(web.database(), web.current_actor(), case, outlay, now=web.now())
    seen = preview(web.database(), case, form.drafts(), form.command(case.reference).message, now=web.now())
    return web.page(
        "settlements/merchant_preview.html",
        fragment="preview",
        status=status,
        case=case,
        view=view,
        form=form,
        seen=seen,
        undo_seconds=web.database().info["undo_seconds"],
        objection=found.objection or "",
        needs=LEVEL_NAMES[rules.needed_level(outlay, found.limits)],
        acting_for=found.authority.acting_for,
        failed=status >= 400,
    )


def refusal_page(view: Negotiation, form: RefuseCounterForm, status: int = 200) -> ResponseReturnValue:
    """The form for refusing a counter."""
    return web.page("settlements/merchant_refusal.html", status=status, view=view, form=form, failed=status >= 400)


def give_back_page(view: Negotiation, form: GiveBackForm, status: int = 200) -> ResponseReturnValue:
    """The form for giving a draft back."""
    return web.page("settlements/merchant_give_back.html", status=status, view=view, form=form, failed=status >= 400)


def performance_page(view: Negotiation, form: PerformanceForm, status: int = 200) -> ResponseReturnValue:
    """The form for recording performance."""
    return web.page(
        "settlements/merchant_performance.html",
        status=status,
        view=view,
        form=form,
        max_proof=MAX_PROOF,
        failed=status >= 400,
    )


def negotiation_page(case: Case, view: Negotiation, objection: str, status: int) -> ResponseReturnValue:
    """The negotiation alone, with what was refused on top."""
    return web.page(
        "settlements/merchant_negotiation.html",
        fragment="negotiation",
        status=status,
        case=case,
        negotiation=view,
        objection=objection,
        here=url_for(".start_offer", reference=case.reference),
    )
