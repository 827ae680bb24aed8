"""The officer's desk: the board, the list of cases, the whole file of one."""

from flask import Blueprint, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from markupsafe import Markup, escape

from portal import web
from portal.clocks.queries import almanac
from portal.desk import areas, board, board_chart
from portal.desk.board import Board, Counter
from portal.indicators.rules import PERIODS

bp = Blueprint("desk_regulator", __name__, url_prefix="/regulator")


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
        [(one.code, one.name) for one in choices],
        period_name=request.args.get("period", "quarter"),
        area=area.code if area else "",
        calendar=almanac(session).calendar,
        now=web.now(),
    )


def link_to(counter: Counter, words: str) -> Markup:
    """A link from a panel's head to the list behind its number."""
    return Markup('<a href="{}">{}</a>').format(counter.href, escape(words))
