"""The authority's trainings: the year's plan, the list, recording one, who came, and who attended none."""

from flask import Blueprint, redirect, request, send_file, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal import web
from portal.clocks.rules import local_day
from portal.core.errors import Refused, RuleBroken
from portal.core.imported import Imported
from portal.core.permissions import Permission, can
from portal.training import actions, attendance, importing, listing, materials, queries
from portal.training.forms import AttendanceForm, CancelForm, ChangeForm, FilesForm, ImportForm, NewForm, filled
from portal.training.importing import ImportAttendance
from portal.training.listing import ExportAbsent, ExportTrainings
from portal.training.materials import MAX_AT_ONCE, MAX_FILES, RemoveMaterial
from portal.training.rules import MODE_NAMES, SCOPE_NAMES, STANDING_NAMES, STANDING_TONES, Standing

bp = Blueprint("training_regulator", __name__, url_prefix="/regulator/trainings")

TOLD = "told"  # one sentence for the next page
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@bp.get("")
def list_trainings() -> ResponseReturnValue:
    """List the trainings of the jurisdiction with the year's plan."""
    found = listing.list_page(web.database(), web.current_actor(), request.args, now=web.now())
    return web.page("training/regulator_list.html", state_words=listing.state_words, **found)


@bp.post("/export")
def export() -> ResponseReturnValue:
    """Give the list as XLSX; that it left the house is recorded."""
    content = web.perform(listing.export_trainings, ExportTrainings(listing.filter_of(request.args)))
    return send_file(content, XLSX, as_attachment=True, download_name=f"培训-{local_day(web.now())}.xlsx")


@bp.get("/absent")
def list_absent() -> ResponseReturnValue:
    """List the merchants that attended no training of a year."""
    found = listing.absent_page(web.database(), web.current_actor(), request.args, now=web.now())
    return web.page("training/regulator_absent.html", **found)


@bp.post("/absent/export")
def export_absent() -> ResponseReturnValue:
    """Give the merchants that attended none as XLSX."""
    year = listing.year_of(request.args) or local_day(web.now()).year
    content = web.perform(listing.export_absent, ExportAbsent(year, request.args.get("q", "").strip()))
    return send_file(content, XLSX, as_attachment=True, download_name=f"{year}年未参加培训企业.xlsx")


@bp.get("/new")
def new() -> ResponseReturnValue:
    """Show the form of a training."""
    return new_page(NewForm(formdata=None, data={"codes": request.args.get("code", "")}))


@bp.post("/new")
def record() -> ResponseReturnValue:
    """Record a training and invite merchants."""
    form = NewForm()
    if not form.validate_on_submit():
        return new_page(form, status=422)
    try:
        row = web.perform(actions.record_training, form.command())
    except RuleBroken as objection:
        web.show_objection(form, objection)
        return new_page(form, status=422)
    session[TOLD] = _("已登记，%(count)s 家企业的通知里会出现这次培训。", count=row.invited)
    return redirect(url_for(".show", reference=row.reference), code=303)


@bp.get("/<reference>")
def show(reference: str) -> ResponseReturnValue:
    """Show one training and its merchants."""
    return training_page(reference)


@bp.get("/<reference>/edit")
def edit(reference: str) -> ResponseReturnValue:
    """Show the form that puts a training right."""
    found = queries.training_page(web.database(), web.current_actor(), reference)
    return edit_page(reference, filled(found.training))


@bp.post("/<reference>/edit")
def change(reference: str) -> ResponseReturnValue:
    """Put a training right."""
    form = ChangeForm()
    if not form.validate_on_submit():
        return edit_page(reference, form, status=422)
    try:
        web.perform(actions.change_training, form.command(reference))
    except RuleBroken as objection:
        web.show_objection(form, objection)
        return edit_page(reference, form, status=422)
    session[TOLD] = _("已更正。")
    return redirect(url_for(".show", reference=reference), code=303)


@bp.post("/<reference>/cancel")
def cancel(reference: str) -> ResponseReturnValue:
    """Call a training off."""
    form = CancelForm()
    if not form.validate_on_submit():
        return training_page(reference, cancelling=form, status=422)
    try:
        web.perform(actions.cancel_training, form.command(reference))
    except RuleBroken as objection:
        web.show_objection(form, objection)
        return training_page(reference, cancelling=form, status=422)
    session[TOLD] = _("已取消，企业会收到通知。")
    return redirect(url_for(".show", reference=reference), code=303)


@bp.post("/<reference>/files")
def add_files(reference: str) -> ResponseReturnValue:
    """Store files that the training hands out."""
    form = FilesForm()
    if not form.validate_on_submit():
        return training_page(reference, adding=form, status=422)
    try:
        count = web.perform(materials.add_materials, form.command(reference))
    except RuleBroken as objection:
        web.show_objection(form, objection)
        return training_page(reference, adding=form, status=422)
    session[TOLD] = _("已存下 %(count)s 个文件，收到通知的企业可以下载。", count=count)
    return redirect(url_for(".show", reference=reference), code=303)


@bp.get("/<reference>/files/<file>")
def open_file(reference: str, file: str) -> ResponseReturnValue:
    """Send a file of a training."""
    found = materials.open_material(web.database(), web.current_actor(), reference, file)
    return web.attachment(found.content, found.media_type, found.name)


