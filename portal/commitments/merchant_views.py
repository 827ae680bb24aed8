"""A merchant's own promise: what holds, the steps of the next version, its review, its end, its papers."""

from dataclasses import replace

from flask import Blueprint, redirect, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal import web
from portal.clocks.rules import local_day
from portal.commitments import actions, own, papers, queries, step_forms, wizard_views
from portal.commitments.actions import DraftVersion, EndPromise, KeepPromise, Renew, WithdrawSubmission
from portal.commitments.forms import EndForm
from portal.commitments.models import PromiseVersion
from portal.commitments.overview import course_of, overview_of, version_title
from portal.commitments.paper_views import certificate_file, pdf_file
from portal.commitments.papers import IssueCertificate, Size
from portal.commitments.programme_words import requirement_panels
from portal.commitments.rules import STATE_NAMES, wording
from portal.commitments.step_forms import STEPS
from portal.commitments.storing import body_of
from portal.commitments.wizard_views import PROBLEM, TOLD, own_promise, programmes, told
from portal.core.errors import NotFound, RuleBroken
from portal.core.permissions import Permission, can, require

bp = Blueprint("commitments_merchant", __name__, url_prefix="/merchant/promise")

NOTHING_OPEN = "没有可以撤回的承诺。请刷新页面。"
NOTHING_HELD = "现在没有在期的承诺，不用退出。"
STEP = f"/draft/<any({step_forms.NAMES}):step>"

bp.get(STEP)(wizard_views.write_step)
bp.post(STEP)(wizard_views.save_step)
bp.get("/draft/preview")(wizard_views.preview)
bp.post("/draft/preview")(wizard_views.submit)
bp.post("/draft/discard")(wizard_views.discard)


@bp.get("")
def show() -> ResponseReturnValue:
    """Show what holds, what is on its way, and what was."""
    mine, today = own_promise(), local_day(web.now())
    terms = queries.terms_of_all(web.database(), [mine.current])[0] if mine.current else None
    panels = [] if mine.versions else requirement_panels(programmes(mine), ())
    return web.page(
        "commitments/merchant_promise.html",
        view=overview_of(mine, terms, today=today),
        programmes=panels,
        may_write=may_write(),
        first=STEPS[0].name,
        told=session.pop(TOLD, None),
        problem=session.pop(PROBLEM, None),
    )


@bp.post("")
def start() -> ResponseReturnValue:
    """Begin a version: a copy of the one in force, or an empty one; a draft that is there already is opened."""
    mine, today = own_promise(), local_day(web.now())
    if mine.coming is None:
        begun = own.beginning(mine, programmes(mine), today=today)
        if mine.current is not None:
            begun = replace(body_of(web.database(), mine.current), first_on=begun.first_on)
        try:
            web.perform(actions.draft_version, DraftVersion(begun))
        except RuleBroken as objection:
            return told(objection.text, PROBLEM)
    return redirect(url_for(".write_step", step=STEPS[0].name), code=303)


@bp.post("/withdraw")
def withdraw() -> ResponseReturnValue:
    """Take back what is being reviewed, or passed and not begun."""
    coming = own_promise().coming
    if coming is None:
        return told(NOTHING_OPEN, PROBLEM)
    try:
        web.perform(actions.withdraw_submission, WithdrawSubmission(coming.reference))
    except RuleBroken as objection:
        return told(objection.text, PROBLEM)
    return told(_("已撤回，可以修改后重新提交。"))


@bp.post("/renew")
def renew() -> ResponseReturnValue:
    """Write the same promise again, from the day behind its expiry on."""
    try:
        web.perform(actions.renew, Renew())
    except RuleBroken as objection:
        return told(objection.text, PROBLEM)
    session[TOLD] = _("已按现在的承诺写好续期的版本。核对后提交审核。")
    return redirect(url_for(".preview"), code=303)


@bp.get("/end")
def ask_end() -> ResponseReturnValue:
    """Ask why and from when the promise ends, and say what stays."""
    return end_page(EndForm(formdata=None, data={"on": local_day(web.now())}))


@bp.post("/end")
def end() -> ResponseReturnValue:
    """End the promise with a day; what was bought until then stays covered."""
    form = EndForm()
    if not form.validate_on_submit():
        return end_page(form, status=422)
    version, on = held(), form.on.data
    try:
        web.perform(actions.end_promise, EndPromise(version.reference, form.reason.data, on))
    except RuleBroken as objection:
        web.show_objection(form, objection)
        return end_page(form, status=422)
    return told(_("已登记退出。%(day)s 是最后一个有效的购买日期。", day=on.isoformat()))


@bp.post("/keep")
def keep() -> ResponseReturnValue:
    """Take a planned end back."""
    try:
        web.perform(actions.keep_promise, KeepPromise(held().reference))
    except RuleBroken as objection:
        return told(objection.text, PROBLEM)
    return told(_("已取消退出，承诺继续有效。"))


@bp.get("/versions/<reference>")
def version(reference: str) -> ResponseReturnValue:
    """Show one version in full."""
    return version_page(reference)


@bp.post("/versions/<reference>/certificate.pdf")
def certificate(reference: str) -> ResponseReturnValue:
    """Give a version's certificate; it is numbered at the first time."""
    try:
        content = web.perform(papers.issue_certificate, IssueCertificate(reference))
    except RuleBroken as objection:
        return version_page(reference, problem=objection.text, status=422)
    return certificate_file(content, reference)


@bp.get("/versions/<reference>/poster-<any(a4,a6):size>.pdf")
def poster(reference: str, size: str) -> ResponseReturnValue:
    """Give a poster with the QR code of the public page."""
    try:
        content = papers.poster(web.database(), web.current_actor(), reference, Size(size))
    except RuleBroken as objection:
        raise NotFound(objection.text) from objection
    return pdf_file(content, f"承诺海报-{size.upper()}.pdf")


def version_page(reference: str, *, problem: str = "", status: int = 200) -> ResponseReturnValue:
    """Render one version in full."""
    found = queries.seen_version(web.database(), web.current_actor(), reference)
    terms = queries.terms_of_all(web.database(), [found])[0]
    return web.page(
        "commitments/merchant_version.html",
        status=status,
        failed=status != 200,
        version=found,
        title=version_title(found),
        state=STATE_NAMES[found.state],
        said=wording.said(terms),
        course=course_of(found),
        on_paper=found.state in papers.ON_PAPER,
        problem=problem,
    )


def end_page(form: EndForm, status: int = 200) -> ResponseReturnValue:
    """Render the question before an end."""
    version = held()
    terms = queries.terms_of_all(web.database(), [version])[0]
    return web.page(
        "commitments/merchant_end.html", status=status, failed=status != 200, form=form, said=wording.said(terms)
    )


def held() -> PromiseVersion:
    """The version in force, for someone who may end it."""
    version = own_promise().current
    if version is None:
        raise NotFound(NOTHING_HELD)
    require(web.current_actor(), Permission.PROMISE_WRITE, version.promisor)
    return version


def may_write() -> bool:
    """Say whether the reader may write the promise: heads of departments and of the merchant."""
    actor = web.current_actor()
    return can(actor, Permission.PROMISE_WRITE, own.Own(actor.organisation_id))
