"""Officers' pages about reaching a consumer (the number, the letter) and about parting what was joined."""

from flask import Blueprint, Response, redirect
from flask.typing import ResponseReturnValue

from portal import web
from portal.core.errors import RuleBroken
from portal.documents.rendering import render_letter_pdf
from portal.mediation import letters, parting, phones
from portal.mediation.forms import DecisionForm, LetterForm, PartForm, PhoneForm
from portal.mediation.letters import MakeLetter
from portal.mediation.reaching import reaching

bp = Blueprint("mediation_regulator", __name__, url_prefix="/regulator/cases")


@bp.get("/<reference>/phone")
def show_phone(reference: str) -> ResponseReturnValue:
    """Show the form of a new number, or the change that waits for a second officer."""
    return phone_page(reference, PhoneForm(formdata=None), DecisionForm(formdata=None))


@bp.post("/<reference>/phone")
def change_phone(reference: str) -> ResponseReturnValue:
    """Change the number, or ask for it while an offer is open."""
    form = PhoneForm()
    if not form.validate_on_submit():
        return phone_page(reference, form, DecisionForm(formdata=None), status=422)
    try:
        web.perform(phones.change_phone, form.command(reference))
    except RuleBroken as objection:
        web.show_objection(form, objection)
        return phone_page(reference, form, DecisionForm(formdata=None), status=422)
    return redirect(f"/regulator/cases/{reference}", code=303)


@bp.post("/<reference>/phone/decision")
def decide_phone(reference: str) -> ResponseReturnValue:
    """Confirm or send back another officer's change."""
    form = DecisionForm()
    if not form.validate_on_submit():
        return phone_page(reference, PhoneForm(formdata=None), form, status=422)
    try:
        web.perform(phones.decide_phone, form.command(reference))
    except RuleBroken as objection:
        web.show_objection(form, objection)
        return phone_page(reference, PhoneForm(formdata=None), form, status=422)
    return redirect(f"/regulator/cases/{reference}", code=303)


def phone_page(reference: str, form: PhoneForm, decision: DecisionForm, status: int = 200) -> ResponseReturnValue:
    """Render number, pending change and form."""
    view = reaching(web.database(), web.current_actor(), reference, now=web.now())
    return web.page(
        "mediation/regulator_phone.html",
        status=status,
        view=view,
        form=form,
        decision=decision,
        failed=status != 200,
    )


@bp.get("/<reference>/part")
def show_parting(reference: str) -> ResponseReturnValue:
    """Ask which filing leaves the case, why, and where it goes."""
    return parting_page(reference, PartForm(formdata=None))


@bp.post("/<reference>/part")
def part_filing(reference: str) -> ResponseReturnValue:
    """Make a case of its own of a joined filing."""
    form = PartForm()
    if not form.validate_on_submit():
        return parting_page(reference, form, status=422)
    try:
        case = web.perform(parting.part_filing, form.command(reference))
    except RuleBroken as objection:
        web.show_objection(form, objection)
        return parting_page(reference, form, status=422)
    return redirect(f"/regulator/cases/{case.reference}", code=303)


def parting_page(reference: str, form: PartForm, status: int = 200) -> ResponseReturnValue:
    """Render the question, or why nothing may leave."""
    view = parting.parting_view(web.database(), web.current_actor(), reference)
    return web.page("mediation/regulator_part.html", status=status, view=view, form=form, failed=status != 200)


@bp.get("/<reference>/letter")
def show_letter(reference: str) -> ResponseReturnValue:
    """Say what the letter is and offer to make it; the link is on paper only."""
    return letter_page(reference, LetterForm(formdata=None))


@bp.post("/<reference>/letter")
def make_letter(reference: str) -> ResponseReturnValue:
    """Make the letter, on record, and send it as PDF this once (decisions 12)."""
    form = LetterForm()
    if not form.validate_on_submit():
        return letter_page(reference, form, status=422)
    try:
        made = web.perform(letters.make_letter, MakeLetter(reference))
    except RuleBroken as objection:
        web.show_objection(form, objection)
        return letter_page(reference, form, status=422)
    return Response(
        render_letter_pdf(web.database(), made.document, made.address),
        mimetype="application/pdf",
        headers={"Content-Disposition": f'attachment; filename="{made.document.number}.pdf"'},
    )


def letter_page(reference: str, form: LetterForm, status: int = 200) -> ResponseReturnValue:
    """Render the question for a letter."""
    view = reaching(web.database(), web.current_actor(), reference, now=web.now())
    return web.page("mediation/regulator_letter.html", status=status, view=view, form=form, failed=status != 200)
