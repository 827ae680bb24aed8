"""Visits that were released to the merchant: read them, report what was put right."""

from typing import Any

from flask import redirect, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal import web
from portal.core.errors import RuleBroken
from portal.core.permissions import Permission, can
from portal.supervision import visit_listing, visits
from portal.supervision import visit_queries as queries
from portal.supervision.desk_views import TOLD
from portal.supervision.desk_views import merchant as bp
from portal.supervision.rules.visits import LAPSE_NAMES, VISIT_STATES, VisitEvent, visit_allows
from portal.supervision.visit_forms import VisitRectifyForm

LIST = "/merchant/visits"


@bp.get("/visits")
def list_visits() -> ResponseReturnValue:
    """List the visits that were released to one's own merchant."""
    known = visit_listing.visit_list(web.database(), web.current_actor(), request.args, LIST)
    return web.page("supervision/merchant_visits.html", **known)


@bp.get("/visits/<reference>")
def show_visit(reference: str) -> ResponseReturnValue:
    """Show one visit."""
    return visit_page(reference, VisitRectifyForm(formdata=None))


@bp.post("/visits/<reference>/rectify")
def rectify_visit(reference: str) -> ResponseReturnValue:
    """Report what was put right, with photos."""
    form = VisitRectifyForm()
    if not form.validate_on_submit():
        return visit_page(reference, form, status=422)
    try:
        web.perform(visits.rectify_visit, form.report(reference))
    except RuleBroken as objection:
        web.show_objection(form, objection)
        return visit_page(reference, form, status=422)
    session[TOLD] = _("已报告整改，等待复查。")
    return redirect(url_for(".show_visit", reference=reference), code=303)


def visit_page(reference: str, form: VisitRectifyForm, status: int = 200) -> ResponseReturnValue:
    """Render one visit with what the merchant can do."""
    actor = web.current_actor()
    found = queries.visit_page(web.database(), actor, reference)
    may: bool = can(actor, Permission.VISIT_ANSWER, found.row)
    known: dict[str, Any] = {
        "found": found,
        "may_rectify": may and visit_allows(found.row.state, VisitEvent.RECTIFY),
        "form": form,
        "state": VISIT_STATES[found.row.state],
        "kinds": LAPSE_NAMES,
        "told": session.pop(TOLD, None),
    }
    return web.page("supervision/merchant_visit.html", status=status, **known)
