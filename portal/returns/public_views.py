"""A consumer asks for a return on a merchant's public page: no sign-in, complete without script, nothing lost."""

from typing import Any

from flask import Blueprint, redirect, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from werkzeug.datastructures import MultiDict

from portal import web
from portal.accounts.links import new_token
from portal.clocks.rules import consumer_day, local_day
from portal.commitments.rules.coverage import Answer
from portal.extensions import limiter
from portal.returns import asking, drafts, proofs
from portal.returns.access import CONSUMER
from portal.returns.asking import Objections, SendRequest
from portal.returns.drafts import KeepDraft, RemoveFile
from portal.returns.forms import AskForm, PlainForm
from portal.returns.proofs import MOST_BYTES, MOST_FILES, TOO_BIG, Kept
from portal.returns.queries import sent_words

bp = Blueprint("returns_public", __name__, url_prefix="/m/<slug>/return")

FORMS, SENT, TOLD, PROBLEMS = (
    "return-forms",
    "return-sent",
    "return-told",
    "return-problems",
)  # of the browser's session
ASKED = {"way": "way", "bought": "purchased_on", "received": "received_on", "kind": "category", "goods": "goods"}
MOST_FORMS = 5  # of one browser at once
POSTS = "30 per minute; 200 per hour"  # our limit, by address: ten photos are ten posts where script sends them singly
FILES_BYTES = 20 * 1024 * 1024  # of one picture or PDF


@bp.get("")
def ask(slug: str) -> ResponseReturnValue:
    """Show the form as it was left, with what the promise says as soon as day and goods are known."""
    merchant = drafts.merchant_by_slug(web.database(), slug)
    draft = drafts.draft_of(web.database(), _token(slug), merchant.id)
    typed = drafts.typed_in(web.database(), draft)
    typed = typed or {ours: request.args[name] for name, ours in ASKED.items() if request.args.get(name)}
    form = AskForm(MultiDict({"quantity": "1"} | typed)) if typed else AskForm(formdata=None)
    return _page(slug, form)


@bp.post("")
@limiter.limit(POSTS)
def take(slug: str) -> ResponseReturnValue:
    """Keep what came; send it where that was asked for."""
    if (request.content_length or 0) > MOST_BYTES:
        session[PROBLEMS] = [TOO_BIG]
        return redirect(url_for(".ask", slug=slug, _anchor="proofs"), code=303)
    web.act_as(CONSUMER)
    form = AskForm()
    form.offer_outlets(())
    step = request.form.get("step", "send")
    uploads = form.uploads()
    kept = Kept()
    if uploads or step != "send" or form.typed():
        kept = web.perform(drafts.keep_draft, KeepDraft(_token(slug), slug, form.typed(), uploads))
    if step == "send":
        return _send(slug, form, kept)
    _tell(kept)
    return redirect(url_for(".ask", slug=slug, _anchor="proofs" if step == "files" else "promise"), code=303)


@bp.post("/files/<reference>/remove")
@limiter.limit(POSTS)
def remove(slug: str, reference: str) -> ResponseReturnValue:
    """Take a file out of the form again."""
    web.act_as(CONSUMER)
    web.perform(drafts.remove_file, RemoveFile(_token(slug), slug, reference))
    return redirect(url_for(".ask", slug=slug, _anchor="proofs"), code=303)


@bp.get("/sent")
def sent(slug: str) -> ResponseReturnValue:
    """Say the number, what happens next and until when; only to the browser that sent it."""
    reference = session.get(SENT, {}).get(slug)
    if not reference:
        return redirect(url_for(".ask", slug=slug), code=303)
    found = sent_words(web.database(), reference)
    day = consumer_day(found.answer_on) if found.answer_on else ""
    return web.page("returns/public_sent.html", slug=slug, sent=found, answer_day=day)


def _send(slug: str, form: AskForm, kept: Kept) -> ResponseReturnValue:
    wanted = form.wanted() if form.is_sound() else None
    if wanted is None or kept.problems:
        return _page(slug, form, status=422, problems=kept.problems)
    command = SendRequest(slug, _token(slug), wanted, as_wish=bool(form.as_wish.data), again=bool(form.again.data))
    try:
        made = web.perform(asking.send_request, command)
    except Objections as objection:
        for field, sentence in objection.found:
            web.show_objection(form, type(objection)([(field, sentence)]))
        return _page(slug, form, status=422)
    session[SENT] = {slug: made.reference}
    session[FORMS] = {key: token for key, token in session.get(FORMS, {}).items() if key != slug}
    return redirect(url_for(".sent", slug=slug), code=303)


def _page(slug: str, form: AskForm, status: int = 200, problems: tuple[str, ...] = ()) -> ResponseReturnValue:
    db = web.database()
    merchant = drafts.merchant_by_slug(db, slug)
    draft = drafts.draft_of(db, _token(slug), merchant.id)
    form.offer_outlets(asking.outlets_of(db, merchant.id))
    wanted = form.wanted()
    said = asking.coverage_of(db, merchant.id, wanted, today=local_day(web.now())) if wanted else None
    return web.page(
        "returns/public_ask.html",
        status=status,
        slug=slug,
        merchant=merchant.organisation.name,
        form=form,
        plain=PlainForm(formdata=None),
        said=said,
        covered=said is not None and said.answer is Answer.COVERED,
        files=proofs.proofs_of(db, draft) if draft else [],
        most=MOST_FILES,
        max_bytes=FILES_BYTES,
        told=session.pop(TOLD, ""),
        problems=(*problems, *session.pop(PROBLEMS, [])),
        failed=status != 200,
    )


def _tell(kept: Kept) -> None:
    if kept.stored or kept.repeated:
        known = _("，%(count)s 个已经有了", count=kept.repeated) if kept.repeated else ""
        session[TOLD] = _("已存下 %(count)s 个文件", count=kept.stored) + known + _("。")
    if kept.problems:
        session[PROBLEMS] = list(kept.problems)


def _token(slug: str) -> str:
    """The browser's own token of its form on this page: made at the first look, so that a lost answer loses nothing."""
    held: dict[str, Any] = session.get(FORMS, {})
    if slug not in held:
        newest = list(held.items())[-(MOST_FORMS - 1) :]
        session[FORMS] = held = {**dict(newest), slug: new_token()}
    token: str = held[slug]
    return token
