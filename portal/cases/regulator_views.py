"""What officers do with a case's personal data: a reasoned look."""

from flask import Blueprint, redirect
from flask.typing import ResponseReturnValue

from portal import web
from portal.cases import actions, sections
from portal.cases.forms import RevealForm

bp = Blueprint("cases_regulator", __name__, url_prefix="/regulator/cases")


@bp.get("/<reference>/reveal")
def ask_reason(reference: str) -> ResponseReturnValue:
    """Ask for the reason on a page of its own."""
    return reason_page(reference, RevealForm(formdata=None))


@bp.post("/<reference>/reveal")
def reveal(reference: str) -> ResponseReturnValue:
    """Open the consumer's particulars for thirty minutes, with a reason, on record (decisions 19)."""
    form = RevealForm()
    if not form.validate_on_submit():
        return reason_page(reference, form, status=422)
    web.perform(actions.reveal_consumer, form.command(reference))
    return redirect(f"/regulator/cases/{reference}", code=303)


def reason_page(reference: str, form: RevealForm, status: int = 200) -> ResponseReturnValue:
    """Render the question for a reason."""
    view = sections.evidence_section(web.database(), web.current_actor(), reference)
    return web.page("cases/regulator_reveal.html", status=status, case=view, form=form, failed=status != 200)
