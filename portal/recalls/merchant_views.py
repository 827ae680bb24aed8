"""A merchant's problem goods, and the authority's notices that it confirms."""

from collections.abc import Callable, Mapping
from typing import Any

from flask import Blueprint, Response, redirect, request, send_file, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_wtf import FlaskForm

from portal import web
from portal.core.errors import NotFound, RuleBroken
from portal.recalls import actions, listing, notices, queries, wording
from portal.recalls.actions import CancelGoods
from portal.recalls.forms import ConfirmForm, PlainForm, RegisterForm, RemoveForm, ResultForm, SendForm
from portal.recalls.listing import ExportGoods
from portal.recalls.models import ProblemGoods
from portal.recalls.rules import STATE_NAMES, TONES, GoodsEvent, allows

bp = Blueprint("recalls_merchant", __name__, url_prefix="/merchant")

LIST = "/merchant/goods"
TOLD = "told"  # one sentence for the next page
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
STEPS: Mapping[str, tuple[type[FlaskForm], Callable[..., ProblemGoods], GoodsEvent, str]] = {
    "send": (SendForm, actions.send_for_testing, GoodsEvent.SEND, "已登记送检。"),
    "result": (ResultForm, actions.record_result, GoodsEvent.FAIL, "检测结果已登记。"),
    "remove": (RemoveForm, actions.remove_goods, GoodsEvent.REMOVE, "下架情况已登记，监管部门可以看到。"),
}


@bp.get("/goods")
def list_goods() -> ResponseReturnValue:
    """List one's own problem goods."""
    found = listing.list_page(web.database(), web.current_actor(), request.args, LIST)
    return web.page("recalls/merchant_list.html", **found)


@bp.post("/goods/export")
def export() -> ResponseReturnValue:
    """Give the list as XLSX; that it left the house is recorded."""
    content = web.perform(listing.export_goods, ExportGoods(listing.filter_of(request.args)))
    return send_file(content, XLSX, as_attachment=True, download_name=f"问题商品-{wording.day(web.now())}.xlsx")


@bp.get("/goods/new")
def new() -> ResponseReturnValue:
    """Show the form of a registration, filled from the return that raised the suspicion."""
    form = RegisterForm(
        formdata=None, data={name: request.args.get(name) for name in ("goods", "barcode", "supplier", "entry")}
    )
    return register_page(form)


@bp.post("/goods/new")
def register() -> ResponseReturnValue:
    """Register an article."""
    form = RegisterForm()
    if not form.validate_on_submit():
        return register_page(form, status=422)
    try:
        row = web.perform(actions.register_goods, form.command())
    except RuleBroken as objection:
        web.show_objection(form, objection)
        return register_page(form, status=422)
    session[TOLD] = _("已登记。请停止销售，尽快送检。")
    return redirect(url_for(".show_goods", reference=row.reference), code=303)


@bp.get("/goods/<reference>")
def show_goods(reference: str) -> ResponseReturnValue:
    """Show one article."""
    return goods_page(reference, {})


@bp.post("/goods/<reference>/cancel")
def cancel(reference: str) -> ResponseReturnValue:
    """Take a registration back."""
    web.perform(actions.cancel_goods, CancelGoods(reference))
    session[TOLD] = _("已撤销登记。")
    return redirect(url_for(".show_goods", reference=reference), code=303)


@bp.post("/goods/<reference>/<any(send, result, remove):step>")
def take_step(reference: str, step: str) -> ResponseReturnValue:
    """Send for testing, record the result or the take-down."""
    kind, action, _event, told = STEPS[step]
    form: Any = kind()
    if not form.validate_on_submit():
        return goods_page(reference, {step: form}, status=422)
    try:
        web.perform(action, form.command(reference))
    except RuleBroken as objection:
        web.show_objection(form, objection)
        return goods_page(reference, {step: form}, status=422)
    session[TOLD] = told
    return redirect(url_for(".show_goods", reference=reference), code=303)


@bp.get("/goods/<reference>/report")
def report(reference: str) -> ResponseReturnValue:
    """Give the test report as an attachment."""
    return report_file(queries.goods_page(web.database(), web.current_actor(), reference).goods)


@bp.get("/recalls")
def list_notices() -> ResponseReturnValue:
    """List the authority's notices."""
    waiting = request.args.get("view", "waiting") != "all"
    found = queries.notices_for(web.database(), web.current_actor(), waiting=waiting, cursor=request.args.get("cursor"))
    return web.page("recalls/merchant_notices.html", found=found, waiting=waiting, now=web.now())


@bp.get("/recalls/<reference>")
def show_notice(reference: str) -> ResponseReturnValue:
    """Show a notice with the form that confirms it."""
    return notice_page(reference, ConfirmForm(formdata=None))


@bp.post("/recalls/<reference>")
def confirm(reference: str) -> ResponseReturnValue:
    """Confirm one's own take-down."""
    form = ConfirmForm()
    if not form.validate_on_submit():
        return notice_page(reference, form, status=422)
    try:
        web.perform(notices.confirm_removal, form.command(reference))
    except RuleBroken as objection:
        web.show_objection(form, objection)
        return notice_page(reference, form, status=422)
    session[TOLD] = _("已确认，监管部门可以看到。")
    return redirect(url_for(".show_notice", reference=reference), code=303)


def report_file(goods: ProblemGoods) -> Response:
    """The test report, never shown inside the page; raises NotFound where there is none."""
    try:
        content, media_type = actions.open_report(web.database(), goods)
    except RuleBroken as problem:
        raise NotFound(problem.text) from problem
    suffix = "pdf" if media_type == "application/pdf" else "jpg"
    return Response(
        content,
        mimetype=media_type,
        headers={
            "Content-Disposition": f'attachment; filename="{goods.reference}.{suffix}"',
            "X-Content-Type-Options": "nosniff",
            "Content-Security-Policy": "sandbox; default-src 'none'",
        },
    )


def register_page(form: RegisterForm, status: int = 200) -> ResponseReturnValue:
    """Render the form of a registration."""
    return web.page("recalls/merchant_new.html", status=status, form=form, failed=status != 200)


def goods_page(reference: str, given: Mapping[str, FlaskForm], status: int = 200) -> ResponseReturnValue:
    """Render an article with the forms of the steps that are possible now."""
    found = queries.goods_page(web.database(), web.current_actor(), reference)
    forms = {
        step: given.get(step) or kind(formdata=None)
        for step, (kind, _action, event, _told) in STEPS.items()
        if allows(found.goods.state, event) and not (step == "remove" and found.goods.removed_on)
    }
    return web.page(
        "recalls/merchant_goods.html",
        status=status,
        found=found,
        forms=forms,
        may_cancel=allows(found.goods.state, GoodsEvent.CANCEL),
        plain=PlainForm(formdata=None),
        state=(STATE_NAMES[found.goods.state], TONES[found.goods.state]),
        words=wording,
        told=session.pop(TOLD, None),
        failed=status != 200,
    )


def notice_page(reference: str, form: ConfirmForm, status: int = 200) -> ResponseReturnValue:
    """Render a notice and its answer."""
    answer, found = queries.notice_page(web.database(), web.current_actor(), reference)
    return web.page(
        "recalls/merchant_notice.html",
        status=status,
        answer=answer,
        found=found,
        form=form,
        words=wording,
        told=session.pop(TOLD, None),
        failed=status != 200,
    )
