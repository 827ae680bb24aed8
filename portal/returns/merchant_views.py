"""The merchant's desk for return requests: answer, receive, refund."""

from collections.abc import Callable
from typing import Any
from urllib.parse import quote

from flask import Blueprint, Response, redirect, request, send_file, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_wtf import FlaskForm

from portal import web
from portal.clocks.rules import local_day
from portal.core.errors import NotFound, RuleBroken
from portal.core.money import plain_yuan
from portal.ledgers.rules.vocabulary import Decision
from portal.returns import actions, listing, proofs, revealing, showing
from portal.returns.actions import WarnedFirst
from portal.returns.asking import Objections
from portal.returns.forms import AgreeForm, PlainForm, ReceiveForm, RefundForm, RefuseForm, SettleForm
from portal.returns.listing import ExportReturns
from portal.returns.proofs import OpenedProof, Variant
from portal.returns.revealing import Reveal
from portal.returns.rules import ReturnEvent, allows, category_of
from portal.returns.showing import Shown

bp = Blueprint("returns_merchant", __name__, url_prefix="/merchant/returns-asked")

LIST = "/merchant/returns-asked"
TOLD = "return-answered"  # one sentence for the next page
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
SANDBOX = "sandbox; default-src 'none'"


@bp.get("")
def list_requests() -> ResponseReturnValue:
    """List what consumers ask for."""
    found = listing.list_page(web.database(), web.current_actor(), request.args, LIST, now=web.now())
    return web.page("returns/merchant_list.html", **found)


@bp.post("/export")
def export() -> ResponseReturnValue:
    """Give the list as XLSX, masked; that it left the house is recorded."""
    wanted = listing.filter_of(request.args, web.current_actor())
    content = web.perform(listing.export_returns, ExportReturns(wanted))
    return send_file(content, XLSX, as_attachment=True, download_name=f"退货申请-{local_day(web.now())}.xlsx")


@bp.get("/<reference>")
def show(reference: str) -> ResponseReturnValue:
    """Show one request with the promise that holds and what can be done now."""
    return _page(reference)


@bp.post("/<reference>/reveal")
def reveal(reference: str) -> ResponseReturnValue:
    """Show name and phone for half an hour, to reach the consumer; recorded."""
    web.perform(revealing.reveal_contact, Reveal(reference))
    return redirect(url_for(".show", reference=reference), code=303)


@bp.post("/<reference>/agree")
def agree(reference: str) -> ResponseReturnValue:
    """Agree to the return."""
    return _step(reference, "agree", AgreeForm(), actions.agree_return, _("已同意，答复已发给消费者。"))


@bp.post("/<reference>/refuse")
def refuse(reference: str) -> ResponseReturnValue:
    """Refuse, naming why; a refusal that may break the promise is asked about first."""
    form = _offered(RefuseForm(), _found(reference))
    if form.validate_on_submit():
        try:
            web.perform(actions.refuse_return, form.command(reference))
        except WarnedFirst as warning:
            return _warning(reference, form, warning.text)
        except Objections as objection:
            _show(form, objection)
        except RuleBroken as objection:
            web.show_objection(form, objection)
        else:
            session[TOLD] = _("已拒绝，理由已发给消费者，并记入退换货台账。")
            return redirect(url_for(".show", reference=reference), code=303)
    return _page(reference, {"refuse": form}, status=422)


@bp.post("/<reference>/receive")
def receive(reference: str) -> ResponseReturnValue:
    """Record that the goods are back."""
    return _step(reference, "receive", ReceiveForm(), actions.receive_goods, _("已登记收货，退款期限从今天算起。"))


@bp.post("/<reference>/settle")
def settle(reference: str) -> ResponseReturnValue:
    """Refund or exchange; it lands in the return ledger."""
    return _step(reference, "settle", SettleForm(), actions.settle_return, _("已登记，并记入退换货台账。"))


