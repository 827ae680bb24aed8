"""Applications for enrolment on the authority's desk: the list, one application, what is decided."""

from collections.abc import Callable, Mapping
from typing import Any

from flask import Blueprint, redirect, request, send_file, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal import web
from portal.clocks.rules import local_day
from portal.core.errors import Refused
from portal.core.paging import shown_count
from portal.core.permissions import Permission, can
from portal.enrolment import application_queries as queries
from portal.enrolment import application_rules as rules
from portal.enrolment import application_wording as wording
from portal.enrolment import reviewing
from portal.enrolment.application_exporting import ExportApplications, export_applications
from portal.enrolment.application_pages import firm_facts
from portal.enrolment.application_queries import ApplicationFilter
from portal.enrolment.queries import authorities_of
from portal.enrolment.review_forms import AdmitForm, AskForm, OpenForm, RefuseForm
from portal.enrolment.rules import TIERS
from portal.enrolment.sending_views import attachment

bp = Blueprint("applications_regulator", __name__, url_prefix="/regulator/applications")

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
TOLD = "told"
ASKED = ("view", "q", "tier", "authority", "overdue")


@bp.get("")
def list_applications() -> ResponseReturnValue:
    """List the applications of the jurisdiction."""
    wanted, sort = wanted_list(), request.args.get("sort", "newest")
    database, actor, now = web.database(), web.current_actor(), web.now()
    districts = authorities_of(database, actor)
    return web.page(
        "enrolment/regulator_applications.html",
        wanted=wanted,
        sort=sort if sort in queries.SORTS else "newest",
        sorts=wording.SORTS,
        tiers=TIERS,
        authorities=districts,
        tabs=tabs(wanted, queries.view_counts(database, actor)),
        found=queries.applications(database, actor, wanted, sort=sort, cursor=request.args.get("cursor"), now=now),
        count=shown_count(queries.counted(database, actor, wanted, now=now)),
        chips=chips(wanted, {one.code: one.name for one in districts}),
        address=list_address({**asked(), "sort": request.args.get("sort")}),
        kept=asked(),
        states=rules.STATE_NAMES,
        due=lambda line: wording.due_of_line(database, line, now),
        day=wording.day,
    )


@bp.post("/export")
def export() -> ResponseReturnValue:
    """Give the list as XLSX; that it left the house is recorded."""
    content = web.perform(export_applications, ExportApplications(wanted_list()))
    return send_file(content, XLSX, as_attachment=True, download_name="入驻申请.xlsx")


@bp.get("/<reference>")
def show(reference: str) -> ResponseReturnValue:
    """Show one application."""
    return application_page(reference)


@bp.post("/<reference>/open")
def reveal(reference: str) -> ResponseReturnValue:
    """Open contact person, accounts and documents for thirty minutes, with a reason, on record."""
    return decided(reference, OpenForm(), reviewing.open_application, "open_form", "")


@bp.get("/<reference>/pages/<page>")
def open_file(reference: str, page: str) -> ResponseReturnValue:
    """Send a page of a document to whoever opened the application."""
    actor, now = web.current_actor(), web.now()
    return attachment(reviewing.open_page(web.database(), actor, reference, page, now=now))


@bp.post("/<reference>/ask")
def ask(reference: str) -> ResponseReturnValue:
    """Ask the applicant for more."""
    return decided(reference, AskForm(), reviewing.ask_for_more, "ask_form", _("已通知申请人补正。"))


@bp.post("/<reference>/admit")
def admit(reference: str) -> ResponseReturnValue:
    """Admit the applicant."""
    form = AdmitForm().offer(authorities_of(web.database(), web.current_actor()))
    told = _("已通过。首次登录链接已发到申请人手机，密码由企业自己设置。")
    return decided(reference, form, reviewing.admit, "admit_form", told)


@bp.post("/<reference>/refuse")
def refuse(reference: str) -> ResponseReturnValue:
    """Refuse the applicant."""
    return decided(reference, RefuseForm(), reviewing.refuse_application, "refuse_form", _("已通知申请人。"))


