"""Commands of the operator that belong to no capability: the database and the clock."""

import click

from portal import migrate, terminal
from portal.clocks.rules import SHANGHAI
from portal.core.actor import OPERATOR
from portal.indicators.jobs import fill_rollups
from portal.installing import AdvanceClock, advance_clock, install, parse_duration, settings_to_install


@click.group(help="数据库：升级、核对。")
def db() -> None:
    """The database."""


@db.command("upgrade", help="升级数据库；没有安装时新建一个，并写入日历和期限。")
@click.option("--rehearsal", is_flag=True, help="新建的安装永久标为演练：时钟可以拨动，每页有提示。")
def upgrade(rehearsal: bool) -> None:
    """Bring the database up to date; make the installation where there is none."""
    house = install(settings_to_install(), rehearsal=rehearsal)
    try:
        fill_rollups(house)  # an upgraded installation's board is right at once, not at the first tick
        kind = "演练" if terminal.described_installation(house).rehearsal else "正式"
        click.echo(f"数据库已是最新版本 {migrate.head_revision()}（{kind}安装，{house.config.data}）。")
    finally:
        house.close()


@db.command("check", help="核对数据库结构与程序是否一致；不一致时退出码为 1。")
def check() -> int:
    """Say whether schema and models agree; 1 where they do not."""
    with terminal.installation() as house:
        found, newest = migrate.current_revision(house.engine), migrate.head_revision()
        if found != newest:
            click.echo(f"数据库版本是 {found}，程序需要 {newest}。请运行 portal db upgrade。", err=True)
            return 1
        if differences := migrate.differences(house.engine):
            click.echo(f"数据库结构与程序有 {len(differences)} 处不一致：{'；'.join(differences)}", err=True)
            return 1
        click.echo(f"数据库结构与程序一致（版本 {found}）。")
        return 0


@click.group(help="演练环境的时钟。")
def clock() -> None:
    """The clock of a rehearsal."""


@clock.command("advance", help="把演练环境的时钟向前拨 DURATION，如 3d、36h、1d12h。")
@click.argument("duration")
def advance(duration: str) -> None:
    """Move the clock of a rehearsal forwards."""
    by = parse_duration(duration)
    if by is None:
        raise click.BadParameter(f"“{duration}”不是时长，请写成 3d、36h、90m 或 1d12h。", param_hint="DURATION")
    with terminal.installation() as house:
        moved = house.perform(OPERATOR, advance_clock, AdvanceClock(by))
        click.echo(f"现在是 {moved.astimezone(SHANGHAI):%Y-%m-%d %H:%M}（北京时间）。")
