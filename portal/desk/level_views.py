"""权限与代理: who may send which amount, every former setting, and who stands in for whom."""

from dataclasses import dataclass

from flask import flash, get_flashed_messages, redirect, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_wtf import FlaskForm

from portal import web
from portal.cases import substitutes
from portal.cases.queries import colleagues
from portal.cases.substitutes import EndSubstitute, SubstitutionRow
from portal.cases.wording import full_time
from portal.clocks.rules import local_day
from portal.core.actor import Role
from portal.core.errors import RuleBroken
from portal.core.money import yuan
from portal.core.permissions import Permission, can
from portal.desk.level_forms import LimitsForm, SubstituteForm, filled_limits
from portal.settlements import limits
from portal.settlements.limits import as_limits
from portal.settlements.models import SendingLimits

ANY = "不限"


@dataclass(frozen=True, slots=True)
class LevelsPage:
    """What the page shows."""

    current: tuple[tuple[str, str], ...]
    settings: tuple[tuple[str, str, str, str], ...]  # when, who, 客服, 部门负责人; newest first
    substitutions: list[SubstitutionRow]
    may_set: bool


def levels() -> ResponseReturnValue:
    """Show limits and substitutes."""
    return levels_page()


def set_limits() -> ResponseReturnValue:
    """Set the limits from now on."""
    form = LimitsForm()
    if not form.validate_on_submit():
        return levels_page(limits_form=form, status=422)
    try:
        web.perform(limits.set_limits, form.command())
    except RuleBroken as objection:
        web.show_objection(form, objection)
        return levels_page(limits_form=form, status=422)
    flash(_("发送权限已保存，从现在起生效"))
    return redirect(url_for("desk_merchant.levels"), code=303)


def name_substitute() -> ResponseReturnValue:
    """Name a substitute."""
    form = SubstituteForm()
    if not form.validate_on_submit():
        return levels_page(substitute_form=form, status=422)
    try:
        web.perform(substitutes.name_substitute, form.command())
    except RuleBroken as objection:
        web.show_objection(form, objection)
        return levels_page(substitute_form=form, status=422)
    flash(_("代理已保存"))
    return redirect(url_for("desk_merchant.levels"), code=303)


def end_substitute(substitution: str) -> ResponseReturnValue:
    """Take a substitution back."""
    web.perform(substitutes.end_substitute, EndSubstitute(substitution))
    flash(_("代理已结束"))
    return redirect(url_for("desk_merchant.levels"), code=303)


def levels_page(
    *, limits_form: FlaskForm | None = None, substitute_form: SubstituteForm | None = None, status: int = 200
) -> ResponseReturnValue:
    """Render the page, with whichever form was refused."""
    session, actor, now = web.database(), web.current_actor(), web.now()
    rows = limits.former_limits(session, actor)
    present = as_limits(rows[0] if rows else None)
    people = colleagues(session, actor)
    today = local_day(now)
    typed = substitute_form or SubstituteForm(formdata=None, starts_on=today, ends_on=today)
    head = actor.role is Role.PRINCIPAL
    away = people if head else [one for one in people if one.person_id == actor.person_id]
    view = LevelsPage(
        current=(
            (_("客服"), _amount(present.agent)),
            (_("部门负责人"), _amount(present.supervisor)),
            (_("企业负责人"), ANY),
        ),
        settings=tuple(_setting(row) for row in rows),
        substitutions=substitutes.substitutions(session, actor, now=now),
        may_set=can(actor, Permission.SENDING_LIMIT, SendingLimits(merchant_id=actor.organisation_id)),
    )
    texts = [str(text) for text in get_flashed_messages()]
    return web.page(
        "desk/merchant_levels.html",
        status=status,
        view=view,
        limits_form=limits_form or filled_limits(present),
        substitute_form=typed.offer(away, people),
        toast={"text": "，".join(texts), "undo": "", "seconds": 0} if texts else None,
        failed=status != 200,
    )


def _amount(fen: int | None) -> str:
    return ANY if fen is None else f"¥{yuan(fen)}"


def _setting(row: SendingLimits) -> tuple[str, str, str, str]:
    return full_time(row.set_at), row.set_by, _amount(row.agent_limit), _amount(row.supervisor_limit)
