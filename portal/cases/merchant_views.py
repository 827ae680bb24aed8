"""What a merchant's staff do with a case: every act a POST that answers 303, or its section to htmx."""

from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, flash, make_response, redirect, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from werkzeug.exceptions import RequestEntityTooLarge

from portal import web
from portal.cases import access, actions, evidence, levels, queries, saved_views, sections
from portal.cases.actions import AcceptCase, AssignCases, TickBackfilled
from portal.cases.filters import Filters
from portal.cases.forms import (
    AssignForm,
    ContactForm,
    FilesForm,
    LowerForm,
    NoteForm,
    RaiseForm,
    ReturnForm,
    RevealForm,
    ViewForm,
    contact_form,
)
from portal.cases.levels import LevelView, TakeBack
from portal.cases.models import Case
from portal.cases.saved_views import DeleteView, ShareView
from portal.core.actor import ROLE_NAMES, Role
from portal.core.errors import RuleBroken

bp = Blueprint("cases_merchant", __name__, url_prefix="/merchant/cases")

LIST = "/merchant/cases"
TAKES_FILES = "cases_merchant.add_files"


@bp.url_value_preprocessor
def refuse_too_big(endpoint: str | None, _values: dict[str, Any] | None) -> None:
    """Refuse an upload by its Content-Length, before anything reads the body."""
    if endpoint == TAKES_FILES and (request.content_length or 0) > evidence.MAX_REQUEST:
        limit = evidence.MAX_REQUEST // (1024 * 1024)
        message = _("一次上传的文件合计不能超过 %(limit)s MB，没有保存。请压缩、剪短或分几次上传。", limit=limit)
        raise RequestEntityTooLarge(response=make_response(web.page("errors/413.html", status=413, message=message)))


@bp.post("/<reference>/accept")
def accept(reference: str) -> ResponseReturnValue:
    """受理."""
    web.perform(actions.accept_case, AcceptCase(reference))
    flash(_("已受理，可以联系消费者了"))
    return back_to_case(reference)


@bp.get("/<reference>/contact")
def write_contact(reference: str) -> ResponseReturnValue:
    """Show the contact form alone, for browsers without script."""
    return history_page(reference, contact_form(web.now()), NoteForm(formdata=None))


@bp.post("/<reference>/contact")
def record_contact(reference: str) -> ResponseReturnValue:
    """Record a contact; it may move the case, so the whole screen is shown anew."""
    form = ContactForm()
    if not form.validate_on_submit():
        return history_page(reference, form, NoteForm(formdata=None), status=422)
    try:
        web.perform(actions.record_contact, form.command(reference))
    except RuleBroken as objection:
        web.show_objection(form, objection)
        return history_page(reference, form, NoteForm(formdata=None), status=422)
    flash(_("沟通已记录"))
    return back_to_case(reference)


@bp.post("/<reference>/note")
def add_note(reference: str) -> ResponseReturnValue:
    """Write a note for colleagues."""
    form = NoteForm()
    if not form.validate_on_submit():
        return history_page(reference, contact_form(web.now()), form, status=422)
    web.perform(actions.add_note, form.command(reference))
    if web.wants_fragment():
        return history_page(reference, contact_form(web.now()), NoteForm(formdata=None))
    return back_to_case(reference)


def history_page(reference: str, contact: ContactForm, note: NoteForm, status: int = 200) -> ResponseReturnValue:
    """Render 协商过程 alone or as a page."""
    view = sections.history_section(web.database(), web.current_actor(), reference, now=web.now())
    return web.page(
        "cases/merchant_history.html",
        fragment="history",
        status=status,
        history=view,
        contact_form=contact,
        note_form=note,
        failed=status != 200,
    )


@bp.get("/<reference>/return")
def write_return(reference: str) -> ResponseReturnValue:
    """Ask why the case is given back."""
    return return_page(reference, ReturnForm(formdata=None))


@bp.post("/<reference>/return")
def return_to_officer(reference: str) -> ResponseReturnValue:
    """退回分派: the case leaves this desk."""
    form = ReturnForm()
    if not form.validate_on_submit():
        return return_page(reference, form, status=422)
    try:
        web.perform(actions.return_case, form.command(reference))
    except RuleBroken as objection:
        web.show_objection(form, objection)
        return return_page(reference, form, status=422)
    flash(_("%(reference)s 已退回分派", reference=reference))
    return redirect(LIST, code=303)


def return_page(reference: str, form: ReturnForm, status: int = 200) -> ResponseReturnValue:
    """Render the form of a return."""
    view = sections.evidence_section(web.database(), web.current_actor(), reference)
    return web.page("cases/merchant_return.html", status=status, case=view, form=form, failed=status != 200)


