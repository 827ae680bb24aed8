"""期限: what holds here today and from when, what an authority set for itself, and a new row by its chief."""

from dataclasses import dataclass
from datetime import date, timedelta

from flask import flash, get_flashed_messages, redirect, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal import web
from portal.accounts.models import Organisation
from portal.accounts.queries import names_of
from portal.clocks import rules
from portal.clocks.queries import Almanac, read_almanac
from portal.clocks.rules import Limit
from portal.clocks.setting import Own, set_limit
from portal.core.errors import NotAllowed, RuleBroken
from portal.core.permissions import REFUSAL, Permission, can
from portal.desk.limit_forms import LimitForm

EVERYWHERE = "全平台"


@dataclass(frozen=True, slots=True)
class LimitLine:
    """One row of the table of limits."""

    title: str
    amount: str
    whose: str
    is_own: bool
    basis: str
    since: date
    until: date | None


@dataclass(frozen=True, slots=True)
class LimitsPage:
    """What the page shows."""

    law: list[LimitLine]
    free: list[LimitLine]
    coming: list[LimitLine]
    former: list[LimitLine]
    may_set: bool


def show_limits() -> ResponseReturnValue:
    """Show what holds."""
    tomorrow = rules.local_day(web.now()) + timedelta(days=1)
    return limits_page(LimitForm(formdata=None, first_on=tomorrow))


def set_own_limit() -> ResponseReturnValue:
    """Set a limit of one's own authority from a day on."""
    actor = web.current_actor()
    if actor.organisation_id is None:
        raise NotAllowed(REFUSAL)
    form = LimitForm()
    if not form.validate_on_submit():
        return limits_page(form, status=422)
    try:
        web.perform(set_limit, form.command(read_almanac(web.database()), actor.organisation_id))
    except RuleBroken as objection:
        web.show_objection(form, objection)
        return limits_page(form, status=422)
    flash(_("期限已登记，从生效日期起使用；已经开始的期限不变"))
    return redirect(url_for("desk_regulator.show_limits"), code=303)


def limits_page(form: LimitForm, status: int = 200) -> ResponseReturnValue:
    """Render the tables with the form for the chief."""
    session, actor = web.database(), web.current_actor()
    book, today = read_almanac(session), rules.local_day(web.now())
    own = session.get_one(Organisation, actor.organisation_id)
    upwards = own.ancestry()[::-1]
    names = names_of(session, upwards)
    texts = [str(text) for text in get_flashed_messages()]
    return web.page(
        "desk/regulator_limits.html",
        status=status,
        view=_view(book, today, upwards, names, may_set=can(actor, Permission.LIMIT_SET, Own(own.id))),
        form=form,
        toast={"text": "，".join(texts), "undo": "", "seconds": 0} if texts else None,
        failed=status != 200,
    )


def _view(book: Almanac, today: date, upwards: list[int], names: dict[int, str], *, may_set: bool) -> LimitsPage:
    rows: list[tuple[int | None, Limit]] = [(None, row) for row in book.limits]
    rows += [(authority, row) for authority in upwards for row in book.own.get(authority, ())]
    shown = [(whose, row) for whose, row in rows if row.is_law or row.code in rules.OWN_CODES]
    holding = [
        row for code in dict.fromkeys(row.code for _whose, row in shown) for row in _holding(book, code, today, upwards)
    ]

    def line(whose: int | None, row: Limit) -> LimitLine:
        return LimitLine(
            rules.limit_title(row.code),
            rules.amount_in_words(row),
            names.get(whose, "") if whose else EVERYWHERE,
            whose is not None and whose == upwards[0],
            row.source,
            row.valid_from,
            row.valid_to,
        )

    current = [line(whose, row) for whose, row in shown if row in holding]
    is_law = {rules.limit_title(row.code) for row in holding if row.is_law}
    return LimitsPage(
        law=[one for one in current if one.title in is_law],
        free=[one for one in current if one.title not in is_law],
        coming=[line(whose, row) for whose, row in shown if row.valid_from > today],
        former=[line(whose, row) for whose, row in shown if row.valid_to is not None and row.valid_to < today],
        may_set=may_set,
    )


def _holding(book: Almanac, code: str, today: date, upwards: list[int]) -> tuple[Limit, ...]:
    try:
        return book.limits_in_force(code, today, upwards)
    except RuleBroken:  # of the law, and none holds any more or yet
        return ()
