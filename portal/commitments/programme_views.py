"""What promises may say in the reader's district: the rows in force, and the authority's own from a day on."""

from datetime import timedelta
from typing import Any

from flask import redirect, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal import web
from portal.clocks.rules import local_day
from portal.commitments import actions
from portal.commitments.models import Programme
from portal.commitments.programme_words import requirement_panels
from portal.commitments.programmes import own_rows, programmes_in_force
from portal.commitments.review_forms import ProgrammeForm
from portal.commitments.rules import WAY_NAMES, Way
from portal.commitments.rules.programme import Requirements
from portal.core.errors import NotAllowed, RuleBroken
from portal.core.permissions import REFUSAL, Permission, can

TOLD = "told"


def show_programmes() -> ResponseReturnValue:
    """Show the rows in force with their basis, and the form of an own row."""
    row = in_force()[Way.OFFLINE]
    start = local_day(web.now()) + timedelta(days=1)
    return programme_page(ProgrammeForm(formdata=None, data=filled(row) | {"valid_from": start}))


def edit_programmes() -> ResponseReturnValue:
    """Let the reader's authority ask for something else from a day on."""
    form = ProgrammeForm()
    if not form.validate_on_submit():
        return programme_page(form, status=422)
    try:
        web.perform(actions.edit_programme, form.command(in_force()[Way(form.way.data)].allowed))
    except RuleBroken as objection:
        web.show_objection(form, objection)
        return programme_page(form, status=422)
    session[TOLD] = _("已登记。从 %(day)s 起提交的承诺按它审核。", day=form.valid_from.data.isoformat())
    return redirect(url_for(".show_programmes"), code=303)


def programme_page(form: ProgrammeForm, status: int = 200) -> ResponseReturnValue:
    """Render the rows and the form."""
    actor = web.current_actor()
    own = own_rows(web.database(), actor.organisation_id) if actor.organisation_id else []
    return web.page(
        "commitments/regulator_programmes.html",
        status=status,
        failed=status != 200,
        programmes=requirement_panels(in_force(), ()),
        own=[line(row) for row in own],
        form=form,
        may_edit=can(actor, Permission.PROGRAMME_EDIT, actor),
        told=session.pop(TOLD, None),
    )


def in_force() -> dict[Way, Requirements]:
    """The rows that hold for the reader's authority today."""
    organisation_id = web.current_actor().organisation_id
    if organisation_id is None:
        raise NotAllowed(REFUSAL)
    return programmes_in_force(web.database(), organisation_id, local_day(web.now()))


def filled(row: Requirements) -> dict[str, Any]:
    """A row as the form shows it."""
    names = ("least_days", "most_days_to_answer", "most_days_to_refund", "valid_months", "second_review", "free")
    return {"way": row.way.value, **{name: getattr(row, name) for name in names}}


def line(row: Programme) -> dict[str, str]:
    """An own row in the list."""
    return {
        "title": _("%(way)s · 最少 %(days)s 天", way=WAY_NAMES[row.way], days=row.least_days),
        "span": _("%(first)s 起", first=row.valid_from.isoformat())
        + (_("，到 %(last)s", last=row.valid_to.isoformat()) if row.valid_to else ""),
        "basis": f"{row.basis}{row.article}",
    }
