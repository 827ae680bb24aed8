"""The authority's desk of promises: the roll, one promise, its review, removal from the list, the programme."""

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, redirect, request, send_file, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal import web
from portal.accounts.models import Organisation
from portal.classification.rules import CLASS_NAMES, GoodsClass
from portal.clocks.rules import local_day
from portal.commitments import actions, list_views, papers, programme_views
from portal.commitments.exporting import ExportRoll, export_roll
from portal.commitments.overview import course_of, opinions_of, version_title
from portal.commitments.paper_views import certificate_file
from portal.commitments.papers import IssueCertificate
from portal.commitments.review_forms import RemoveForm, ReviewForm
from portal.commitments.review_page import ReviewPage, review_page
from portal.commitments.roll import SHOWN_STATES, RollFilter, View, counted, filter_of, roll, view_counts
from portal.commitments.rules import STATE_NAMES, wording
from portal.commitments.rules.directory import BAND_NAMES
from portal.core.errors import NotFound, RuleBroken
from portal.core.paging import shown_count
from portal.core.permissions import Permission, can, require
from portal.enrolment.actions import Under
from portal.enrolment.queries import authorities_of

bp = Blueprint("commitments_regulator", __name__, url_prefix="/regulator/promises")

TOLD = "told"  # one sentence for the next page
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
KEPT = ("view", "q", "area", "class", "days", "state")
VIEWS = {
    View.MINE: "待我审核",
    View.CURRENT: "在期",
    View.EXPIRING: "即将到期",
    View.EXPIRED: "过期",
    View.REMOVED: "摘牌",
    View.ALL: "全部",
}
SORTS = {"newest": "最近提交在前", "name": "按名称", "days": "天数从多到少"}
EMPTY = {
    View.MINE: ("没有等你审核的承诺", "商家提交、或者下一级初审通过后会列在这里。"),
    View.CURRENT: ("辖区里没有在期的承诺", "审核通过并到了生效日期的承诺会列在这里。"),
    View.EXPIRING: ("60 天内没有到期的承诺", "到期前商家会收到提醒，可以续期。"),
    View.EXPIRED: ("没有过期的承诺", "到期没有续期的承诺会列在这里。"),
    View.REMOVED: ("没有摘牌的承诺", "因不兑现等原因摘牌的承诺会列在这里。"),
    View.ALL: ("辖区里还没有承诺", "商家在自己的工作台填写承诺，也可以导入已有的名录。"),
}

bp.get("/programmes")(programme_views.show_programmes)
bp.post("/programmes")(programme_views.edit_programmes)
bp.get("/import")(list_views.ask_file)
bp.post("/import")(list_views.start_import)
bp.get("/imports/<reference>")(list_views.show_import)
bp.post("/imports/<reference>/problems.xlsx")(list_views.problems)


@bp.get("")
def list_promises() -> ResponseReturnValue:
    """List the promises of the jurisdiction."""
    wanted, sort, today = filter_of(request.args), request.args.get("sort", "newest"), local_day(web.now())
    database, actor = web.database(), web.current_actor()
    districts = authorities_of(database, actor)
    counts = view_counts(database, actor, today=today)
    count = counted(database, actor, wanted, today=today) if wanted.narrows else counts[wanted.view]
    return web.page(
        "commitments/regulator_roll.html",
        found=roll(database, actor, wanted, today=today, sort=sort, cursor=request.args.get("cursor")),
        wanted=wanted,
        count=shown_count(count),
        tabs=tabs(wanted, counts),
        chips=chips(wanted, districts),
        sort=sort if sort in SORTS else "newest",
        sorts=SORTS,
        areas=districts,
        classes=[(one.value, CLASS_NAMES[one]) for one in GoodsClass],
        bands=BAND_NAMES,
        states=[(one.value, STATE_NAMES[one][0]) for one in SHOWN_STATES],
        names=STATE_NAMES,
        empty=EMPTY[wanted.view],
        kept=kept(),
        address=list_address({**kept(), "sort": request.args.get("sort")}),
        may_import=can(actor, Permission.PROMISE_IMPORT, Under(actor.organisation_id)),
        told=session.pop(TOLD, None),
    )


@bp.post("/export")
def export() -> ResponseReturnValue:
    """Give the list as XLSX with the status codes; that it left the house is recorded."""
    content = web.perform(export_roll, ExportRoll(filter_of(request.args)))
    name = f"退货承诺-{local_day(web.now()).isoformat()}.xlsx"
    return send_file(content, XLSX, as_attachment=True, download_name=name)


@bp.get("/<reference>")
def show(reference: str) -> ResponseReturnValue:
    """Show one version, what it changes, and whose word is waited for."""
    return promise_page(reference, ReviewForm(formdata=None))