@bp.get("/<reference>/assign")
def choose_colleague(reference: str) -> ResponseReturnValue:
    """Ask who takes the case over."""
    return assign_page(reference, AssignForm(formdata=None))


@bp.post("/<reference>/assign")
def assign(reference: str) -> ResponseReturnValue:
    """Hand one case to a colleague."""
    form = AssignForm()
    form.person.choices = colleague_choices()
    if not form.validate_on_submit():
        return assign_page(reference, form, status=422)
    try:
        web.perform(actions.assign_cases, form.command((reference,)))
    except RuleBroken as objection:
        web.show_objection(form, objection)
        return assign_page(reference, form, status=422)
    flash(_("已转派"))
    return back_to_case(reference)


def assign_page(reference: str, form: AssignForm, status: int = 200) -> ResponseReturnValue:
    """Render the choice of a colleague."""
    view = sections.evidence_section(web.database(), web.current_actor(), reference)
    form.person.choices = colleague_choices()
    return web.page("cases/merchant_assign.html", status=status, case=view, form=form, failed=status != 200)


def colleague_choices() -> list[tuple[str, str]]:
    """Colleagues by name, and nobody."""
    people = queries.colleagues(web.database(), web.current_actor())
    named = [(one.sign_in_name, f"{one.name} · {ROLE_NAMES[Role(one.role)]}") for one in people]
    return [*named, ("none", _("不指定，大家都可以办"))]


@bp.post("/assign")
def assign_many() -> ResponseReturnValue:
    """Hand the selected cases to a colleague."""
    person = request.form.get("person", "")
    chosen = AssignCases(tuple(request.form.getlist("case")), None if person == "none" else person)
    if not person:
        raise RuleBroken(_("还没有选择接手的人。请返回列表，在“转给”里选一个人。"))
    changed = web.perform(actions.assign_cases, chosen)
    flash(_("已转派 %(count)s 件", count=changed))
    return redirect(safe_list(request.form.get("next", "")), code=303)


@bp.get("/<reference>/raise")
def write_raise(reference: str) -> ResponseReturnValue:
    """Ask to whom the case is handed up, and why."""
    return raise_page(reference, RaiseForm(formdata=None))


@bp.post("/<reference>/raise")
def hand_up(reference: str) -> ResponseReturnValue:
    """上报."""
    form = offered_levels(reference, RaiseForm())
    if not form.validate_on_submit():
        return raise_page(reference, form, status=422)
    try:
        web.perform(levels.hand_up, form.command(reference))
    except RuleBroken as objection:
        web.show_objection(form, objection)
        return raise_page(reference, form, status=422)
    flash(_("已上报"))
    return back_to_case(reference)


def offered_levels(reference: str, form: RaiseForm) -> RaiseForm:
    """The form with the levels above the case's own; colleagues by name."""
    _case, view = standing(reference)
    return form.offer(view.upwards, queries.colleagues(web.database(), web.current_actor()))


def raise_page(reference: str, form: RaiseForm, status: int = 200) -> ResponseReturnValue:
    """Render the form of handing up."""
    case, view = standing(reference)
    form.offer(view.upwards, queries.colleagues(web.database(), web.current_actor()))
    return web.page("cases/merchant_raise.html", status=status, case=case, level=view, form=form, failed=status != 200)


@bp.get("/<reference>/lower")
def write_lower(reference: str) -> ResponseReturnValue:
    """Ask to which level the case goes back down, and why."""
    return lower_page(reference, LowerForm(formdata=None))


@bp.post("/<reference>/lower")
def hand_down(reference: str) -> ResponseReturnValue:
    """交回下级."""
    form = LowerForm().offer(standing(reference)[1].downwards)
    if not form.validate_on_submit():
        return lower_page(reference, form, status=422)
    try:
        web.perform(levels.hand_down, form.command(reference))
    except RuleBroken as objection:
        web.show_objection(form, objection)
        return lower_page(reference, form, status=422)
    flash(_("已交回"))
    return back_to_case(reference)


def lower_page(reference: str, form: LowerForm, status: int = 200) -> ResponseReturnValue:
    """Render the form of handing down."""
    case, view = standing(reference)
    form.offer(view.downwards)
    return web.page("cases/merchant_lower.html", status=status, case=case, level=view, form=form, failed=status != 200)


