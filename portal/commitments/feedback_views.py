"""A consumer tells about a promise; the authority handles it; the merchant reads what was passed on."""

from typing import Any

from flask import Blueprint, redirect, request, send_file, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from wtforms.fields.choices import SelectChoice

from portal import web
from portal.clocks.rules import local_day
from portal.commitments import feedback, feedback_lists, queries
from portal.commitments.feedback_forms import FeedbackForm, HandleForm, LookForm
from portal.commitments.feedback_lists import ExportFeedback
from portal.commitments.feedback_models import REASON_NAMES, STATE_NAMES, FeedbackState
from portal.commitments.models import Promisor
from portal.core.access import granted_until
from portal.core.errors import NotFound, RuleBroken
from portal.core.facts import SubjectKind
from portal.core.permissions import Permission, can
from portal.core.privacy import vault_of
from portal.extensions import limiter

public = Blueprint("feedback_public", __name__, url_prefix="/m/<slug>/feedback")
regulator = Blueprint("feedback_regulator", __name__, url_prefix="/regulator/promise-feedback")
merchant = Blueprint("feedback_merchant", __name__, url_prefix="/merchant/promise-feedback")

SENDS = "10 per hour"  # our limit, by address
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
TOLD = "told"
NO_PROMISE = "这家商家没有作过承诺，不能在这里反映。投诉请拨打 12315。"


@public.get("")
def write(slug: str) -> ResponseReturnValue:
    """Ask what happened; after sending, show the number."""
    return form_page(slug, FeedbackForm(formdata=None))


@public.post("")
@limiter.limit(SENDS)
def send(slug: str) -> ResponseReturnValue:
    """Store a visitor's word; a filled honeypot is told like any other mistake."""
    promisor = _promisor(slug)
    form = FeedbackForm()
    _offer_places(form, promisor)
    if not form.validate_on_submit():
        return form_page(slug, form, status=422)
    if form.website.data:
        web.show_objection(form, RuleBroken(_("请把“这一格请空着”里的内容删掉再提交。"), field="website"))
        return form_page(slug, form, status=422)
    try:
        row = web.perform(feedback.give_feedback, form.command(promisor.id))
    except RuleBroken as objection:
        web.show_objection(form, objection)
        return form_page(slug, form, status=422)
    session[TOLD] = row.reference
    return redirect(url_for(".write", slug=slug), code=303)


def form_page(slug: str, form: FeedbackForm, status: int = 200) -> ResponseReturnValue:
    """Render the form, or the number of what was just sent."""
    promisor = _promisor(slug)
    _offer_places(form, promisor)
    return web.page(
        "commitments/public_feedback.html",
        status=status,
        firm=promisor,
        form=form,
        number=session.pop(TOLD, None) if status == 200 else None,
        failed=status != 200,
    )


@regulator.get("")
def list_feedback() -> ResponseReturnValue:
    """List what consumers told about the promises of the jurisdiction."""
    found = feedback_lists.list_page(web.database(), web.current_actor(), request.args, "/regulator/promise-feedback")
    return web.page("commitments/regulator_feedback_list.html", **found)


@regulator.post("/export")
def export() -> ResponseReturnValue:
    """Give the list as XLSX, masked; that it left the house is recorded."""
    content = web.perform(feedback_lists.export_feedback, ExportFeedback(feedback_lists.filter_of(request.args)))
    return send_file(content, XLSX, as_attachment=True, download_name="承诺反馈.xlsx")


@regulator.get("/<reference>")
def show(reference: str) -> ResponseReturnValue:
    """Show one feedback, masked unless a look was granted."""
    return feedback_page(reference, HandleForm(formdata=None), LookForm(formdata=None))


@regulator.post("/<reference>/handle")
def handle(reference: str) -> ResponseReturnValue:
    """Write the result."""
    form = HandleForm()
    if not form.validate_on_submit():
        return feedback_page(reference, form, LookForm(formdata=None), status=422)
    try:
        web.perform(feedback.handle_feedback, form.command(reference))
    except RuleBroken as objection:
        web.show_objection(form, objection)
        return feedback_page(reference, form, LookForm(formdata=None), status=422)
    session[TOLD] = _("已处理。")
    return redirect(url_for(".show", reference=reference), code=303)


@regulator.post("/<reference>/reveal")
def reveal(reference: str) -> ResponseReturnValue:
    """Open words and phone for thirty minutes, with a reason."""
    form = LookForm()
    if not form.validate_on_submit():
        return feedback_page(reference, HandleForm(formdata=None), form, status=422)
    web.perform(feedback.reveal_feedback, form.command(reference))
    return redirect(url_for(".show", reference=reference), code=303)


def feedback_page(reference: str, form: HandleForm, look: LookForm, status: int = 200) -> ResponseReturnValue:
    """Render one feedback with what the officer can do."""
    actor, database = web.current_actor(), web.database()
    row = feedback.seen(database, actor, reference)
    until = granted_until(database, actor, SubjectKind.PROMISE_FEEDBACK, row.id, now=web.now())
    may = can(actor, Permission.FEEDBACK_HANDLE, row)
    return web.page(
        "commitments/regulator_feedback.html",
        status=status,
        form=form,
        look=look,
        may_look=may and until is None,
        may_handle=may and row.state is FeedbackState.WAITING,
        enrolled=row.promisor.merchant_id is not None,
        told=session.pop(TOLD, None),
        failed=status != 200,
        **_shown(row, unmasked=until is not None),
    )


@merchant.get("")
def list_passed_on() -> ResponseReturnValue:
    """List the feedback that officers passed on to the merchant."""
    found = feedback_lists.list_page(web.database(), web.current_actor(), request.args, "/merchant/promise-feedback")
    return web.page("commitments/merchant_feedback_list.html", **found)


@merchant.get("/<reference>")
def show_passed_on(reference: str) -> ResponseReturnValue:
    """Show one, masked and without the phone."""
    row = feedback.seen(web.database(), web.current_actor(), reference)
    return web.page("commitments/merchant_feedback.html", **_shown(row, unmasked=False))


def _shown(row: Any, *, unmasked: bool) -> dict[str, Any]:
    return {
        "row": row,
        "said": feedback.opened(vault_of(web.database()), row, unmasked=unmasked),
        "unmasked": unmasked,
        "state": STATE_NAMES[row.state],
        "reason": REASON_NAMES[row.reason],
        "day": local_day,
    }


def _promisor(slug: str) -> Promisor:
    promisor = queries.promisor_by_slug(web.database(), slug)
    if promisor is None:
        raise NotFound(NO_PROMISE)
    return promisor


def _offer_places(form: FeedbackForm, promisor: Promisor) -> None:
    """Offer the names of its shops, those of the newest version first."""
    history = queries.history_of(web.database(), promisor.id)
    names: dict[str, None] = {}
    for terms in reversed(history):
        names |= dict.fromkeys(place.name for place in terms.places) | dict.fromkeys(shop.name for shop in terms.shops)
    form.place.choices = [SelectChoice("", _("不清楚")), *(SelectChoice(name, name) for name in list(names)[:200])]
