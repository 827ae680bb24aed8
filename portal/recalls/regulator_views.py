"""The authority's view of problem goods: what failed its test, the notice to the area, who has confirmed."""

from flask import Blueprint, redirect, request, send_file, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal import web
from portal.core.errors import RuleBroken
from portal.core.permissions import Permission, can
from portal.recalls import actions, listing, notices, queries, wording
from portal.recalls.forms import ArticleForm, CloseForm, NoticeForm
from portal.recalls.listing import ExportGoods
from portal.recalls.merchant_views import TOLD, XLSX, report_file
from portal.recalls.notices import Chase, proposed_answer_day
from portal.recalls.rules import DISPOSAL_NAMES, STATE_NAMES, TONES, GoodsEvent, allows

bp = Blueprint("recalls_regulator", __name__, url_prefix="/regulator/goods")

LIST = "/regulator/goods"


@bp.get("")
def list_goods() -> ResponseReturnValue:
    """List what was reported in the jurisdiction."""
    found = listing.list_page(web.database(), web.current_actor(), request.args, LIST)
    return web.page("recalls/regulator_list.html", **found)


@bp.post("/export")
def export() -> ResponseReturnValue:
    """Give the list as XLSX; that it left the house is recorded."""
    content = web.perform(listing.export_goods, ExportGoods(listing.filter_of(request.args)))
    return send_file(content, XLSX, as_attachment=True, download_name=f"问题商品-{wording.day(web.now())}.xlsx")


@bp.get("/new")
def new() -> ResponseReturnValue:
    """Show the form of an article that the authority found."""
    return register_page(ArticleForm(formdata=None))


@bp.post("/new")
def register() -> ResponseReturnValue:
    """Register an article that the authority found to be bad."""
    form = ArticleForm()
    if not form.validate_on_submit():
        return register_page(form, status=422)
    try:
        row = web.perform(actions.register_goods, form.command())
    except RuleBroken as objection:
        web.show_objection(form, objection)
        return register_page(form, status=422)
    session[TOLD] = _("已登记，可以通报辖区企业。")
    return redirect(url_for(".show", reference=row.reference), code=303)


@bp.get("/<reference>")
def show(reference: str) -> ResponseReturnValue:
    """Show one article."""
    return goods_page(reference)


@bp.get("/<reference>/report")
def report(reference: str) -> ResponseReturnValue:
    """Give the test report as an attachment."""
    return report_file(queries.goods_page(web.database(), web.current_actor(), reference).goods)


@bp.post("/<reference>/notice")
def issue(reference: str) -> ResponseReturnValue:
    """Tell every merchant of the area."""
    form = NoticeForm()
    if not form.validate_on_submit():
        return goods_page(reference, notice=form, status=422)
    try:
        made = web.perform(notices.issue_notice, form.command(reference))
    except RuleBroken as objection:
        web.show_objection(form, objection)
        return goods_page(reference, notice=form, status=422)
    session[TOLD] = _("已通报辖区 %(count)s 家企业。", count=made.asked)
    return redirect(url_for(".show", reference=reference), code=303)


@bp.post("/<reference>/chase")
def chase(reference: str) -> ResponseReturnValue:
    """Remind whoever has not confirmed."""
    try:
        count = web.perform(notices.chase, Chase(reference))
        session[TOLD] = _("已催办 %(count)s 家企业。", count=count)
    except RuleBroken as objection:
        session[TOLD] = objection.text
    return redirect(url_for(".show", reference=reference), code=303)


@bp.post("/<reference>/close")
def close(reference: str) -> ResponseReturnValue:
    """Close the matter."""
    form = CloseForm()
    if not form.validate_on_submit():
        return goods_page(reference, closing=form, status=422)
    try:
        web.perform(notices.close_goods, form.command(reference))
    except RuleBroken as objection:
        web.show_objection(form, objection)
        return goods_page(reference, closing=form, status=422)
    session[TOLD] = _("已办结。")
    return redirect(url_for(".show", reference=reference), code=303)


def register_page(form: ArticleForm, status: int = 200) -> ResponseReturnValue:
    """Render the form of a registration."""
    return web.page("recalls/regulator_new.html", status=status, form=form, failed=status != 200)


def goods_page(
    reference: str, *, notice: NoticeForm | None = None, closing: CloseForm | None = None, status: int = 200
) -> ResponseReturnValue:
    """Render an article, the area's answers and the steps that are possible now."""
    database, actor = web.database(), web.current_actor()
    found = queries.goods_page(database, actor, reference)
    may_act = can(actor, Permission.RECALL_ISSUE, found.goods)
    proposed = proposed_answer_day(database, now=web.now(), authorities=[found.goods.authority_id])
    waiting = request.args.get("view") == "waiting"
    return web.page(
        "recalls/regulator_goods.html",
        status=status,
        found=found,
        may_notify=may_act and allows(found.goods.state, GoodsEvent.NOTIFY),
        may_close=may_act and allows(found.goods.state, GoodsEvent.CLOSE),
        notice=notice or NoticeForm(formdata=None, data={"answer_on": proposed, "text": wording.demand(found.goods)}),
        closing=closing or CloseForm(formdata=None),
        answers=queries.answers(database, actor, reference, waiting=waiting, cursor=request.args.get("cursor"))
        if found.notice
        else None,
        waiting=waiting,
        disposals=DISPOSAL_NAMES,
        state=(STATE_NAMES[found.goods.state], TONES[found.goods.state]),
        words=wording,
        told=session.pop(TOLD, None),
        failed=status != 200,
    )