@bp.post("/<reference>/review")
def review(reference: str) -> ResponseReturnValue:
    """Pass or refuse a version at the level that is waited for."""
    form = ReviewForm()
    if not form.validate_on_submit():
        return promise_page(reference, form, status=422)
    found = review_page(web.database(), web.current_actor(), reference)
    action = actions.review_second if found.level == 2 else actions.review_first
    try:
        version = web.perform(action, form.command(reference))
    except RuleBroken as objection:
        web.show_objection(form, objection)
        return promise_page(reference, form, status=422)
    session[TOLD] = _("已登记审核结果：%(state)s。", state=STATE_NAMES[version.state][0])
    return redirect(url_for(".show", reference=reference), code=303)


@bp.get("/<reference>/remove")
def ask_removal(reference: str) -> ResponseReturnValue:
    """Ask why a promise is taken off the list."""
    return removal_page(reference, RemoveForm(formdata=None))


@bp.post("/<reference>/remove")
def remove(reference: str) -> ResponseReturnValue:
    """Take a promise off the list."""
    form = RemoveForm()
    if not form.validate_on_submit():
        return removal_page(reference, form, status=422)
    try:
        web.perform(actions.remove_promise, form.command(reference))
    except RuleBroken as objection:
        web.show_objection(form, objection)
        return removal_page(reference, form, status=422)
    session[TOLD] = _("已摘牌。今天和以前的购买仍按承诺办理。")
    return redirect(url_for(".show", reference=reference), code=303)


@bp.post("/<reference>/certificate.pdf")
def certificate(reference: str) -> ResponseReturnValue:
    """Give a version's certificate."""
    try:
        content = web.perform(papers.issue_certificate, IssueCertificate(reference))
    except RuleBroken as objection:
        session[TOLD] = objection.text
        return redirect(url_for(".show", reference=reference), code=303)
    return certificate_file(content, reference)


def promise_page(reference: str, form: ReviewForm, status: int = 200) -> ResponseReturnValue:
    """Render one version."""
    found = review_page(web.database(), web.current_actor(), reference)
    return web.page(
        "commitments/regulator_promise.html",
        status=status,
        failed=status != 200,
        found=found,
        title=f"{found.version.promisor.name} {version_title(found.version)}",
        state=STATE_NAMES[found.version.state],
        said=wording.said(found.terms),
        names=STATE_NAMES,
        version_title=version_title,
        facts=facts_of(found),
        opinions=opinions_of(found.version),
        course=course_of(found.version),
        on_paper=found.version.state in papers.ON_PAPER,
        form=form,
        told=session.pop(TOLD, None),
    )


def removal_page(reference: str, form: RemoveForm, status: int = 200) -> ResponseReturnValue:
    """Render the question before a removal; NotFound where there is nothing to remove."""
    found = review_page(web.database(), web.current_actor(), reference)
    require(web.current_actor(), Permission.PROMISE_REMOVE, found.version.promisor)
    if not found.may_remove:
        raise NotFound(_("这一版承诺不在期，不用摘牌。"))
    return web.page(
        "commitments/regulator_remove.html",
        status=status,
        failed=status != 200,
        found=found,
        said=wording.said(found.terms),
        form=form,
    )


def facts_of(found: ReviewPage) -> list[tuple[str, str]]:
    """Who promises, as pairs."""
    promisor, version = found.version.promisor, found.version
    pairs = [
        (_("统一社会信用代码"), promisor.code),
        (_("辖区"), found.authority.name),
        (_("联系电话"), promisor.phone),
        (_("行业协会"), promisor.association or ""),
        (_("连续承诺"), _("%(day)s 起", day=version.since_on.isoformat()) if version.since_on else ""),
        (_("有效期到"), version.expires_on.isoformat() if version.expires_on else ""),
    ]
    return [pair for pair in pairs if pair[1]]


def tabs(wanted: RollFilter, counts: Mapping[View, int]) -> list[dict[str, Any]]:
    """The views with their counts."""
    return [
        {
            "label": label,
            "href": list_address({"view": view.value}),
            "count": shown_count(counts[view]),
            "current": view is wanted.view,
        }
        for view, label in VIEWS.items()
    ]


def chips(wanted: RollFilter, districts: list[Organisation]) -> list[dict[str, str]]:
    """The conditions in force, each with the list without it."""
    area = {one.code: one.name for one in districts}.get(wanted.authority_code, wanted.authority_code)
    said = {
        "q": _("含“%(words)s”", words=wanted.search) if wanted.search else "",
        "area": _("辖区：%(name)s", name=area) if wanted.authority_code else "",
        "class": _("类别：%(name)s", name=CLASS_NAMES[wanted.category]) if wanted.category else "",
        "days": _("期限：%(name)s", name=BAND_NAMES[wanted.band]) if wanted.band else "",
        "state": _("状态：%(name)s", name=STATE_NAMES[wanted.state][0]) if wanted.state else "",
    }
    return [
        {"label": text, "href": list_address({k: v for k, v in kept().items() if k != name})}
        for name, text in said.items()
        if text
    ]


def list_address(values: Mapping[str, Any]) -> str:
    """The address of the list with these parameters."""
    return url_for(".list_promises", **values)


def kept() -> dict[str, str]:
    """The filter's part of the address, without what is empty."""
    return {name: value for name in KEPT if (value := request.args.get(name, ""))}
