"""The officer's desk: the board, the list of cases, the whole file of one."""

from dataclasses import replace
from datetime import date

from flask import Blueprint, redirect, request, send_file
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from markupsafe import Markup, escape

from portal import web
from portal.cases import lookups
from portal.cases.forms import RevealForm
from portal.cases.lookups import RecordExport
from portal.clocks import rules as clocks
from portal.clocks.queries import almanac
from portal.core import sheets
from portal.core.errors import RuleBroken
from portal.desk import areas, board, board_chart, found, limit_views, officer_case, officer_page
from portal.desk.board import Board, Counter
from portal.desk.forms import ConsumerSearchForm
from portal.desk.officer_filters import OfficerFilters, Tab
from portal.desk.officer_list import Asked
from portal.indicators.rules import PERIODS

bp = Blueprint("desk_regulator", __name__, url_prefix="/regulator")
bp.get("/limits")(limit_views.show_limits)
bp.post("/limits")(limit_views.set_own_limit)


@bp.get("/")
def show_board() -> ResponseReturnValue:
    """Show the jurisdiction's numbers; each opens its cases."""
    view = read_board()
    return web.page(
        "desk/regulator_board.html",
        view=view,
        periods=[(name, words) for name, (words, _days) in PERIODS.items()],
        chart=board_chart.weekly_chart(view.weeks, view.figures[0].goal),
        axis_start=board_chart.axis_start(view.figures),
        counters=[
            {"label": one.label, "value": one.text, "unit": _("件"), "href": one.href, "tone": one.tone}
            for one in view.counters
        ],
        overdue_link=link_to(view.counters[0], _("查看全部")),
        unpaid_link=link_to(view.unpaid, _("%(count)s 件", count=view.unpaid.text)),
    )


def read_board() -> Board:
    """Read the board that the address asks for."""
    session, actor = web.database(), web.current_actor()
    choices = areas.choices(session, actor)
    area = areas.chosen(choices, request.args.get("area", ""))
    return board.board(
        session,
        areas.scope(actor, area),
        areas.reach(actor, area),
        [(one.code, one.name) for one in choices],
        period_name=request.args.get("period", "quarter"),
        area=area.code if area else "",
        calendar=almanac(session).calendar,
        now=web.now(),
    )


def link_to(counter: Counter, words: str) -> Markup:
    """A link from a panel's head to the list behind its number."""
    return Markup('<a href="{}">{}</a>').format(counter.href, escape(words))


@bp.post("/board/export")
def export_board() -> ResponseReturnValue:
    """Give the board's figures as a file, and record it."""
    view = read_board()
    web.perform(lookups.record_export, RecordExport("board", request.query_string.decode()))
    rows = [
        [one.title, one.meaning, str(view.period.first), str(view.period.last), one.rate.numerator,
         one.rate.denominator, round(one.rate.percent, 1) if one.rate.is_shown else None, *one.rate.interval]
        for one in view.figures
    ]  # fmt: skip
    columns = ("指标", "口径", "自", "至", "分子", "分母", "比率（%）", "区间下限（%）", "区间上限（%）")
    return send_file(
        sheets.write_sheet("辖区看板", columns, rows), as_attachment=True, download_name=file_name("辖区看板")
    )


@bp.get("/cases/<reference>")
def show_case(reference: str) -> ResponseReturnValue:
    """Show the whole file of one case."""
    session = web.database()
    view = officer_case.officer_case(session, web.current_actor(), reference, web.now(), almanac(session))
    return web.page("desk/regulator_case.html", view=view, reveal_form=RevealForm(formdata=None))


@bp.get("/cases")
def list_cases() -> ResponseReturnValue:
    """List the cases of the jurisdiction under the filters of the address."""
    return cases_page(ConsumerSearchForm(formdata=None))


@bp.post("/cases/find")
def find_consumer() -> ResponseReturnValue:
    """Look for a full phone number or name inside the jurisdiction: a recorded act."""
    form = ConsumerSearchForm()
    if not form.validate_on_submit():
        return cases_page(form, status=422)
    try:
        sought = web.perform(lookups.find_consumer, form.command())
    except RuleBroken as objection:
        web.show_objection(form, objection)
        return cases_page(form, status=422)
    token = found.token_for(web.current_actor(), sought)
    return redirect(OfficerFilters(tab=Tab.ALL, found=token).address(), code=303)


@bp.post("/cases/export")
def export_cases() -> ResponseReturnValue:
    """Give the list as a file, masked as on the page, and record it."""
    asked, _choices = asked_now()
    web.perform(lookups.record_export, RecordExport("cases", replace(asked.filters, found="").address("")))
    rows = officer_page.export_rows(web.database(), asked)
    file = sheets.write_sheet("纠纷", officer_page.EXPORT_COLUMNS, rows)
    return send_file(file, as_attachment=True, download_name=file_name("纠纷"))


def cases_page(form: ConsumerSearchForm, status: int = 200) -> ResponseReturnValue:
    """Render the list with the form of the search by consumer."""
    asked, choices = asked_now()
    view = officer_page.officer_page(web.database(), asked, choices, request.args.get("cursor"))
    return web.page("desk/regulator_cases.html", status=status, view=view, form=form, failed=status != 200)


def asked_now() -> tuple[Asked, list[areas.Area]]:
    """What the address asks for, narrowed to what the actor may see."""
    filters = OfficerFilters.read(request.args.to_dict(flat=False))
    actor = web.current_actor()
    return officer_page.asked_by(web.database(), actor, filters, found.sought_by(actor, filters.found), web.now())


def file_name(title: str) -> str:
    """The name of an exported file: 纠纷-2026-10-12.xlsx."""
    today: date = clocks.local_day(web.now())
    return f"{title}-{today.isoformat()}.xlsx"