@bp.post("/<reference>/files/<file>/remove")
def remove_file(reference: str, file: str) -> ResponseReturnValue:
    """Take a file away again."""
    web.perform(materials.remove_material, RemoveMaterial(reference, file))
    session[TOLD] = _("已删除一个文件。")
    return redirect(url_for(".show", reference=reference), code=303)


@bp.get("/<reference>/template")
def template(reference: str) -> ResponseReturnValue:
    """Give the attendance list to fill in."""
    content = listing.template(web.database(), web.current_actor(), reference)
    return send_file(content, XLSX, as_attachment=True, download_name=f"参加情况-{reference}.xlsx")


@bp.post("/<reference>/import")
def import_list(reference: str) -> ResponseReturnValue:
    """Take the attendance from a file: good rows are kept, faulty ones told by line."""
    form = ImportForm()
    if not form.validate_on_submit():
        return training_page(reference, importing_form=form, status=422)
    try:
        rows = importing.read_attendance(form.file.data.stream)
        outcome = web.perform(importing.import_attendance, ImportAttendance(reference, rows))
    except Refused as objection:
        form.file.errors = [objection.text]
        return training_page(reference, importing_form=form, status=422)
    return training_page(reference, outcome=outcome)


@bp.get("/<reference>/merchants/<code>")
def show_merchant(reference: str, code: str) -> ResponseReturnValue:
    """Show one merchant's attendance."""
    return merchant_page(reference, code)


@bp.post("/<reference>/merchants/<code>")
def record_merchant(reference: str, code: str) -> ResponseReturnValue:
    """Record one merchant's attendance."""
    found = queries.attendance(web.database(), web.current_actor(), reference, code)
    form = AttendanceForm().offer(staff_of(found.invitation.merchant_id))
    if not form.validate_on_submit():
        return merchant_page(reference, code, form, status=422)
    try:
        web.perform(attendance.record_attendance, form.command(reference, code))
    except RuleBroken as objection:
        web.show_objection(form, objection)
        return merchant_page(reference, code, form, status=422)
    session[TOLD] = _("已登记%(merchant)s的参加情况。", merchant=found.merchant)
    return redirect(url_for(".show", reference=reference), code=303)


def staff_of(merchant_id: int) -> list[tuple[str, str]]:
    """The people of a merchant who can be chosen."""
    return attendance.staff_named(web.database(), [merchant_id]).get(merchant_id, [])


def new_page(form: NewForm, status: int = 200) -> ResponseReturnValue:
    """Render the form of a training."""
    return web.page("training/regulator_new.html", status=status, form=form, failed=status != 200)


def edit_page(reference: str, form: ChangeForm, status: int = 200) -> ResponseReturnValue:
    """Render the form that puts a training right."""
    found = queries.training_page(web.database(), web.current_actor(), reference)
    return web.page(
        "training/regulator_edit.html", status=status, form=form, training=found.training, failed=status != 200
    )


def merchant_page(
    reference: str, code: str, form: AttendanceForm | None = None, status: int = 200
) -> ResponseReturnValue:
    """Render one merchant's attendance."""
    found = queries.attendance(web.database(), web.current_actor(), reference, code)
    known = {
        "people": [sign_in for sign_in, _name in found.people],
        "others": found.invitation.others,
        "standing": "" if found.invitation.standing is Standing.UNKNOWN else found.invitation.standing.value,
    }
    shown = form or AttendanceForm(formdata=None, data=known).offer(staff_of(found.invitation.merchant_id))
    return web.page("training/regulator_merchant.html", status=status, form=shown, found=found, failed=status != 200)


def training_page(
    reference: str,
    *,
    cancelling: CancelForm | None = None,
    importing_form: ImportForm | None = None,
    adding: FilesForm | None = None,
    outcome: Imported | None = None,
    status: int = 200,
) -> ResponseReturnValue:
    """Render a training, its merchants and the steps that are possible now."""
    database, actor = web.database(), web.current_actor()
    found = queries.training_page(database, actor, reference)
    asked = request.args.get("standing", "")
    standing = Standing(asked) if asked in set(Standing) else None
    q = request.args.get("q", "").strip()
    may_act = can(actor, Permission.TRAINING_RECORD, found.training) and found.training.cancelled_at is None
    return web.page(
        "training/regulator_training.html",
        status=status,
        found=found,
        training=found.training,
        lines=queries.invited(database, actor, reference, standing=standing, q=q, cursor=request.args.get("cursor")),
        standing=standing,
        q=q,
        may_act=may_act,
        is_held=found.training.held_on <= local_day(web.now()),
        state=listing.state_words(found.training.held_on, found.training.cancelled_at, local_day(web.now())),
        modes=MODE_NAMES,
        scopes=SCOPE_NAMES,
        names=STANDING_NAMES,
        tones=STANDING_TONES,
        cancelling=cancelling or CancelForm(formdata=None),
        importing_form=importing_form or ImportForm(formdata=None),
        files=materials.materials_of(database, found.training),
        adding=adding or FilesForm(formdata=None),
        most=(MAX_AT_ONCE, MAX_FILES),
        outcome=outcome,
        told=session.pop(TOLD, None),
        failed=status != 200,
    )
