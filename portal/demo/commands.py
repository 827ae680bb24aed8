"""`portal demo` and `portal generate`."""

import json
import sys

import click

from portal import terminal
from portal.commands import LOCAL, address, port_option, run_house
from portal.core.errors import RuleBroken
from portal.demo.generate import generate as fill
from portal.demo.people import SIGN_INS
from portal.demo.story import is_told, tell
from portal.installing import install, settings_to_install
from portal.runtime import Runtime
from portal.serving import refuse_taken_port


@click.command(help="新建演示安装（没有时）并运行全部；打印地址和每个岗位的登录名、密码。")
@port_option
@terminal.json_option
def demo(port: int, as_json: bool) -> None:
    """Make the demo where there is none, and run it."""
    refuse_taken_port(LOCAL, port)
    house = install(settings_to_install(), demo=True)
    try:
        config = house.config
        make(house)
    finally:
        house.close()
    run_house(config, LOCAL, port, announcement=_announcement(address(LOCAL, port), str(config.data), as_json=as_json))


def make(house: Runtime) -> None:
    """Fill a demo installation that is still empty. Raises RuleBroken where the installation is no demo."""
    if not terminal.described_installation(house).demo:
        raise RuleBroken(f"{house.config.data} 里的安装不是演示安装。请把 PORTAL_DATA 指向另一个文件夹。")
    if not is_told(house):
        click.echo("正在准备演示数据……", err=True)
        tell(house)


def _announcement(site: str, data: str, *, as_json: bool) -> str:
    if as_json:
        told = {"address": site, "data": data, "sign_ins": [one.to_json() for one in SIGN_INS]}
        return json.dumps(told, ensure_ascii=False)
    lines = [f"演示网站：{site}（数据在 {data}，Ctrl-C 停止）", "登录名与密码："]
    for one in SIGN_INS:
        shown = one.to_json()
        lines.append(f"  {shown['role_name']}（{one.name}）  {one.sign_in_name}  {one.password}")
    return "\n".join(lines)


@click.command(help="生成大量可信的演示数据：企业和纠纷，不发任何消息。")
@click.option("--merchants", default=50, show_default=True, type=click.IntRange(0, 100_000), help="新增企业数。")
@click.option("--cases", default=1000, show_default=True, type=click.IntRange(0, 5_000_000), help="新增纠纷数。")
@click.option("--seed", default=1, show_default=True, type=int, help="随机种子：相同的种子得到相同的内容。")
def generate(merchants: int, cases: int, seed: int) -> None:
    """Add invented merchants and cases."""
    with (
        terminal.installation() as house,
        click.progressbar(length=max(cases, 1), label="生成", file=sys.stderr, show_pos=True) as bar,
    ):
        fill(house, merchants=merchants, cases=cases, seed=seed, progress=lambda done, _all: bar.update(done - bar.pos))
    click.echo(f"已生成企业 {merchants} 家、纠纷 {cases} 件。")
