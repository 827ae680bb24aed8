"""A merchant's trainings: the invitations, its own record, and its word on who came."""

from urllib.parse import urlencode

from flask import Blueprint, redirect, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal import web
from portal.clocks.rules import local_day
from portal.core.errors import RuleBroken
from portal.training import attendance, listing, materials, queries
from portal.training.forms import PeopleForm
from portal.training.rules import MODE_NAMES, STANDING_NAMES, STANDING_TONES, Standing

bp = Blueprint("training_merchant", __name__, url_prefix="/merchant/trainings")

TOLD = "told"
PATH = "/merchant/trainings"


@bp.get("")
def list_trainings() -> ResponseReturnValue:
    """List the trainings that one was invited to."""
    database, actor = web.database(), web.current_actor()
    wanted = listing.filter_of(request.args)
    kept = {name: request.args[name] for name in ("q", "year") if request.args.get(name)}
    return web.page(
        "training/merchant_list.html",
        found=queries.own_trainings(database, actor, wanted, request.args.get("cursor")),
        wanted=wanted,
        kept=kept,
        years=queries.years(database, actor),
        today=local_day(web.now()),
        modes=MODE_NAMES,
        names=STANDING_NAMES,
        tones=STANDING_TONES,
        path=PATH,
        address=f"{PATH}?{urlencode(kept)}" if kept else PATH,
    )


@bp.get("/<reference>")
def show(reference: str) -> ResponseReturnValue:
    """Show one training and one's own attendance."""
    return training_page(reference)


@bp.post("/<reference>")
def confirm(reference: str) -> ResponseReturnValue:
    """Confirm who came."""
    found = queries.attendance(web.database(), web.current_actor(), reference)
    form = PeopleForm().offer(staff_of(found.invitation.merchant_id))
    if not form.validate_on_submit():
        return training_page(reference, form, status=422)
    try:
        web.perform(attendance.confirm_attendance, form.confirmation(reference))
    except RuleBroken as objection:
        web.show_objection(form, objection)
        return training_page(reference, form, status=422)
    session[TOLD] = _("已确认参加名单，监管部门可以看到。")
    return redirect(url_for(".show", reference=reference), code=303)


@bp.get("/<reference>/files/<file>")
def open_file(reference: str, file: str) -> ResponseReturnValue:
    """Send a file of a training that one was invited to."""
    found = materials.open_material(web.database(), web.current_actor(), reference, file)
    return web.attachment(found.content, found.media_type, found.name)


def staff_of(merchant_id: int) -> list[tuple[str, str]]:
    """One's own people, who can be chosen."""
    return attendance.staff_named(web.database(), [merchant_id]).get(merchant_id, [])


def training_page(reference: str, form: PeopleForm | None = None, status: int = 200) -> ResponseReturnValue:
    """Render a training as the invited merchant has it."""
    found = queries.attendance(web.database(), web.current_actor(), reference)
    invitation, training = found.invitation, found.training
    known = {"people": [sign_in for sign_in, _name in found.people], "others": invitation.others}
    may_confirm = (
        training.cancelled_at is None
        and training.held_on <= local_day(web.now())
        and invitation.standing is not Standing.ABSENT
    )
    return web.page(
        "training/merchant_training.html",
        status=status,
        found=found,
        training=training,
        may_confirm=may_confirm,
        files=materials.materials_of(web.database(), training),
        form=form or PeopleForm(formdata=None, data=known).offer(staff_of(invitation.merchant_id)),
        state=listing.state_words(training.held_on, training.cancelled_at, local_day(web.now())),
        modes=MODE_NAMES,
        names=STANDING_NAMES,
        tones=STANDING_TONES,
        told=session.pop(TOLD, None),
        failed=status != 200,
    )
