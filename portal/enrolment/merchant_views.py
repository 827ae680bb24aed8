"""A merchant's own record: what is registered, the yearly confirmation, proposals, its outlets."""

from io import BytesIO
from typing import Any

from flask import Blueprint, redirect, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal import web
from portal.core.errors import NotFound, Refused, RuleBroken
from portal.core.permissions import Permission, can, require
from portal.enrolment import keeping, queries, wording
from portal.enrolment.keeping import NO_OUTLET, CloseOutlet, WithdrawProposal
from portal.enrolment.keeping_forms import ChangeOutletForm, ConfirmForm, OutletFileForm, OutletForm, ProposalForm
from portal.enrolment.outlet_sheets import read_outlets
from portal.enrolment.standing import standing_of

bp = Blueprint("enrolment_merchant", __name__, url_prefix="/merchant/organisation")

TOLD = "told"


@bp.get("")
def show() -> ResponseReturnValue:
    """Show one's own merchant."""
    return own_page()


@bp.post("/confirm")
def confirm() -> ResponseReturnValue:
    """Confirm once a year that the data are right."""
    return kept(ConfirmForm(), keeping.confirm_data, "confirm_form", _("已确认，一年后再核对。"))


@bp.get("/changes")
def show_changes() -> ResponseReturnValue:
    """Show the registered data as a form, to be changed into what they should be."""
    return changes_page(ProposalForm(formdata=None))


@bp.post("/changes")
def propose() -> ResponseReturnValue:
    """Propose other data to the authority."""
    form = ProposalForm()
    if not form.validate_on_submit():
        return changes_page(form, status=422)
    try:
        proposal = web.perform(keeping.propose_change, form.command())
    except Refused as objection:
        web.show_objection(form, objection)
        return changes_page(form, status=422)
    session[TOLD] = _("已提交，等监管部门核准。") if proposal else _("和登记的一样，没有变化。")
    return redirect(url_for(".show"), code=303)


@bp.post("/withdraw-change")
def withdraw_change() -> ResponseReturnValue:
    """Take a waiting proposal back."""
    web.perform(keeping.withdraw_proposal, WithdrawProposal(request.form.get("proposal", "")))
    session[TOLD] = _("变更申请已撤回。")
    return redirect(url_for(".show"), code=303)


@bp.post("/outlets")
def open_outlet() -> ResponseReturnValue:
    """Add a shop."""
    return kept(OutletForm(), keeping.open_outlet, "outlet_form", _("门店已添加。"))


@bp.get("/outlets/change")
def show_outlet() -> ResponseReturnValue:
    """Show the form of a shop's new name or address."""
    return outlet_page(ChangeOutletForm(formdata=None), request.args.get("name", ""))


@bp.post("/outlets/change")
def change_outlet() -> ResponseReturnValue:
    """Give a shop another name or address."""
    form = ChangeOutletForm()
    if not form.validate_on_submit():
        return outlet_page(form, form.name.data or "", status=422)
    try:
        web.perform(keeping.change_outlet, form.command())
    except RuleBroken as objection:
        web.show_objection(form, objection)
        return outlet_page(form, form.name.data or "", status=422)
    session[TOLD] = _("门店已修改。")
    return redirect(url_for(".show", _anchor="outlets"), code=303)


@bp.post("/outlets/close")
def close_outlet() -> ResponseReturnValue:
    """Close a shop."""
    web.perform(keeping.close_outlet, CloseOutlet(request.form.get("name", "")))
    session[TOLD] = _("门店已关闭。")
    return redirect(url_for(".show", _anchor="outlets"), code=303)


@bp.post("/outlets/import")
def import_outlets() -> ResponseReturnValue:
    """Add the shops of an Excel or CSV file."""
    form = OutletFileForm()
    given = request.files.get("file")
    try:
        found = read_outlets(BytesIO(given.read() if given else b""))
        changed = web.perform(keeping.open_outlets, found)
    except RuleBroken as objection:
        form.form_errors = [objection.text]
        return own_page(status=422, file_form=form)
    session[TOLD] = _("文件有 %(all)s 家门店，新增或更新 %(count)s 家。", all=len(found), count=changed)
    return redirect(url_for(".show", _anchor="outlets"), code=303)


def kept(form: Any, action: Any, name: str, told: str) -> ResponseReturnValue:
    """Do what a form of the page says; a refused one keeps what was typed."""
    if not form.validate_on_submit():
        return own_page(status=422, **{name: form})
    try:
        web.perform(action, form.command())
    except RuleBroken as objection:
        web.show_objection(form, objection)
        return own_page(status=422, **{name: form})
    session[TOLD] = told
    return redirect(url_for(".show"), code=303)


def own_page(status: int = 200, **forms: Any) -> ResponseReturnValue:
    """One's own merchant with what its heads may do."""
    actor = web.current_actor()
    found = queries.own_page(web.database(), actor)
    label, tone = wording.STATES[found.merchant.state]
    return web.page(
        "enrolment/merchant_organisation.html",
        status=status,
        failed=status != 200,
        found=found,
        label=label,
        tone=tone,
        day=wording.day,
        standing=standing_of(web.database(), found.merchant, now=web.now()),
        may_keep=can(actor, Permission.MERCHANT_KEEP, found.merchant),
        may_manage=can(actor, Permission.PERSON_MANAGE, actor),
        told=session.pop(TOLD, None),
        confirm_form=forms.get("confirm_form") or ConfirmForm(formdata=None),
        outlet_form=forms.get("outlet_form") or OutletForm(formdata=None),
        file_form=forms.get("file_form") or OutletFileForm(formdata=None),
    )


def changes_page(form: ProposalForm, status: int = 200) -> ResponseReturnValue:
    """The form of a proposal, for the merchant's heads."""
    found = queries.own_page(web.database(), web.current_actor())
    require(web.current_actor(), Permission.MERCHANT_KEEP, found.merchant)
    if status == 200:
        form.fill(found.merchant)
    return web.page("enrolment/merchant_changes.html", status=status, failed=status != 200, form=form, found=found)


def outlet_page(form: ChangeOutletForm, name: str, status: int = 200) -> ResponseReturnValue:
    """The form of one shop, for the merchant's heads."""
    found = queries.own_page(web.database(), web.current_actor())
    require(web.current_actor(), Permission.MERCHANT_KEEP, found.merchant)
    outlet = next((one for one in found.outlets if one.name == name and one.closed_at is None), None)
    if outlet is None:
        raise NotFound(NO_OUTLET)
    if status == 200:
        form.fill(outlet)
    return web.page("enrolment/merchant_outlet.html", status=status, failed=status != 200, form=form)
