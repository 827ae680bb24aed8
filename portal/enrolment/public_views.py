"""The public application: no sign-in; whoever holds the link fills in, submits and follows the decision."""

from collections.abc import Callable
from typing import Any

from flask import Blueprint, Response, redirect, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_wtf import FlaskForm

from portal import web
from portal.core.errors import Refused
from portal.enrolment import application_pages as pages
from portal.enrolment import applying, inviting, starting
from portal.enrolment.application_documents import AddPage, RemovePage, add_page, open_own_page, remove_page
from portal.enrolment.application_forms import (
    AccountsForm,
    ConditionsForm,
    FirmForm,
    FirstPasswordForm,
    LostLinkForm,
    StartForm,
    SubmitForm,
)
from portal.enrolment.application_links import AskForLink, ask_for_link
from portal.enrolment.application_queries import districts
from portal.enrolment.application_rules import DocumentKind
from portal.enrolment.applying import Turn
from portal.enrolment.inviting import AskForInvitation
from portal.enrolment.sending_views import attachment
from portal.enrolment.upload_views import incoming_files
from portal.extensions import csrf, limiter

bp = Blueprint("enrolment_public", __name__, url_prefix="/apply")

TOLD = "told"


@bp.after_request
def keep_out_of_indexes(response: Response) -> Response:
    """A link is a key: no search engine keeps it."""
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    return response


@bp.get("")
def start() -> ResponseReturnValue:
    """Say what is needed and show the first form."""
    return start_page(StartForm(formdata=None))


@bp.post("")
@limiter.limit("20 per hour")
def begin() -> ResponseReturnValue:
    """Begin an application; where one is open already, say so and send its link."""
    form = StartForm().offer(districts(web.database()))
    if not form.validate_on_submit():
        return start_page(form, status=422)
    try:
        started = web.perform(starting.start_application, form.command())
    except Refused as objection:
        web.show_objection(form, objection)
        return start_page(form, status=422)
    if started.token is None:
        return start_page(form, known=started.known, status=422)
    session[TOLD] = _("已经开始，链接已发到联系人手机。这个页面的地址就是续填链接。")
    return redirect(url_for(".firm", token=started.token), code=303)


@bp.post("/link")
@limiter.limit("20 per hour")
def lost_link() -> ResponseReturnValue:
    """Send the link of a code's application to its registered phone; the answer is always the same."""
    form = LostLinkForm()
    if not form.validate_on_submit():
        return start_page(StartForm(formdata=None), lost=form, status=422)
    web.perform(ask_for_link, AskForLink(form.code.data or ""))
    session[TOLD] = _("这个代码如果有申请，链接已发到登记的联系人手机。几分钟后没有收到，可以再试一次。")
    return redirect(url_for(".start"), code=303)


@bp.get("/welcome/<token>")
def welcome(token: str) -> ResponseReturnValue:
    """Show the form of the first password."""
    return welcome_page(token, FirstPasswordForm(formdata=None))


@bp.post("/welcome/<token>")
@limiter.limit("20 per hour")
def set_password(token: str) -> ResponseReturnValue:
    """Set the first password of the merchant's head."""
    form = FirstPasswordForm()
    if not form.validate_on_submit():
        return welcome_page(token, form, status=422)
    try:
        web.perform(inviting.use_invitation, form.command(token))
    except Refused as objection:
        web.show_objection(form, objection)
        return welcome_page(token, form, status=422)
    return redirect("/sign-in", code=303)


@bp.get("/<token>")
def show(token: str) -> ResponseReturnValue:
    """Where the application stands: the steps while it is filled in, then whose turn it is and what was decided."""
    found = pages.overview(web.database(), token, now=web.now())
    template = "enrolment/public_steps.html" if found.may_edit else "enrolment/public_status.html"
    return web.page(template, found=found, token=token, told=session.pop(TOLD, None))


@bp.get("/<token>/firm")
def firm(token: str) -> ResponseReturnValue:
    """Show the merchant's particulars."""
    return firm_page(token, FirmForm(formdata=None))


@bp.post("/<token>/firm")
@limiter.limit("120 per hour")
def save_firm(token: str) -> ResponseReturnValue:
    """Keep the merchant's particulars."""
    form = FirmForm().offer(districts(web.database()))
    return saved(token, form, form.validate_on_submit, applying.save_firm, firm_page, ".conditions")


