"""Up to which outlay whom of a merchant may send an offer, as its 企业负责人 set it (domain 4.4)."""

from dataclasses import dataclass
from datetime import date

from portal.cases.rules import LEVEL_NAMES, Level
from portal.core.money import yuan


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits in force, in 分; None means any amount. The 企业负责人 has none."""

    agent: int | None = None
    supervisor: int | None = None
    set_by: str = ""
    set_on: date | None = None

    def of(self, level: Level) -> int | None:
        """The limit of a level."""
        return {Level.AGENT: self.agent, Level.SUPERVISOR: self.supervisor}.get(level)


def needed_level(outlay: int, limits: Limits) -> Level:
    """The lowest level that may send an offer of this outlay."""
    for level in (Level.AGENT, Level.SUPERVISOR):
        limit = limits.of(level)
        if limit is None or outlay <= limit:
            return level
    return Level.PRINCIPAL


def objection_to_sending(outlay: int, level: Level, limits: Limits) -> str | None:
    """Say by which rule someone of this level may not send an offer of this outlay, or None."""
    limit = limits.of(level)
    if limit is None or outlay <= limit:
        return None
    when = f"{limits.set_by} {limits.set_on.isoformat()} 设定" if limits.set_on else "企业负责人设定"
    needed = LEVEL_NAMES[needed_level(outlay, limits)]
    return (
        f"本单位规定{LEVEL_NAMES[level]}最多可以承诺支出 ¥{yuan(limit)}（{when}），"
        f"这次支出 ¥{yuan(outlay)}，要由{needed}发送。"
    )


def objection_to_limits(agent: int | None, supervisor: int | None) -> tuple[str, str] | None:
    """Say at which field limits contradict each other, or None; amounts in 分."""
    if supervisor is not None and agent is None:
        return "agent", "部门负责人有限额时，客服也要有限额。请填客服的限额。"
    if supervisor is not None and agent is not None and supervisor < agent:
        return "supervisor", "部门负责人的限额不能低于客服的限额。"
    return None
