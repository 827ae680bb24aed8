"""`portal doctor`: settings with secrets hidden, then one finding for each part: well, or what to do."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

import click
import pylopdf_fonts_zh_cn as fonts
from cryptography.exceptions import InvalidTag
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from portal import health, migrate, terminal
from portal.accounts.models import Person
from portal.clocks.models import CalendarYear
from portal.clocks.rules import SHANGHAI
from portal.config import described
from portal.core.privacy import DataKey
from portal.indicators.folding import state_of
from portal.ledgers.checkpoints import signing_state
from portal.queues import valkey_address, valkey_answers
from portal.runtime import Runtime

LAG_SECONDS = 120  # our limit: the schedule looks every few seconds
NEXT_YEAR_FROM = 12  # month: the State Council publishes next year's holidays in November


class State(StrEnum):
    """How a part stands."""

    WELL = "ok"
    LOOK = "look"  # works, but somebody should know
    BAD = "bad"


@dataclass(frozen=True, slots=True)
class Finding:
    """One part, how it stands, what is true, and what to do where it is not well."""

    name: str
    state: State
    text: str
    remedy: str = ""


SIGNS = {State.WELL: "正常", State.LOOK: "留意", State.BAD: "有误"}


@click.command(help="逐项检查设置、数据库、Valkey、密钥、日历、字体和积压；有误时退出码为 1。")
@terminal.json_option
def doctor(as_json: bool) -> int:
    """Look at every part of the installation."""
    with terminal.installation() as house:
        findings = [finding for look in LOOKS for finding in look(house)]
        settings = described(house.config)
    well = all(finding.state is not State.BAD for finding in findings)
    lines = [f"{name} = {value}" for name, value in settings.items()]
    lines += [f"{SIGNS[one.state]}  {one.name}：{one.text}{one.remedy}" for one in findings]
    payload: dict[str, Any] = {"ok": well, "settings": settings, "checks": [_check(finding) for finding in findings]}
    terminal.answer(as_json, payload, "\n".join(lines))
    return 0 if well else 1


def look_at_database(house: Runtime) -> list[Finding]:
    """The database's kind and version, on PostgreSQL its encoding."""
    with house.reading() as session:
        if house.config.uses_sqlite:
            version = session.execute(text("SELECT sqlite_version()")).scalar_one()
            return [Finding("数据库", State.WELL, f"SQLite {version}，可以读写。")]
        version = session.execute(text("SHOW server_version")).scalar_one()
        encoding = session.execute(text("SHOW server_encoding")).scalar_one()
    if encoding != "UTF8":
        remedy = "请用 ENCODING 'UTF8' 重建数据库。"
        return [Finding("数据库", State.BAD, f"PostgreSQL {version}，编码是 {encoding}。", remedy)]
    return [Finding("数据库", State.WELL, f"PostgreSQL {version}，编码 UTF8。")]


def look_at_schema(house: Runtime) -> list[Finding]:
    """The revision of the schema against the program's."""
    found, newest = migrate.current_revision(house.engine), migrate.head_revision()
    if found == newest:
        return [Finding("数据库版本", State.WELL, f"{found}，是最新的。")]
    return [Finding("数据库版本", State.BAD, f"{found}，程序需要 {newest}。", "请运行 portal db upgrade。")]


def look_at_valkey(house: Runtime) -> list[Finding]:
    """Whether Valkey answers; none at all is normal while nothing runs on the machine."""
    answers = valkey_answers(house.config)
    if answers:
        return [Finding("Valkey", State.WELL, "有应答。")]
    if answers is None:
        remedy = "它随 portal run 启动；分开部署时请设置 PORTAL_REDIS_URL。"
        return [Finding("Valkey", State.LOOK, "没有设置，也没有在运行。", remedy)]
    where = "PORTAL_REDIS_URL 指向的服务" if house.config.redis_url else valkey_address(house.config)
    remedy = "请检查地址、密码和网络。" if house.config.redis_url else "请重新启动 portal run。"
    return [Finding("Valkey", State.BAD, f"{where}没有应答。", remedy)]


def look_at_keys(house: Runtime) -> list[Finding]:
    """Whether our keys open what the database holds, and lie where only we can read them."""
    with house.reading() as session:
        opens = _keys_open(session, house)
    if not opens:
        remedy = "请恢复原来的 PORTAL_SEALING_KEYS（或备份里的 keys 文件夹）。"
        return [Finding("密钥", State.BAD, "打不开数据库里已封存的资料。", remedy)]
    loose = [file.name for file in (house.config.data / "keys").glob("*") if file.stat().st_mode & 0o077]
    if loose:
        return [Finding("密钥", State.LOOK, f"别人可以读 {'、'.join(loose)}。", "请把权限改为 600。")]
    return [Finding("密钥", State.WELL, "齐全，能打开已封存的资料。")]