@bp.post("/<reference>/take-back")
def take_back(reference: str) -> ResponseReturnValue:
    """收回 what one handed up oneself."""
    web.perform(levels.take_back, TakeBack(reference))
    flash(_("已收回"))
    return back_to_case(reference)


def standing(reference: str) -> tuple[Case, LevelView]:
    """The case and where it stands inside the merchant."""
    session, actor = web.database(), web.current_actor()
    case = access.fetched(session, actor, reference)
    return case, levels.level_view(session, actor, case, now=web.now())


@bp.post("/backfilled")
def tick_backfilled() -> ResponseReturnValue:
    """Tick 已回填 on one case or on many."""
    ticked = web.perform(actions.tick_backfilled, TickBackfilled(tuple(request.form.getlist("case"))))
    flash(_("已标记回填 %(count)s 件", count=ticked))
    return redirect(safe_list(request.form.get("next", "")), code=303)


@bp.post("/<reference>/reveal")
def reveal(reference: str) -> ResponseReturnValue:
    """Open the consumer's particulars for thirty minutes."""
    form = RevealForm()
    if not form.validate_on_submit():
        raise RuleBroken(_("请先选择查看理由，再点“查看”。"))
    web.perform(actions.reveal_consumer, form.command(reference))
    return back_to_case(reference)


@bp.get("/<reference>/evidence")
def show_evidence(reference: str) -> ResponseReturnValue:
    """Show the files with the form to add some."""
    return evidence_page(reference, FilesForm(formdata=None))


@bp.post("/<reference>/evidence")
def add_files(reference: str) -> ResponseReturnValue:
    """Add files; those that are there already are passed over and said so."""
    form = FilesForm()
    command = form.command(reference)
    if not form.validate_on_submit() or not command.uploads:
        form.files.errors = [*form.files.errors, _("还没有选择文件。请先选择照片、PDF 或视频。")]
        return evidence_page(reference, form, status=422)
    try:
        added = web.perform(evidence.add_evidence, command)
    except RuleBroken as objection:
        web.show_objection(form, objection)
        return evidence_page(reference, form, status=422)
    said = added_words(len(added.stored), added.repeated)
    if web.wants_fragment():
        return evidence_page(reference, FilesForm(formdata=None), said=said)
    flash(said)
    return back_to_case(reference)


def evidence_page(reference: str, form: FilesForm, status: int = 200, said: str = "") -> ResponseReturnValue:
    """Render 证据 alone or as a page."""
    view = sections.evidence_section(web.database(), web.current_actor(), reference)
    return web.page(
        "cases/merchant_evidence.html",
        fragment="evidence",
        status=status,
        evidence=view,
        files_form=form,
        said=said,
        failed=status != 200,
    )


def added_words(stored: int, repeated: int) -> str:
    """What became of an upload."""
    said = _("已上传 %(count)s 个文件", count=stored)
    return said + (_("，%(count)s 个以前传过，没有重复保存", count=repeated) if repeated else "")


@bp.post("/views")
def save_view() -> ResponseReturnValue:
    """Keep the filters in force under a name."""
    form = ViewForm()
    filters = Filters.from_query(form.query.data or "")
    if not form.validate_on_submit():
        raise RuleBroken(_("视图没有保存：名称不能为空，也不能超过 20 个字。"), field="name")
    web.perform(saved_views.save_view, form.command(filters.kept_query()))
    flash(_("视图已保存"))
    return redirect(filters.address(LIST), code=303)


@bp.post("/views/<view>/share")
def share_view(view: str) -> ResponseReturnValue:
    """Show a view to the colleagues, or no longer."""
    shared = request.form.get("shared") == "yes"
    web.perform(saved_views.share_view, ShareView(view, shared))
    flash(_("同事现在能看到这个视图") if shared else _("同事不再看到这个视图"))
    return redirect(safe_list(request.form.get("next", "")), code=303)


@bp.post("/views/<view>/delete")
def delete_view(view: str) -> ResponseReturnValue:
    """Forget a view."""
    web.perform(saved_views.delete_view, DeleteView(view))
    flash(_("视图已删除"))
    return redirect(LIST, code=303)


def back_to_case(reference: str) -> ResponseReturnValue:
    """To the case screen, inside the list it was opened from."""
    filters = Filters.from_query(urlsplit(request.referrer or "").query)
    return redirect(filters.address(f"{LIST}/{reference}"), code=303)


def safe_list(wanted: str) -> str:
    """A merchant's page of this site to return to, else the worklist."""
    parts = urlsplit(wanted)
    safe = not parts.scheme and not parts.netloc and parts.path.startswith("/merchant/")
    return wanted if safe else LIST
