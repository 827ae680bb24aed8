"""The authority's merchants: the list, one merchant, admission, changes, names."""

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, redirect, request, send_file, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal import web
from portal.accounts.models import Organisation
from portal.core.errors import Refused, RuleBroken
from portal.core.paging import shown_count
from portal.core.permissions import Permission, can, require
from portal.enrolment import actions, keeping, queries, wording
from portal.enrolment.actions import RemoveName
from portal.enrolment.exporting import ExportMerchants, export_merchants, file_name
from portal.enrolment.forms import AdmissionForm, NameForm, ParticularsForm
from portal.enrolment.keeping_forms import DecideForm
from portal.enrolment.models import MerchantState
from portal.enrolment.queries import MerchantFilter
from portal.enrolment.standing import due_filter, standing_of

bp = Blueprint("enrolment_regulator", __name__, url_prefix="/regulator/merchants")

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
TOLD = "told"  # one sentence for the next page


@bp.get("")
def list_merchants() -> ResponseReturnValue:
    """List the merchants of the jurisdiction."""
    wanted, sort = wanted_list(), request.args.get("sort", "newest")
    database, actor = web.database(), web.current_actor()
    districts = authorities()
    return web.page(
        "enrolment/regulator_list.html",
        wanted=wanted,
        sort=sort if sort in wording.SORTS else "newest",
        sorts=wording.SORTS,
        states=wording.STATES,
        dues=wording.DUES,
        due=request.args.get("due", ""),
        tiers=queries.tiers(database, actor),
        authorities=districts,
        chips=chips(wanted, {one.code: one.name for one in districts}),
        found=queries.merchants(database, actor, wanted, sort=sort, cursor=request.args.get("cursor")),
        count=shown_count(queries.counted(database, actor, wanted)),
        address=list_address({**asked(), "sort": request.args.get("sort")}),
        export_fields=asked(),
        day=wording.day,
        may_admit=may_admit(),
        told=session.pop(TOLD, None),
    )


@bp.post("/export")
def export() -> ResponseReturnValue:
    """Give the list as XLSX; that it left the house is recorded."""
    moment = web.now()
    content = web.perform(export_merchants, ExportMerchants(wanted_list()))
    return send_file(content, XLSX, as_attachment=True, download_name=file_name(moment))


@bp.get("/new")
def new() -> ResponseReturnValue:
    """Show the form of an admission."""
    return admission_page(AdmissionForm())


@bp.post("/new")
def admit() -> ResponseReturnValue:
    """Admit a merchant."""
    form = AdmissionForm()
    form.offer(authorities())
    if not form.validate_on_submit():
        return admission_page(form, status=422)
    try:
        merchant = web.perform(actions.admit_merchant, form.command())
    except Refused as objection:
        web.show_objection(form, objection)
        return admission_page(form, status=422)
    session[TOLD] = _("已入驻。请联系系统管理员为它添加第一位企业负责人。")
    return redirect(url_for(".show", code=merchant.organisation.code), code=303)


@bp.get("/<code>")
def show(code: str) -> ResponseReturnValue:
    """Show one merchant."""
    return merchant_page(code)


@bp.get("/<code>/edit")
def edit(code: str) -> ResponseReturnValue:
    """Show the form of a change."""
    found = queries.merchant_page(web.database(), web.current_actor(), code)
    form = ParticularsForm().offer(authorities(), found.merchant.tier)
    return edit_page(code, form.fill(found.merchant, found.authority))


@bp.post("/<code>/edit")
def change(code: str) -> ResponseReturnValue:
    """Change a merchant's particulars."""
    found = queries.merchant_page(web.database(), web.current_actor(), code)
    form = ParticularsForm()
    form.offer(authorities(), found.merchant.tier)
    if not form.validate_on_submit():
        return edit_page(code, form, status=422)
    try:
        changed = web.perform(actions.change_merchant, form.change(code))
    except Refused as objection:
        web.show_objection(form, objection)
        return edit_page(code, form, status=422)
    session[TOLD] = _("资料已更新。") if changed else _("没有变化。")
    return redirect(url_for(".show", code=code), code=303)


@bp.post("/<code>/aliases")
def add_alias(code: str) -> ResponseReturnValue:
    """Add a name by which complaints call the merchant."""
    return add_name(code, NameForm(prefix="alias"), actions.add_alias, "alias")


@bp.post("/<code>/aliases/remove")
def remove_alias(code: str) -> ResponseReturnValue:
    """Take an alias away."""
    web.perform(actions.remove_alias, RemoveName(code, request.form.get("name", "")))
    return redirect(url_for(".show", code=code, _anchor="aliases"), code=303)


@bp.post("/<code>/outlets")
def add_outlet(code: str) -> ResponseReturnValue:
    """Add a shop."""
    return add_name(code, NameForm(prefix="outlet"), actions.add_outlet, "outlet")


