"""The page on which a merchant says that a negotiation came to nothing."""

from flask import redirect
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal import web
from portal.cases import access, steps
from portal.core.errors import RuleBroken
from portal.core.permissions import Permission, require
from portal.settlements import actions, rules
from portal.settlements.actions.giving_up import NOT_NOW
from portal.settlements.forms import GiveUpForm


def start_giving_up(reference: str) -> ResponseReturnValue:
    """Show the form."""
    return giving_up_page(reference, GiveUpForm(formdata=None))


def record_giving_up(reference: str) -> ResponseReturnValue:
    """Record it."""
    form = GiveUpForm()
    if not form.validate_on_submit():
        return giving_up_page(reference, form, status=422)
    try:
        web.perform(actions.give_up, form.command(reference))
    except RuleBroken as objection:
        web.show_objection(form, objection)
        return giving_up_page(reference, form, status=422)
    return redirect(f"/merchant/cases/{reference}", code=303)


def giving_up_page(reference: str, form: GiveUpForm, status: int = 200) -> ResponseReturnValue:
    """Render the form, or the reason why nothing can be recorded."""
    case = access.fetched(web.database(), web.current_actor(), reference)
    require(web.current_actor(), Permission.CASE_HANDLE, case)
    allowed = rules.may_give_up(case.state, limit_runs=steps.limit_runs(case)) and case.raised_at is None
    status = status if allowed else 409
    return web.page(
        "settlements/merchant_giving_up.html",
        status=status,
        case=case,
        form=form,
        objection="" if allowed else NOT_NOW,
        title=_("登记协商不成"),
        failed=status >= 400,
    )
