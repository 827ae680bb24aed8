"""When measures are proposed: what holds today, every row before, and a new one by the chief."""

from typing import Any

from flask import redirect, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal import web
from portal.clocks.rules import local_day
from portal.core.errors import RuleBroken
from portal.core.permissions import Permission, can
from portal.supervision import sanction_queries as queries
from portal.supervision import settings
from portal.supervision.desk_views import TOLD
from portal.supervision.desk_views import regulator as bp
from portal.supervision.rules.sanctions import LEVEL_NAMES
from portal.supervision.rules.triggers import DEFINITIONS, rule_in_force
from portal.supervision.sanction_forms import TriggerForm
from portal.supervision.settings import Own
from portal.supervision.triggers import rule_of


@bp.get("/sanctions/triggers")
def list_triggers() -> ResponseReturnValue:
    """Show what holds today and every row before."""
    return triggers_page(TriggerForm(formdata=None, data={"first_on": local_day(web.now()), "active": True}))


@bp.post("/sanctions/triggers")
def set_trigger() -> ResponseReturnValue:
    """Store a new row."""
    form = TriggerForm()
    if not form.validate_on_submit():
        return triggers_page(form, status=422)
    try:
        web.perform(settings.set_trigger, form.command())
    except RuleBroken as objection:
        web.show_objection(form, objection)
        return triggers_page(form, status=422)
    session[TOLD] = _("触发规则已登记，从生效日期起使用。")
    return redirect(url_for(".list_triggers"), code=303)


def triggers_page(form: TriggerForm, status: int = 200) -> ResponseReturnValue:
    """Render the rows with the form for the chief."""
    actor, today = web.current_actor(), local_day(web.now())
    ladder = queries.ladder_of_actor(web.database(), actor)
    rows = queries.settings_of(web.database(), sorted({*actor.jurisdiction, *ladder}))
    rules = [rule_of(row) for row, _name in rows]
    known: dict[str, Any] = {
        "definitions": DEFINITIONS,
        "current": [(code, rule_in_force(rules, code, ladder, today)) for code in DEFINITIONS],
        "rows": rows,
        "levels": LEVEL_NAMES,
        "may_set": bool(actor.organisation_id) and can(actor, Permission.TRIGGER_SET, Own(actor.organisation_id or 0)),
        "form": form,
        "told": session.pop(TOLD, None),
    }
    return web.page("supervision/regulator_triggers.html", status=status, **known)
