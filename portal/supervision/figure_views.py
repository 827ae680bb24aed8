"""Figures of promises by authority and month; every number opens its list."""

from urllib.parse import urlencode

from flask import request, send_file
from flask.typing import ResponseReturnValue

from portal import web
from portal.clocks.rules import local_day
from portal.supervision import promise_figures as figures
from portal.supervision.desk_views import XLSX
from portal.supervision.desk_views import regulator as bp
from portal.supervision.promise_figures import ExportFigures
from portal.supervision.rules.figures import AMOUNTS, MEASURES, OF_LEDGERS, OF_PROMISES, Measure, Month, month_named

LIST = "/regulator/promise-figures"


@bp.get("/promise-figures")
def show_figures() -> ResponseReturnValue:
    """Show the figures of a month, the present one where none is asked for."""
    today, month = local_day(web.now()), asked_month()
    rows = figures.promise_figures(web.database(), web.current_actor(), month, today)
    return web.page(
        "supervision/regulator_figures.html", rows=rows, month=month, measures=MEASURES, amounts=AMOUNTS, path=LIST
    )


@bp.post("/promise-figures/export")
def export_figures() -> ResponseReturnValue:
    """Give the figures as XLSX; that they left the house is recorded."""
    month = asked_month()
    content = web.perform(figures.export_figures, ExportFigures(month, local_day(web.now())))
    return send_file(content, XLSX, as_attachment=True, download_name=f"承诺数据 {month.name}.xlsx")


@bp.get("/promise-figures/rows")
def list_behind() -> ResponseReturnValue:
    """List the rows behind one number, of the promises in force where the address names none."""
    asked = request.args.get("of", "")
    measure = asked if asked in set(Measure) else Measure.UNITS
    what, month, code = Measure(measure), asked_month(), request.args.get("authority", "")
    cursor = request.args.get("cursor")
    actor, today = web.current_actor(), local_day(web.now())
    found = figures.behind(web.database(), actor, what, month, code, cursor, today=today)
    return web.page(
        "supervision/regulator_figure_rows.html",
        found=found,
        month=month,
        label=MEASURES[what],
        of_promises=what in OF_PROMISES,
        of_ledgers=what in OF_LEDGERS,
        address=f"{LIST}/rows?{urlencode({'of': what.value, 'month': month.name, 'authority': code})}",
    )


def asked_month() -> Month:
    """The month that the address names."""
    return month_named(request.args.get("month", ""), local_day(web.now()))