@bp.get("/<token>/conditions")
def conditions(token: str) -> ResponseReturnValue:
    """Show 四有一健全."""
    return conditions_page(token, ConditionsForm(formdata=None))


@bp.post("/<token>/conditions")
@limiter.limit("120 per hour")
def save_conditions(token: str) -> ResponseReturnValue:
    """Keep what is said of 四有一健全."""
    form = ConditionsForm()
    return saved(token, form, form.validate_on_submit, applying.save_conditions, conditions_page, ".documents")


@bp.get("/<token>/documents")
def documents(token: str) -> ResponseReturnValue:
    """Show the four documents with their pages."""
    return documents_page(token)


@bp.post("/<token>/documents/<kind>")
@limiter.limit("240 per hour")
def add_pages(token: str, kind: str) -> ResponseReturnValue:
    """Store the files of one document, each as soon as it has arrived."""
    wanted = pages.kind_of(kind)
    stored, problems = receive(token, wanted)
    if problems or not stored:
        return documents_page(token, wanted, problems or [_("请选择要上传的照片或 PDF。")], stored, status=422)
    session[TOLD] = _("已存下 %(count)s 个文件。", count=stored)
    return redirect(url_for(".documents", token=token, _anchor=f"doc-{kind}"), code=303)


csrf.exempt(f"{__name__}.add_pages")  # the token is checked while the form is read: see upload_views


@bp.post("/<token>/remove-page")
@limiter.limit("240 per hour")
def remove(token: str) -> ResponseReturnValue:
    """Take a page away."""
    web.perform(remove_page, RemovePage(token, request.form.get("page", "")))
    session[TOLD] = _("已删除一页。")
    return redirect(url_for(".documents", token=token), code=303)


@bp.get("/<token>/pages/<page>")
def open_file(token: str, page: str) -> ResponseReturnValue:
    """Send a page back to whoever gave it."""
    return attachment(open_own_page(web.database(), token, page))


@bp.get("/<token>/papers/<kind>")
def paper(token: str, kind: str) -> ResponseReturnValue:
    """Show a document made from what was typed, to be printed, signed and photographed."""
    found = pages.paper(web.database(), token, pages.kind_of(kind), now=web.now())
    return web.page("enrolment/public_paper.html", found=found, token=token)


@bp.get("/<token>/accounts")
def accounts(token: str) -> ResponseReturnValue:
    """Show who is to sign in."""
    return accounts_page(token, AccountsForm(formdata=None))


@bp.post("/<token>/accounts")
@limiter.limit("120 per hour")
def save_accounts(token: str) -> ResponseReturnValue:
    """Keep who is to sign in."""
    form = AccountsForm()
    return saved(token, form, form.is_allowed, applying.save_accounts, accounts_page, ".check")


@bp.get("/<token>/check")
def check(token: str) -> ResponseReturnValue:
    """Show everything once more with the declarations."""
    return check_page(token, SubmitForm(formdata=None))


@bp.post("/<token>/check")
@limiter.limit("30 per hour")
def submit(token: str) -> ResponseReturnValue:
    """Send the application to the authority."""
    form = SubmitForm()
    if not form.validate_on_submit():
        return check_page(token, form, status=422)
    try:
        web.perform(applying.submit_application, form.command(token))
    except Refused as objection:
        web.show_objection(form, objection)
        return check_page(token, form, status=422)
    return redirect(url_for(".show", token=token), code=303)


@bp.post("/<token>/withdraw")
@limiter.limit("30 per hour")
def withdraw(token: str) -> ResponseReturnValue:
    """Take the application back."""
    web.perform(applying.withdraw_application, Turn(token))
    return redirect(url_for(".show", token=token), code=303)


@bp.post("/<token>/reopen")
@limiter.limit("30 per hour")
def reopen(token: str) -> ResponseReturnValue:
    """Apply again with what was filled in before."""
    web.perform(applying.reopen_application, Turn(token))
    session[TOLD] = _("可以修改后重新提交，以前填写的内容和材料都在。")
    return redirect(url_for(".show", token=token), code=303)


@bp.post("/<token>/invitation")
@limiter.limit("30 per hour")
def invitation(token: str) -> ResponseReturnValue:
    """Send a fresh way to the first password to the registered phone."""
    web.perform(inviting.ask_for_invitation, AskForInvitation(token))
    session[TOLD] = _("首次登录链接已发到联系人手机。几分钟后没有收到，可以再试一次。")
    return redirect(url_for(".show", token=token), code=303)


