"""Officers call consumers back: the list, one call, its result."""

from flask import Blueprint, redirect, request, url_for
from flask.typing import ResponseReturnValue

from portal import web
from portal.clocks.rules import SHANGHAI
from portal.core.errors import RuleBroken
from portal.settlements import actions
from portal.settlements.forms import CallbackForm
from portal.settlements.queries import callbacks as queries

bp = Blueprint("settlements_regulator", __name__, url_prefix="/regulator/callbacks")


@bp.get("")
def callbacks() -> ResponseReturnValue:
    """List whom to call."""
    found = queries.callbacks(web.database(), web.current_actor(), request.args.get("cursor"))
    return web.page("settlements/regulator_callbacks.html", found=found, zone=SHANGHAI)


@bp.get("/<reference>")
def show_callback(reference: str) -> ResponseReturnValue:
    """Show one call-back with the form of its result."""
    return callback_page(reference, CallbackForm(formdata=None))


@bp.post("/<reference>")
def record_callback(reference: str) -> ResponseReturnValue:
    """Write down what a call brought."""
    form = CallbackForm()
    if not form.validate_on_submit():
        return callback_page(reference, form, status=422)
    try:
        web.perform(actions.record_callback, form.command(reference))
    except RuleBroken as objection:
        web.show_objection(form, objection)
        return callback_page(reference, form, status=422)
    return redirect(url_for(".callbacks"), code=303)


def callback_page(reference: str, form: CallbackForm, status: int = 200) -> ResponseReturnValue:
    """Render one call-back; strangers find none."""
    view = queries.callback(web.database(), web.current_actor(), reference)
    form.offer(view.results)
    return web.page(
        "settlements/regulator_callback.html", status=status, view=view, form=form, zone=SHANGHAI, failed=status != 200
    )
