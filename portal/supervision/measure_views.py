"""Measures as the merchant sees them: confirm, object, report or ask for the way back."""

from typing import Any

from flask import redirect, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal import web
from portal.clocks.rules import SHANGHAI, local_day
from portal.core.errors import RuleBroken
from portal.core.permissions import Permission, can
from portal.supervision import measures, sanction_listing
from portal.supervision import sanction_queries as queries
from portal.supervision.desk_views import TOLD
from portal.supervision.desk_views import merchant as bp
from portal.supervision.measures import ConfirmMeasure
from portal.supervision.rules.sanctions import (
    CHIEFS_OWN,
    LEVEL_NAMES,
    MEASURE_STATES,
    NOTE_NAMES,
    MeasureEvent,
    measure_allows,
    objection_to_answer,
)
from portal.supervision.rules.triggers import DEFINITIONS
from portal.supervision.sanction_forms import AnswerForm, StatementForm

LIST = "/merchant/measures"


@bp.get("/measures")
def list_measures() -> ResponseReturnValue:
    """List the measures against one's own merchant."""
    known = sanction_listing.measure_list(web.database(), web.current_actor(), request.args, LIST)
    return web.page("supervision/merchant_measures.html", zone=SHANGHAI, **known)


@bp.get("/measures/<number>")
def show_measure(number: str) -> ResponseReturnValue:
    """Show one measure."""
    return measure_page(number, StatementForm(formdata=None), AnswerForm(formdata=None))


@bp.post("/measures/<number>/confirm")
def confirm_measure(number: str) -> ResponseReturnValue:
    """Confirm receipt."""
    web.perform(measures.confirm_measure, ConfirmMeasure(number))
    session[TOLD] = _("已确认收到。")
    return redirect(url_for(".show_measure", number=number), code=303)


@bp.post("/measures/<number>/statement")
def state_objection(number: str) -> ResponseReturnValue:
    """Put a statement beside the measure."""
    form = StatementForm()
    if not form.validate_on_submit():
        return measure_page(number, form, AnswerForm(formdata=None), status=422)
    try:
        web.perform(measures.state_objection, form.command(number))
    except RuleBroken as objection:
        web.show_objection(form, objection)
        return measure_page(number, form, AnswerForm(formdata=None), status=422)
    session[TOLD] = _("陈述已提交，监管部门会看到。")
    return redirect(url_for(".show_measure", number=number), code=303)


@bp.post("/measures/<number>/answer")
def answer_measure(number: str) -> ResponseReturnValue:
    """Report what was put right, or ask for the way back."""
    form = AnswerForm()
    if not form.validate_on_submit():
        return measure_page(number, StatementForm(formdata=None), form, status=422)
    try:
        web.perform(measures.answer_measure, form.command(number))
    except RuleBroken as objection:
        web.show_objection(form, objection)
        return measure_page(number, StatementForm(formdata=None), form, status=422)
    session[TOLD] = _("已提交，等待监管部门复查。")
    return redirect(url_for(".show_measure", number=number), code=303)


def measure_page(number: str, stating: StatementForm, answering: AnswerForm, status: int = 200) -> ResponseReturnValue:
    """Render one measure with what the merchant can do."""
    actor = web.current_actor()
    found = queries.measure_page(web.database(), actor, number)
    row = found.row
    may: bool = can(actor, Permission.MEASURE_ANSWER, row)
    known: dict[str, Any] = {
        "found": found,
        "trigger": DEFINITIONS[found.proposal.code],
        "may_confirm": may and measure_allows(row.state, MeasureEvent.CONFIRM),
        "may_answer": may and measure_allows(row.state, MeasureEvent.ANSWER),
        "not_yet": objection_to_answer(row.level, row.earliest_on, local_day(web.now())),
        "may_state": may and row.closed_at is None,
        "asks_back": row.level in CHIEFS_OWN,
        "stating": stating,
        "answering": answering,
        "state": MEASURE_STATES[row.state],
        "levels": LEVEL_NAMES,
        "states": MEASURE_STATES,
        "notes": NOTE_NAMES,
        "zone": SHANGHAI,
    }
    return web.page("supervision/merchant_measure.html", status=status, told=session.pop(TOLD, None), **known)