@bp.post("/<code>/outlets/remove")
def remove_outlet(code: str) -> ResponseReturnValue:
    """Close a shop."""
    web.perform(actions.remove_outlet, RemoveName(code, request.form.get("name", "")))
    return redirect(url_for(".show", code=code, _anchor="outlets"), code=303)


@bp.post("/<code>/proposals/<proposal>")
def decide_proposal(code: str, proposal: str) -> ResponseReturnValue:
    """Approve or reject what a merchant proposes to change of its data."""
    form = DecideForm()
    if not form.validate_on_submit():
        return merchant_page(code, status=422, decide_form=form)
    try:
        web.perform(keeping.decide_proposal, form.command(code, proposal))
    except RuleBroken as objection:
        web.show_objection(form, objection)
        return merchant_page(code, status=422, decide_form=form)
    session[TOLD] = _("已办理，企业会收到通知。")
    return redirect(url_for(".show", code=code), code=303)


def add_name(code: str, form: NameForm, action: Any, part: str) -> ResponseReturnValue:
    """Add an alias or an outlet and return to its part of the page."""
    if not form.validate_on_submit():
        return merchant_page(code, status=422, **{f"{part}_form": form})
    try:
        web.perform(action, form.command(code))
    except RuleBroken as objection:
        web.show_objection(form, objection)
        return merchant_page(code, status=422, **{f"{part}_form": form})
    return redirect(url_for(".show", code=code, _anchor="aliases" if part == "alias" else "outlets"), code=303)


def merchant_page(code: str, status: int = 200, **forms: Any) -> ResponseReturnValue:
    """One merchant: particulars, names, outlets, what happened."""
    found = queries.merchant_page(web.database(), web.current_actor(), code)
    label, tone = wording.STATES[found.merchant.state]
    return web.page(
        "enrolment/regulator_merchant.html",
        status=status,
        failed=status != 200,
        found=found,
        label=label,
        tone=tone,
        day=wording.day,
        history=wording.history(found.history),
        may_change=can(web.current_actor(), Permission.MERCHANT_ADMIT, found.merchant),
        told=session.pop(TOLD, None),
        standing=standing_of(web.database(), found.merchant, now=web.now()),
        **{
            "decide_form": DecideForm(formdata=None),
            "alias_form": NameForm(prefix="alias"),
            "outlet_form": NameForm(prefix="outlet"),
            **forms,
        },
    )


def admission_page(form: AdmissionForm, status: int = 200) -> ResponseReturnValue:
    """The form of an admission; refused with NotAllowed to whoever may admit nobody."""
    require(web.current_actor(), Permission.MERCHANT_ADMIT, actions.Under(web.current_actor().organisation_id))
    form.offer(authorities())
    return web.page("enrolment/regulator_new.html", status=status, form=form, failed=status != 200)


def edit_page(code: str, form: ParticularsForm, status: int = 200) -> ResponseReturnValue:
    """The form of a change."""
    found = queries.merchant_page(web.database(), web.current_actor(), code)
    require(web.current_actor(), Permission.MERCHANT_ADMIT, found.merchant)
    return web.page("enrolment/regulator_edit.html", status=status, form=form, failed=status != 200, found=found)


def authorities() -> list[Organisation]:
    """The authorities of the reader's jurisdiction."""
    return queries.authorities_of(web.database(), web.current_actor())


def wanted_list() -> MerchantFilter:
    """The filter that the address asks for; what is unknown narrows nothing."""
    state, due = request.args.get("state", ""), request.args.get("due", "")
    return MerchantFilter(
        **due_filter(web.database(), due, now=web.now()),
        search=request.args.get("q", "").strip()[:100],
        state=MerchantState(state) if state in set(MerchantState) else None,
        tier=request.args.get("tier", ""),
        authority_code=request.args.get("authority", ""),
    )


def asked() -> dict[str, str]:
    """The filter's part of the address, without what is empty."""
    return {name: value for name in ("q", "state", "tier", "authority", "due") if (value := request.args.get(name, ""))}


def list_address(values: Mapping[str, Any]) -> str:
    """The address of the list with these parameters."""
    return url_for(".list_merchants", **values)


def chips(wanted: MerchantFilter, names: dict[str, str]) -> list[dict[str, str]]:
    """The conditions in force, each with the list without it."""
    said = {
        "q": _("含“%(words)s”", words=wanted.search) if wanted.search else "",
        "state": _("状态：%(state)s", state=wording.STATES[wanted.state][0]) if wanted.state else "",
        "tier": _("类别：%(tier)s", tier=wanted.tier) if wanted.tier else "",
        "authority": _("辖区：%(name)s", name=names.get(wanted.authority_code, wanted.authority_code)),
        "due": wording.DUES.get(request.args.get("due", ""), ""),
    }
    return [
        {"label": said[name], "href": list_address({k: v for k, v in asked().items() if k != name})}
        for name in asked()
        if said[name]
    ]


def may_admit() -> bool:
    """Say whether the reader may admit merchants to his own authority."""
    actor = web.current_actor()
    return can(actor, Permission.MERCHANT_ADMIT, actions.Under(actor.organisation_id))