def saved(
    token: str,
    form: Any,
    is_good: Callable[[], bool],
    action: Callable[..., Any],
    again: Callable[..., ResponseReturnValue],
    onward: str,
) -> ResponseReturnValue:
    """Keep one step and go on to the next, or stay; a refused one keeps what was typed."""
    if not is_good():
        return again(token, form, status=422)
    try:
        web.perform(action, form.command(token))
    except Refused as objection:
        web.show_objection(form, objection)
        return again(token, form, status=422)
    if request.form.get("go") == "on":
        return redirect(url_for(onward, token=token), code=303)
    session[TOLD] = _("已保存。这个页面的地址就是续填链接，可以收藏。")
    return redirect(url_for(".show", token=token), code=303)


def receive(token: str, kind: DocumentKind) -> tuple[int, list[str]]:
    """Store each file that arrives; returns how many and what was said of the others."""
    stored, problems = 0, list[str]()
    fields: dict[str, str] = {}
    for part in incoming_files(fields):
        name = part.file_name or ""
        replaces = "" if stored else fields.get("replaces", "")  # only the first takes the other's place
        try:
            if web.perform(add_page, AddPage(token, kind, name, part.content, replaces)):
                stored += 1
            else:
                problems.append(_("“%(name)s”已经上传过，没有重复保存。", name=name[:60]))
        except Refused as objection:
            problems.append(objection.text)
    return stored, problems


def start_page(
    form: StartForm, lost: LostLinkForm | None = None, known: Any = None, status: int = 200
) -> ResponseReturnValue:
    """The public page of applying."""
    form.offer(districts(web.database()))
    return web.page(
        "enrolment/public_start.html",
        status=status,
        failed=status != 200,
        form=form,
        lost=lost or LostLinkForm(formdata=None, prefix="lost"),
        known=known,
        told=session.pop(TOLD, None),
    )


def welcome_page(token: str, form: FirstPasswordForm, status: int = 200) -> ResponseReturnValue:
    """The page of the first password."""
    found = inviting.welcome(web.database(), token, now=web.now())
    return web.page(
        "enrolment/public_welcome.html", status=status, failed=status != 200, form=form, found=found, token=token
    )


def firm_page(token: str, form: FirmForm, status: int = 200) -> ResponseReturnValue:
    """The page of the first step."""
    step = pages.step(web.database(), token, "firm")
    form.offer(districts(web.database()))
    if status == 200:
        form.fill(step.row, step.contact)
    return step_page("enrolment/public_firm.html", step, form, status)


def conditions_page(token: str, form: ConditionsForm, status: int = 200) -> ResponseReturnValue:
    """The page of the second step."""
    step = pages.step(web.database(), token, "conditions")
    return step_page("enrolment/public_conditions.html", step, form.fill(step.row) if status == 200 else form, status)


def accounts_page(token: str, form: AccountsForm, status: int = 200) -> ResponseReturnValue:
    """The page of the fourth step."""
    step = pages.step(web.database(), token, "accounts")
    if status == 200:
        form.fill(list(step.accounts))
    return step_page("enrolment/public_accounts.html", step, form, status)


def documents_page(
    token: str, kind: DocumentKind | None = None, problems: list[str] | None = None, stored: int = 0, status: int = 200
) -> ResponseReturnValue:
    """The page of the third step."""
    step = pages.step(web.database(), token, "documents")
    found = pages.document_lists(web.database(), step.row, kind)
    return step_page(
        "enrolment/public_documents.html",
        step,
        FlaskForm(),
        status,
        found=found,
        problems=problems or [],
        stored=stored,
    )


def check_page(token: str, form: SubmitForm, status: int = 200) -> ResponseReturnValue:
    """The page of the last step."""
    step = pages.step(web.database(), token, "check")
    found = pages.summary(web.database(), step, now=web.now())
    return step_page("enrolment/public_check.html", step, form, status, found=found)


def step_page(template: str, step: Any, form: Any, status: int, **more: Any) -> ResponseReturnValue:
    """A step of the application."""
    return web.page(
        template,
        status=status,
        failed=status != 200,
        step=step,
        form=form,
        token=step.token,
        told=session.pop(TOLD, None),
        **more,
    )