def decided(reference: str, form: Any, action: Callable[..., Any], name: str, told: str) -> ResponseReturnValue:
    """Do what the form says and show the application again; a refused form keeps what was typed."""
    if not form.validate_on_submit():
        return application_page(reference, status=422, **{name: form})
    try:
        web.perform(action, form.command(reference))
    except Refused as objection:
        web.show_objection(form, objection)
        return application_page(reference, status=422, **{name: form})
    session[TOLD] = told
    return redirect(url_for(".show", reference=reference), code=303)


def application_page(reference: str, status: int = 200, **forms: Any) -> ResponseReturnValue:
    """One application with what the authority can do."""
    database, actor, now = web.database(), web.current_actor(), web.now()
    found = queries.review_page(database, actor, reference, now=now)
    admit_form = forms.get("admit_form") or AdmitForm(
        formdata=None, data={"tier": found.row.tier, "authority_code": found.row.authority.code}
    )
    ask_form = forms.get("ask_form") or AskForm(
        formdata=None, data={"reply_on": queries.reply_proposed_on(database, today=local_day(now))}
    )
    label, tone = rules.STATE_NAMES[found.row.state]
    return web.page(
        "enrolment/regulator_application.html",
        status=status,
        failed=status != 200,
        found=found,
        label=label,
        tone=tone,
        firm=firm_facts(found.row),
        conditions=wording.conditions(found.row),
        documents=wording.documents(found.pages),
        accounts=wording.accounts(found.accounts),
        history=wording.history(found.history),
        may_decide=can(actor, Permission.APPLICATION_DECIDE, found.row),
        desks=rules.TIER_BASIS,
        told=session.pop(TOLD, None),
        open_form=forms.get("open_form") or OpenForm(formdata=None),
        ask_form=ask_form,
        admit_form=admit_form.offer(authorities_of(database, actor)),
        refuse_form=forms.get("refuse_form") or RefuseForm(formdata=None),
        day=wording.day,
        states=rules.STATE_NAMES,
    )


def wanted_list() -> ApplicationFilter:
    """The filter that the address asks for; what is unknown narrows nothing."""
    view = request.args.get("view", "waiting")
    return ApplicationFilter(
        view=view if view in queries.VIEWS else "waiting",
        search=request.args.get("q", "").strip()[:100],
        tier=request.args.get("tier", ""),
        authority_code=request.args.get("authority", ""),
        overdue=bool(request.args.get("overdue")),
    )


def asked() -> dict[str, str]:
    """The filter's part of the address, without what is empty."""
    return {name: value for name in ASKED if (value := request.args.get(name, ""))}


def list_address(values: Mapping[str, Any]) -> str:
    """The address of the list with these parameters."""
    return url_for(".list_applications", **values)


def tabs(wanted: ApplicationFilter, counts: dict[str, int]) -> list[dict[str, Any]]:
    """The tabs with their counts."""
    others = {name: value for name, value in asked().items() if name != "view"}
    return [
        {
            "label": label,
            "href": list_address({**others, "view": view}),
            "count": counts[view],
            "current": view == wanted.view,
        }
        for view, label in wording.VIEWS.items()
    ]


def chips(wanted: ApplicationFilter, names: dict[str, str]) -> list[dict[str, str]]:
    """The conditions in force, each with the list without it."""
    said = {
        "q": _("含“%(words)s”", words=wanted.search) if wanted.search else "",
        "tier": _("类别：%(tier)s", tier=wanted.tier) if wanted.tier else "",
        "authority": _("受理部门：%(name)s", name=names.get(wanted.authority_code, wanted.authority_code)),
        "overdue": _("已逾期") if wanted.overdue else "",
    }
    return [
        {"label": said[name], "href": list_address({k: v for k, v in asked().items() if k != name})}
        for name in asked()
        if said.get(name)
    ]
