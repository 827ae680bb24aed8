"""The command line of limits: explain a deadline, list what is in force, set a limit from a day on."""

from datetime import date

import click
from sqlalchemy.orm import Session

from portal.accounts.models import Organisation, OrganisationKind
from portal.accounts.queries import organisation_by_code
from portal.clocks import rules
from portal.clocks.queries import Almanac, read_almanac
from portal.clocks.rules import Limit, Setting, Unit
from portal.clocks.setting import SetLimit, set_limit
from portal.core.actor import OPERATOR
from portal.core.errors import NotFound, RuleBroken
from portal.terminal import answer, installation, json_option

SUPERVISES = (OrganisationKind.AUTHORITY, OrganisationKind.COUNCIL)

authority_option = click.option(
    "--authority", "authority_code", metavar="CODE", help="监管部门代码：按它和上级另定的期限；不给时按全平台。"
)


class Day(click.ParamType[date]):
    """A date as 2026-09-24."""

    name = "日期"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> date:
        """Read the date; wrong usage otherwise."""
        try:
            return value if isinstance(value, date) else date.fromisoformat(str(value))
        except ValueError:
            self.fail(f"“{value}”不是日期，应写成 2026-09-24。", param, ctx)


@click.group(help="期限：推算到期日并说明理由")
def deadlines() -> None:
    """Deadlines."""


@deadlines.command()
@click.argument("limit")
@click.argument("start", type=Day())
@authority_option
@json_option
def explain(limit: str, start: date, authority_code: str | None, *, as_json: bool) -> None:
    """推算 LIMIT（odr、triage、mediation、notice、clue 等）自 START 起的到期日。"""
    with installation() as house, house.reading() as session:
        almanac = read_almanac(session)
        _refuse_unknown(almanac, limit)
        rows = almanac.limits_in_force(limit, start, _upwards(session, authority_code))
        if not all(row.unit in (Unit.WORKING_DAY, Unit.NATURAL_DAY) for row in rows):
            raise RuleBroken(f"“{rules.limit_title(limit)}”（{limit}）不是以天计的期限，没有到期日。")
        derivation = rules.derive_earliest(rows, start, almanac.calendar)
    told = [f"{rules.limit_title(limit)}：{derivation.due} 到期", *rules.explanation(derivation, almanac.calendar)]
    answer(as_json, derivation.to_json(), "\n".join([*told, f"依据：{derivation.basis}"]))


@click.group(help="期限表：各项期限的天数、依据与起止")
def limits() -> None:
    """Limits."""


@limits.command("list")
@click.option("--at", type=Day(), default=None, help="哪一天生效的，默认今天。")
@authority_option
@json_option
def list_limits(at: date | None, authority_code: str | None, *, as_json: bool) -> None:
    """列出生效的期限。"""
    with installation() as house, house.reading() as session:
        on = at or rules.local_day(house.now())
        almanac, upwards = read_almanac(session), _upwards(session, authority_code)
        codes = dict.fromkeys(row.code for row in almanac.limits if rules.in_force([row], row.code, on))
        found = [row for code in codes for row in almanac.limits_in_force(code, on, upwards)]
    text = "\n".join(
        f"{row.code:<22}{rules.amount_in_words(row):>10} {rules.limit_title(row.code)}（{row.source}）" for row in found
    )
    answer(as_json, {"at": on.isoformat(), "limits": [_as_json(row) for row in found]}, text)


@limits.command("set")
@click.argument("limit")
@click.argument("amount", required=False)
@click.option("--from", "first_on", type=Day(), required=True, help="从哪一天起生效，最早明天。")
@click.option("--basis", default="", help="依据的文件名称和文号。")
@click.option("--article", default="", help="条款，如 第十五条。")
@click.option("--law", "is_law", is_flag=True, help="依据是法律、法规或规章（只用于全平台）。")
@click.option("--authority", "authority_code", metavar="CODE", help="只对这个监管部门和它的下级；不给时对全平台。")
@json_option
def set_command(
    limit: str,
    amount: str | None,
    first_on: date,
    basis: str,
    article: str,
    is_law: bool,
    authority_code: str | None,
    *,
    as_json: bool,
) -> None:
    """从某天起改变期限 LIMIT：数值 AMOUNT（天、小时、元、%）；单位不再另定时不写 AMOUNT。已经开始的期限不变。"""
    with installation() as house:
        with house.reading() as session:
            almanac = read_almanac(session)
            unit = _refuse_unknown(almanac, limit).unit
            authority = _authority(session, authority_code) if authority_code else None
            authority_id, name = (authority.id, authority.name) if authority else (None, "全平台")
        if is_law and authority_id is not None:
            raise RuleBroken("一个单位另定的期限不是法定期限，--law 只用于全平台。")
        read = rules.read_amount(amount, unit) if amount else None
        if amount and read is None:
            raise RuleBroken(f"“{amount}”不是{rules.UNIT_NAMES[unit]}的数值。")
        setting = Setting(limit, read, first_on, basis.strip(), article.strip())
        house.perform(OPERATOR, set_limit, SetLimit(setting, authority_id, is_law=is_law))
    words = f"{amount} {rules.UNIT_NAMES[unit]}" if amount else "按上级或全平台的规定"
    told = {"limit": limit, "authority": authority_code, "amount": read, "from": first_on.isoformat()}
    answer(as_json, told, f"{name}：{rules.limit_title(limit)}自 {first_on.isoformat()} 起为 {words}。")


def _refuse_unknown(almanac: Almanac, code: str) -> Limit:
    """A row of the code, for its unit; refuses with NotFound a code that no limit has."""
    row = next((row for row in almanac.limits if row.code == code), None)
    if row is None:
        raise NotFound(f"没有“{code}”这一项期限。用 portal limits list 查看全部期限。")
    return row


def _upwards(session: Session, code: str | None) -> list[int]:
    return _authority(session, code).ancestry()[::-1] if code else []


def _authority(session: Session, code: str) -> Organisation:
    found = organisation_by_code(session, code)
    if found is None or found.kind not in SUPERVISES:
        raise NotFound(f"没有代码为 {code} 的监管部门。请先导入监管部门。")
    return found


def _as_json(row: Limit) -> dict[str, object]:
    return {
        "limit": row.code,
        "title": rules.limit_title(row.code),
        "amount": row.amount,
        "unit": row.unit.value,
        "basis": row.source,
        "is_law": row.is_law,
        "valid_from": row.valid_from.isoformat(),
        "valid_to": row.valid_to.isoformat() if row.valid_to else None,
    }
