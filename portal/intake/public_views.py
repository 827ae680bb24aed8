"""The green channel: a complaint straight to an enrolled merchant, part by part, complete without script.

The draft belongs to the browser by a cookie of this merchant's address; no address carries a key to it.
"""

from typing import Any

from flask import Blueprint, g, request
from flask.typing import ResponseReturnValue

from portal import web
from portal.accounts.codes import CODE_OBJECTIONS, CodeResult
from portal.cases.evidence import MAX_AT_ONCE, MAX_REQUEST
from portal.clocks.rules import local_day
from portal.core.actor import Actor, ActorKind
from portal.core.errors import Refused
from portal.extensions import limiter
from portal.intake import green_drafts, green_files, green_filing, green_forms, green_proofs, green_queries
from portal.intake.green_doors import DoorState, door_of
from portal.intake.green_forms import CodeForm, FileForm, FilesForm
from portal.intake.green_views import (
    check_page,
    code_page,
    draft,
    files_page,
    page,
    place,
    step_page,
    to,
    with_cookie,
    without_cookie,
)
from portal.intake.rules.greens import Step, objections_to

bp = Blueprint("intake_public", __name__, url_prefix="/complain/<slug>")

CONSUMER = Actor(ActorKind.CONSUMER)
STEPS = "any(you, matter, wish, consent)"
WRITES = "60 per minute; 600 per hour"  # our limit, per address: a shop's guests share one
SENDS = "6 per minute; 30 per hour"
FILES_HERE = "10 per minute; 40 per hour"
TRAPPED = "没有保存：有一栏应当留空。请清空后再试，或拨打 12315。"
TOO_BIG = "文件加起来太大，没有上传。已经上传的都在，请分几次上传，或把视频剪短。"
NO_FILES = "还没有选文件。请先选照片、视频或 PDF；没有的可以直接继续。"
OPEN_TO_CLOSED = frozenset({"intake_public.complain"})


@bp.url_value_preprocessor
def take_slug(endpoint: str | None, values: dict[str, Any] | None) -> None:
    """Keep the merchant's name of the address for the request; views need not carry it."""
    g.slug = (values or {}).pop("slug", "")


@bp.before_request
def find_door() -> ResponseReturnValue | None:
    """Find the merchant; a closed door leads to the page that says why and where to go instead."""
    web.act_as(CONSUMER)
    g.door = door_of(web.database(), g.slug)
    if g.door.state is not DoorState.OPEN and request.endpoint not in OPEN_TO_CLOSED:
        return to("complain")
    if request.endpoint not in {*OPEN_TO_CLOSED, "intake_public.show_receipt"} and draft().filed:
        return to("show_receipt")
    return None


@bp.get("")
def complain() -> ResponseReturnValue:
    """Say what this is, who gets the data, and how far the draft has come."""
    if g.door.state is not DoorState.OPEN:
        return page("public_green_closed")
    return page("public_green", view=draft())


@bp.get(f"/<{STEPS}:step>")
def show_step(step: str) -> ResponseReturnValue:
    """A part of the form, as it was typed before."""
    wanted = Step(step)
    if wanted is not Step.YOU and not draft().begun:
        return to("complain")
    return step_page(wanted, green_forms.filled(wanted, draft().said))


@bp.post(f"/<{STEPS}:step>")
@limiter.limit(WRITES)
def save_step(step: str) -> ResponseReturnValue:
    """Keep what was typed, then say what is wrong with it or go on."""
    wanted = Step(step)
    form = green_forms.FORMS[wanted]()
    form.validate_on_submit()
    if form.trapped:
        return step_page(wanted, form, objection=TRAPPED)
    try:
        saved = web.perform(green_drafts.save_part, green_drafts.SavePart(place(), form.typed()))
    except Refused as objection:
        return step_page(wanted, form, objection=objection.text)
    if found := objections_to(wanted, saved.said, today=local_day(web.now())):
        form.object_to(found)
        return with_cookie(step_page(wanted, form, status=422), saved.token)
    return with_cookie(to(*_behind(wanted, proved=saved.proved)), saved.token)


def _behind(step: Step, *, proved: bool) -> tuple[str, str | None]:
    if step is Step.YOU:
        return ("show_step", Step.MATTER.value) if proved else ("show_code", None)
    return {
        Step.MATTER: ("show_step", Step.WISH.value),
        Step.WISH: ("show_files", None),
        Step.CONSENT: ("check", None),
    }[step]


@bp.get("/code")
def show_code() -> ResponseReturnValue:
    """Prove the number; behind it, the open complaint that it may have already."""
    return code_page(CodeForm(formdata=None), sent=request.args.get("sent") == "1")


