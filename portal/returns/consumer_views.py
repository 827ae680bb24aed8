"""The consumer's page behind the link of a return request: looking changes nothing."""

from typing import Any

from flask import Blueprint, Response, g, redirect, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal import web
from portal.clocks.rules import consumer_day, due_day
from portal.core.errors import NotFound, RuleBroken
from portal.extensions import limiter
from portal.returns import consumers, proofs
from portal.returns.access import CONSUMER, DEAD_LINK, by_token
from portal.returns.consumers import NO_FILES, AddProofs, AnswerRefund, WithdrawReturn
from portal.returns.forms import PlainForm, ProofsForm
from portal.returns.merchant_views import attachment
from portal.returns.proofs import MOST_BYTES, TOO_BIG, Variant
from portal.returns.public_views import FILES_BYTES
from portal.returns.rules import OPEN_STATES, ReturnEvent, ReturnState, allows
from portal.returns.showing import Shown, shown_to_consumer

bp = Blueprint("returns_consumer", __name__, url_prefix="/returns/<token>")

TOLD = "return-done"
POSTS = "60 per hour"  # our limit, by address


@bp.url_value_preprocessor
def take_token(endpoint: str | None, values: dict[str, Any] | None) -> None:
    """Keep the token of the address for the request; views need not carry it."""
    g.token = (values or {}).pop("token", "")


@bp.before_request
def open_door() -> ResponseReturnValue | None:
    """Let in the holder of a live link; everyone else gets one and the same page."""
    try:
        g.found = by_token(web.database(), g.token, now=web.now())
    except NotFound:
        return web.page("returns/consumer_link.html", status=404, words=DEAD_LINK)
    web.act_as(CONSUMER)
    return None


@bp.after_request
def keep_out_of_indexes(response: Response) -> Response:
    """A link is a key: no search engine keeps it."""
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    return response


@bp.get("")
def show() -> ResponseReturnValue:
    """Where the request stands, the answer, and what can be done."""
    return _page()


@bp.post("/proofs")
@limiter.limit(POSTS)
def add_files() -> ResponseReturnValue:
    """Add photos; files that are there already are passed over."""
    form = ProofsForm()
    if (request.content_length or 0) > MOST_BYTES:
        return _page(form, objection=TOO_BIG, status=413)
    form.validate_on_submit()
    try:
        kept = web.perform(consumers.add_proofs, AddProofs(g.token, form.uploads()))
    except RuleBroken as objection:
        return _page(form, objection=objection.text, status=422)
    session[TOLD] = _("已存下 %(count)s 个文件。", count=kept.stored) + " ".join(kept.problems)
    return _back()


@bp.get("/proofs/<reference>/<variant>")
def open_file(reference: str, variant: str) -> ResponseReturnValue:
    """Send a copy of one's own file as an attachment."""
    if variant not in set(Variant):
        raise NotFound(proofs.MISSING)
    return attachment(proofs.open_own_proof(web.database(), g.found, reference, Variant(variant)))


@bp.get("/withdrawal")
def show_withdrawal() -> ResponseReturnValue:
    """Ask before the request is taken back."""
    return web.page("returns/consumer_withdraw.html", shown=_shown(), form=PlainForm(formdata=None), token=g.token)


@bp.post("/withdrawal")
@limiter.limit(POSTS)
def withdraw() -> ResponseReturnValue:
    """Take the request back."""
    try:
        web.perform(consumers.withdraw_return, WithdrawReturn(g.token))
    except RuleBroken as objection:
        return _page(objection=objection.text, status=422)
    session[TOLD] = _("申请已撤回。")
    return _back()


@bp.post("/refund")
@limiter.limit(POSTS)
def answer_refund() -> ResponseReturnValue:
    """收到 or 没收到."""
    answer = request.form.get("received", "")
    if answer not in ("yes", "no"):
        return _page(objection=_("请选择收到或没收到。"), status=422)
    try:
        web.perform(consumers.answer_refund, AnswerRefund(g.token, received=answer == "yes"))
    except RuleBroken as objection:
        return _page(objection=objection.text, status=422)
    session[TOLD] = (
        _("谢谢，已登记你收到退款。") if answer == "yes" else _("已告知商家和市场监督管理部门：没有收到退款。")
    )
    return _back()


def _back() -> ResponseReturnValue:
    return redirect(url_for(".show", token=g.token), code=303)


def _shown() -> Shown:
    return shown_to_consumer(web.database(), g.found, now=web.now())


def _page(form: ProofsForm | None = None, *, objection: str = "", status: int = 200) -> ResponseReturnValue:
    shown = _shown()
    made = shown.request
    due = made.due_at
    return web.page(
        "returns/consumer_request.html",
        status=status,
        shown=shown,
        token=g.token,
        form=form or ProofsForm(formdata=None),
        due=consumer_day(due_day(due)) if due else "",
        is_late=due is not None and due <= web.now(),
        may_add=made.state in OPEN_STATES,
        may_withdraw=allows(made.state, ReturnEvent.WITHDRAW),
        asks_refund=made.state is ReturnState.REFUNDED and made.confirmed_at is None,
        is_refused=made.state is ReturnState.REFUSED,
        objection=objection,
        no_files=NO_FILES,
        max_bytes=FILES_BYTES,
        told=session.pop(TOLD, ""),
        failed=bool(objection),
    )