@bp.post("/<reference>/refund")
def refund(reference: str) -> ResponseReturnValue:
    """Record a refund again that did not reach the consumer."""
    return _step(reference, "refund", RefundForm(), actions.settle_return, _("已再次登记退款，消费者会收到短信。"))


@bp.get("/proofs/<reference>/<variant>")
def open_file(reference: str, variant: str) -> ResponseReturnValue:
    """Send a copy of a proof as an attachment; a thumbnail may be drawn by our own pages."""
    if variant not in set(Variant):
        raise NotFound(proofs.MISSING)
    return attachment(proofs.open_proof(web.database(), web.current_actor(), reference, Variant(variant)))


def attachment(file: OpenedProof) -> Response:
    """An answer that no browser runs or sniffs (decisions 25)."""
    response = Response(file.content, mimetype=file.media_type)
    response.headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(file.name, safe='')}"
    response.headers["Content-Security-Policy"] = SANDBOX
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
    return response


def _step(reference: str, name: str, form: Any, action: Callable[..., Any], told: str) -> ResponseReturnValue:
    if not form.validate_on_submit():
        return _page(reference, {name: form}, status=422)
    try:
        web.perform(action, form.command(reference))
    except Objections as objection:
        _show(form, objection)
        return _page(reference, {name: form}, status=422)
    except RuleBroken as objection:
        web.show_objection(form, objection)
        return _page(reference, {name: form}, status=422)
    session[TOLD] = told
    return redirect(url_for(".show", reference=reference), code=303)


def _show(form: FlaskForm, objection: Objections) -> None:
    for field, sentence in objection.found:
        web.show_objection(form, Objections([(field, sentence)]))


def _found(reference: str) -> Shown:
    return showing.shown_to_staff(web.database(), web.current_actor(), reference, now=web.now())


def _offered(form: RefuseForm, shown: Shown) -> RefuseForm:
    form.offer(actions.possible_exclusions(web.database(), shown.request), is_wish=shown.request.is_wish)
    return form


def _warning(reference: str, form: RefuseForm, words: str) -> ResponseReturnValue:
    form.confirmed.data = "yes"
    return web.page("returns/merchant_warning.html", status=422, shown=_found(reference), form=form, words=words)


def _page(reference: str, given: dict[str, FlaskForm] | None = None, status: int = 200) -> ResponseReturnValue:
    shown = _found(reference)
    return web.page(
        "returns/merchant_request.html",
        status=status,
        shown=shown,
        forms=_forms(shown, given or {}),
        plain=PlainForm(formdata=None),
        history=showing.history(shown),
        told=session.pop(TOLD, ""),
        failed=status != 200,
    )


def _forms(shown: Shown, given: dict[str, FlaskForm]) -> dict[str, FlaskForm]:
    made, forms = shown.request, dict(given)
    if allows(made.state, ReturnEvent.AGREE):
        words = made.version.procedure if made.version else ""
        forms.setdefault("agree", AgreeForm(formdata=None, words=words, refund=plain_yuan(shown.total)))
    if allows(made.state, ReturnEvent.REFUSE) and made.denied_at is None and "refuse" not in forms:
        forms["refuse"] = _offered(RefuseForm(formdata=None), shown)
    if allows(made.state, ReturnEvent.RECEIVE):
        forms.setdefault("receive", ReceiveForm(formdata=None))
    if allows(made.state, ReturnEvent.REFUND):
        money = plain_yuan(made.agreed_refund or shown.total)
        if made.denied_at is not None:
            forms.setdefault("refund", RefundForm(formdata=None, refund=money))
        else:
            forms.setdefault("settle", _prefilled(shown, money))
    return forms


def _prefilled(shown: Shown, money: str) -> SettleForm:
    made = shown.request
    category = category_of(made.category, made.goods)
    return SettleForm(
        formdata=None,
        decision=Decision.RETURNED.value,
        refund=money,
        category=category.value,
        condition=made.condition or "",
    )