def look_at_ledgers(house: Runtime) -> list[Finding]:
    """Whether ledgers are signed as they grow, with keys that we still have."""
    with house.reading() as session:
        state = signing_state(session, now=house.now())
    if state.strange:
        found = f"最近的检查点里有 {state.strange} 个不是现有的 PORTAL_LEDGER_KEYS 签发的，无法验证。"
        return [Finding("台账签名", State.BAD, found, "请把原来的密钥加回 PORTAL_LEDGER_KEYS，排在新密钥之后。")]
    if state.overdue:
        found = f"{state.overdue} 本台账有新条目，两天没有签发检查点。"
        return [Finding("台账签名", State.LOOK, found, "请运行 portal tick；签不了的请用 portal ledger verify 查明。")]
    return [Finding("台账签名", State.WELL, f"{state.ledgers} 本台账，密钥齐全。")]


def look_at_calendar(house: Runtime) -> list[Finding]:
    """How far the published holidays reach; beyond them due dates are provisional."""
    with house.reading() as session:
        last = session.scalars(select(func.max(CalendarYear.year))).one()
    today = house.now().astimezone(SHANGHAI)
    remedy = "国务院公布后请运行 portal calendar import 文件。"
    if last is None or last < today.year:
        return [Finding("日历", State.BAD, f"没有 {today.year} 年的放假安排，期限只按周末推算。", remedy)]
    if last == today.year and today.month >= NEXT_YEAR_FROM:
        return [Finding("日历", State.LOOK, f"放假安排只到 {last} 年底，跨年的期限是暂定的。", remedy)]
    return [Finding("日历", State.WELL, f"放假安排到 {last} 年底。")]


def look_at_fonts(house: Runtime) -> list[Finding]:
    """The fonts of printed papers."""
    missing = [path.name for path in (fonts.sans_path(), fonts.serif_path()) if not path.is_file()]
    if missing:
        return [Finding("字体", State.BAD, f"缺少 {'、'.join(missing)}。", "请重新安装 pylopdf-fonts-zh-cn。")]
    return [Finding("字体", State.WELL, "中文黑体和宋体齐全。")]


def look_at_backlog(house: Runtime) -> list[Finding]:
    """How long the oldest work has waited, what was given up, which duties failed."""
    found = health.look(house)
    remedy = "请确认 portal worker 和 portal schedule（或 portal run）在运行，或运行 portal tick。"
    if found.lag_seconds > LAG_SECONDS:
        waited = f"最早一件已等了 {_span(found.lag_seconds)}。"
        findings = [Finding("积压", State.LOOK, waited, remedy)]
    else:
        findings = [Finding("积压", State.WELL, "没有。")]
    if given_up := found.deliveries["given_up"]:
        findings.append(
            Finding("后台任务", State.LOOK, f"有 {given_up} 件多次失败后放弃。", "原因见日志和 delivery 表。")
        )
    if found.duties_failed:
        failed = f"上次没有做成：{'、'.join(found.duties_failed)}。"
        findings.append(Finding("定时任务", State.LOOK, failed, "原因见日志；下次到期会重做。"))
    return findings


def look_at_tallies(house: Runtime) -> list[Finding]:
    """Whether the counts behind the boards agreed with the cases when they were last recounted."""
    with house.reading() as session:
        state = state_of(session)
    if state is None or state.recounted_at is None:
        return [Finding("统计", State.LOOK, "还没有复核过。", "请运行 portal tick，或等定时任务复核。")]
    when = f"{state.recounted_at.astimezone(SHANGHAI):%Y-%m-%d %H:%M}"
    if state.corrected:
        found = f"{when} 逐件复核 {state.checked} 件，发现并更正 {state.corrected} 处不一致。"
        return [Finding("统计", State.LOOK, found, "请把这一情况告诉开发人员。")]
    before = ""
    if state.corrected_at:
        before = f"上一次更正在 {state.corrected_at.astimezone(SHANGHAI):%Y-%m-%d %H:%M}。"
    return [Finding("统计", State.WELL, f"{when} 逐件复核 {state.checked} 件，全部一致。{before}")]


LOOKS: tuple[Callable[[Runtime], list[Finding]], ...] = (
    look_at_database,
    look_at_schema,
    look_at_valkey,
    look_at_keys,
    look_at_ledgers,
    look_at_calendar,
    look_at_fonts,
    look_at_backlog,
    look_at_tallies,
)


def _check(finding: Finding) -> dict[str, Any]:
    return {"ok": finding.state is not State.BAD, **asdict(finding)}


def _keys_open(session: Session, house: Runtime) -> bool:
    """Try the newest sealed thing of each kind; an empty installation has none."""
    vault = house.config.vault
    key = session.scalars(
        select(DataKey).where(DataKey.wrapped.is_not(None)).order_by(DataKey.id.desc()).limit(1)
    ).first()
    factor = session.scalars(select(Person.second_factor).where(Person.second_factor.is_not(None)).limit(1)).first()
    try:
        if key is not None:
            vault.seal(key, "", "doctor")
        if factor is not None:
            vault.open_secret(factor, "person.totp")
    except InvalidTag:
        return False
    return True


def _span(seconds: float) -> str:
    hours, minutes = divmod(int(seconds) // 60, 60)
    return f"{hours} 小时 {minutes} 分钟" if hours else f"{minutes} 分钟"