@bp.post("/code")
@limiter.limit(SENDS)
def ask_code() -> ResponseReturnValue:
    """Send six digits to the number that stands there."""
    try:
        web.perform(green_proofs.ask_proof, green_proofs.AskProof(place()))
    except Refused as objection:
        form = CodeForm(formdata=None)
        form.code.errors = [objection.text]
        return code_page(form, status=422, sent=True)
    return to("show_code", sent="1")


@bp.post("/number")
@limiter.limit(WRITES)
def prove() -> ResponseReturnValue:
    """Try the digits; a wrong try is kept."""
    form = CodeForm()
    form.validate_on_submit()
    try:
        result = web.perform(green_proofs.prove, green_proofs.Prove(place(), form.code.data or ""))
    except Refused as objection:
        form.code.errors = [objection.text]
        return code_page(form, status=422, sent=True)
    if result is not CodeResult.RIGHT:
        form.code.errors = [CODE_OBJECTIONS[result].replace("这个方案的", "")]
        return code_page(form, status=422, sent=True)
    return to("show_code")


@bp.post("/apart")
@limiter.limit(WRITES)
def set_apart() -> ResponseReturnValue:
    """Go on: it is another matter than the open complaint."""
    web.perform(green_proofs.set_apart, green_proofs.SetApart(place()))
    return to("show_step", Step.MATTER.value)


@bp.post("/link")
@limiter.limit(SENDS)
def send_link() -> ResponseReturnValue:
    """Send the link of the open complaint to the proved number."""
    sent = web.perform(green_proofs.send_link, green_proofs.SendLink(place()))
    return page("public_green_link", view=draft(), sent=sent)


@bp.get("/files")
def show_files() -> ResponseReturnValue:
    """The photos so far, and where to add some."""
    return files_page(FilesForm(formdata=None), added=request.args.get("added", ""))


@bp.post("/files")
@limiter.limit(WRITES)
def add_files() -> ResponseReturnValue:
    """Keep each file by itself: a bad one costs the others nothing."""
    if (request.content_length or 0) > MAX_REQUEST:
        return files_page(FilesForm(formdata=None), objections=[TOO_BIG], status=413)
    form = FilesForm()
    form.validate_on_submit()
    uploads, objections, added = form.uploads(), [], 0
    if len(uploads) > MAX_AT_ONCE:
        objections.append(f"一次最多上传 {MAX_AT_ONCE} 个文件，多出的没有上传，请再选一次。")
    for upload in uploads[:MAX_AT_ONCE]:
        try:
            added += web.perform(green_files.add_file, green_files.AddFile(place(), upload))
        except Refused as objection:
            objections.append(objection.text)
    if objections or not uploads:
        return files_page(FilesForm(formdata=None), objections=objections or [NO_FILES], status=422, kept=added)
    return to("show_files", added=str(added))


@bp.get("/files/<reference>")
def open_file(reference: str) -> ResponseReturnValue:
    """The small picture of a file of this draft."""
    found = green_queries.open_file(web.database(), place(), reference, now=web.now())
    return found.content, 200, {"Content-Type": found.media_type, "Content-Disposition": "inline"}


@bp.post("/files/<reference>")
@limiter.limit(WRITES)
def remove_file(reference: str) -> ResponseReturnValue:
    """Take a file out again."""
    web.perform(green_files.remove_file, green_files.RemoveFile(place(), reference))
    return to("show_files")


@bp.get("/check")
def check() -> ResponseReturnValue:
    """Everything once more, before it is filed."""
    if not draft().begun:
        return to("complain")
    return check_page(FileForm(formdata=None))


@bp.post("/check")
@limiter.limit(FILES_HERE)
def submit() -> ResponseReturnValue:
    """File the complaint that was looked through."""
    form = FileForm()
    form.validate_on_submit()
    try:
        web.perform(green_filing.file_complaint, green_filing.FileComplaint(place(), form.seen.data or ""))
    except Refused as objection:
        if draft().filed:  # the same button twice
            return to("show_receipt")
        return check_page(form, objection=objection.text)
    return to("show_receipt")


@bp.get("/receipt")
def show_receipt() -> ResponseReturnValue:
    """Number, day, and what happens next; to be printed or kept."""
    found = green_queries.receipt(web.database(), place(), now=web.now())
    return page("public_green_receipt", receipt=found) if found else to("complain")


@bp.post("/discard")
@limiter.limit(WRITES)
def discard() -> ResponseReturnValue:
    """Throw the draft away, with its photos."""
    web.perform(green_drafts.discard, green_drafts.Discard(place()))
    return without_cookie(to("complain"))
