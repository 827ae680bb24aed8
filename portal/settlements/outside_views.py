"""The merchant records an agreement reached outside, for a consumer whom no code can reach (decisions 10)."""

from flask import redirect, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal import web
from portal.cases import access
from portal.cases.models import Case
from portal.clocks.queries import almanac
from portal.clocks.rules import local_day
from portal.core.errors import RuleBroken
from portal.settlements import actions, rules
from portal.settlements.actions.outside import objection_to_outside
from portal.settlements.forms import MAX_PROOF, OutsideForm, filled_outside


def start_outside(reference: str) -> ResponseReturnValue:
    """Show the form, started from the template of the demand."""
    case = opened(reference)
    demands = tuple(part for part in case.demands.split(",") if part)
    days = almanac(web.database()).amount("performance", local_day(web.now()))
    wanted = request.args.get("start", "") or rules.template_for(demands)
    return outside_page(case, filled_outside(rules.start_from(wanted, demands, case.amount, days)))


def change_outside(reference: str) -> ResponseReturnValue:
    """Show the form again as it was typed, with a term more or less; a chosen file has to be chosen again."""
    form = OutsideForm()
    form.validate_on_submit()
    if kind := request.form.get("drop"):
        form.drop_row(kind)
    elif "more" in request.form:
        form.add_row(request.form.get("add", ""))
    return outside_page(opened(reference), form)


def record_outside(reference: str) -> ResponseReturnValue:
    """Record what was agreed."""
    case = opened(reference)
    form = OutsideForm()
    if not form.is_allowed(case.amount):
        return outside_page(case, form, status=422)
    try:
        web.perform(actions.record_outside, form.record(reference))
    except RuleBroken as objection:
        named = "proof" if objection.field == "files" else objection.field
        web.show_objection(form, RuleBroken(objection.text, field=named))
        return outside_page(opened(reference), form, status=422)
    return redirect(f"/merchant/cases/{reference}", code=303)


def opened(reference: str) -> Case:
    """The case, for its own merchant."""
    return access.fetched(web.database(), web.current_actor(), reference)


def outside_page(case: Case, form: OutsideForm, status: int = 200) -> ResponseReturnValue:
    """Render the form, or the reason why nothing can be recorded."""
    objection = objection_to_outside(case)
    if objection:
        status = 409
    return web.page(
        "settlements/merchant_outside.html",
        fragment="offer",
        status=status,
        case=case,
        form=form,
        objection=objection or "",
        templates=rules.TEMPLATES,
        free_kinds=rules.free_kinds(form.drafts()),
        max_proof=MAX_PROOF,
        title=_("登记线下达成的和解"),
        failed=status >= 400,
    )
