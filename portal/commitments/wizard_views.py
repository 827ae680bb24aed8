"""The steps of a merchant's next version: each shown, kept, and at the end submitted."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from flask import redirect, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal import web
from portal.clocks.rules import local_day
from portal.commitments import actions, own, step_forms
from portal.commitments.actions import DiscardDraft, SaveDraft, SubmitVersion
from portal.commitments.forms import DeclarationForm, StepForm
from portal.commitments.models import PromiseVersion
from portal.commitments.own import OwnPromise
from portal.commitments.programme_words import requirement_panels
from portal.commitments.rules import wording
from portal.commitments.rules.body import OutletRow, PromiseBody, ScopeRow
from portal.commitments.rules.programme import Requirements
from portal.commitments.rules.versions import ways_of
from portal.commitments.rules.words import Way
from portal.commitments.step_forms import STEPS, Step
from portal.commitments.storing import body_of
from portal.core.errors import RuleBroken
from portal.core.permissions import Permission, require

TOLD, PROBLEM = "told", "problem"  # one sentence for the next page
ASKED_STEPS = 3  # the first ones show beside them what the programme asks


def write_step(step: str) -> ResponseReturnValue:
    """Show one step of the draft."""
    mine, this = own_promise(), step_forms.step_of(step)
    version = writable(mine)
    body = body_of(web.database(), version, only=this.fields)
    return step_page(mine, this, step_forms.form_for(this, body, programmes(mine), outlets(this)))


def save_step(step: str) -> ResponseReturnValue:
    """Keep one step; or show it again with a row more or less, or with what is wrong."""
    mine, this = own_promise(), step_forms.step_of(step)
    version, asked, own_shops = writable(mine), programmes(mine), outlets(this)
    form = step_forms.offered(this.form(), asked, own_shops)
    if form.change_rows(request.form):
        return step_page(mine, this, step_forms.offered(form, asked, own_shops))
    if not form.validate_on_submit():
        return step_page(mine, this, form, status=422)
    body = step_forms.with_own_days(form.put(body_of(web.database(), version)))
    try:
        web.perform(actions.save_draft, SaveDraft(version.reference, body))
    except RuleBroken as objection:
        web.show_objection(form, objection)
        return step_page(mine, this, form, status=422)
    return saved(mine, this, form, body)


def preview() -> ResponseReturnValue:
    """Show the draft exactly as consumers will read it, and what still keeps it from being submitted."""
    return preview_page(DeclarationForm(formdata=None))


def submit() -> ResponseReturnValue:
    """Hand the draft to the authority."""
    form = DeclarationForm()
    if not form.validate_on_submit():
        return preview_page(form, status=422)
    version = writable(own_promise())
    try:
        web.perform(actions.submit_version, SubmitVersion(version.reference))
    except RuleBroken:  # the page says it, each fault with the way to its field
        return preview_page(form, status=422)
    return told(_("已提交审核。审核通过后会有通知。"))


def discard() -> ResponseReturnValue:
    """Drop a draft that nobody has seen."""
    version = writable(own_promise())
    try:
        web.perform(actions.discard_draft, DiscardDraft(version.reference))
    except RuleBroken as objection:
        return told(objection.text, PROBLEM)
    return told(_("草稿已删去。"))


def saved(mine: OwnPromise, step: Step, form: StepForm, body: PromiseBody) -> ResponseReturnValue:
    """Go on behind a step that was kept; what the programme does not allow is shown at its field first."""
    if request.form.get("then") == "later":
        return told(_("已保存。可以随时回来继续填写。"))
    found = own.faults(mine, body, programmes(mine), today=local_day(web.now()))
    if step_forms.show_faults(form, step, found):
        return step_page(mine, step, form, status=422, kept=True)
    following = step_forms.next_step(step)
    target = url_for(".preview") if following is None else url_for(".write_step", step=following.name)
    return redirect(target, code=303)


def step_page(
    mine: OwnPromise, step: Step, form: StepForm, *, status: int = 200, kept: bool = False
) -> ResponseReturnValue:
    """Render one step."""
    version = own.draft_of(mine)
    panels = requirement_panels(programmes(mine), ()) if step.place <= ASKED_STEPS else []
    return web.page(
        "commitments/merchant_step.html",
        fragment="step",
        status=status,
        failed=status != 200,
        version=version,
        step=step,
        steps=step_links(),
        form=form,
        programmes=panels,
        outcome=_("内容已保存，改好后才能提交审核") if kept else _("这一步还没有保存"),
        told=session.pop(TOLD, None),
    )


def preview_page(form: DeclarationForm, status: int = 200) -> ResponseReturnValue:
    """Render the draft as consumers will read it."""
    mine, today = own_promise(), local_day(web.now())
    version = writable(mine)
    current, asked = mine.current, programmes(mine)
    scopes = own.scopes_of(web.database(), version, *([current] if current else []))
    rest = body_of(web.database(), version, only=("exclusions", "outlets", "shops"))
    body = replace(rest, scopes=scopes[version.id])
    found = own.faults(mine, body, asked, today=today)
    terms = own.terms_as_written(version, body, today=today)
    return web.page(
        "commitments/merchant_preview.html",
        status=status,
        failed=status != 200,
        version=version,
        step={"name": "preview"},
        steps=step_links(),
        form=form,
        said=wording.said(terms),
        problems=[
            {"text": text, "href": url_for(".write_step", step=step_forms.step_for(field).name)}
            for field, text in found
        ],
        kept=kept_purchases(current, scopes[current.id] if current else (), body, today),
        programmes=requirement_panels(asked, ways_of(body)),
        two_levels=any(asked[way].second_review for way in ways_of(body)),
        told=session.pop(TOLD, None),
    )


def kept_purchases(current: PromiseVersion | None, scopes: Sequence[ScopeRow], body: PromiseBody, today: date) -> str:
    """Which purchases keep the version in force, where the draft gives fewer days; empty where it does not."""
    if current is None:
        return ""
    before = own.terms_as_written(current, PromiseBody(way=current.way, days=current.days, scopes=scopes), today=today)
    after = own.terms_as_written(current, body, today=today)
    return wording.kept_words(before, body.first_on or today) if wording.shorter(before, after) else ""


def own_promise() -> OwnPromise:
    """The versions of the reader's merchant."""
    return own.own_promise(web.database(), web.current_actor())


def programmes(mine: OwnPromise) -> dict[Way, Requirements]:
    """What the promise may say today."""
    return own.own_programmes(web.database(), web.current_actor(), mine, today=local_day(web.now()))


def outlets(step: Step) -> list[OutletRow]:
    """The merchant's outlets, where the step asks for them."""
    return own.own_outlets(web.database(), web.current_actor()) if "outlets" in step.fields else []


def writable(mine: OwnPromise) -> PromiseVersion:
    """The draft, for someone who may write it."""
    version = own.draft_of(mine)
    require(web.current_actor(), Permission.PROMISE_WRITE, version.promisor)
    return version


def step_links() -> list[dict[str, Any]]:
    """Every step with its address."""
    links = [{"name": one.name, "title": one.title, "href": url_for(".write_step", step=one.name)} for one in STEPS]
    return [*links, {"name": "preview", "title": step_forms.PREVIEW, "href": url_for(".preview")}]


def told(sentence: str, kind: str = TOLD) -> ResponseReturnValue:
    """Go back to the overview with one sentence on it."""
    session[kind] = sentence
    return redirect(url_for(".show"), code=303)
