"""`portal demo`, `portal generate` and `portal bench`."""

import json
import os
import platform
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import click
from sqlalchemy import func, select

from portal import terminal
from portal.cases.models import Case
from portal.commands import LOCAL, address, port_option, run_house
from portal.config import load_config
from portal.core.errors import RuleBroken
from portal.demo.bench import bench as measure_all
from portal.demo.directory_bench import directory_bench
from portal.demo.generate import generate as fill
from portal.demo.ledger_bench import ledger_bench
from portal.demo.measuring import Figures
from portal.demo.people import SIGN_INS
from portal.demo.story import furnish, is_told, tell
from portal.installing import install, settings_to_install
from portal.runtime import Runtime
from portal.serving import refuse_taken_port

CASES_A_MERCHANT = 250  # of a scratch installation
SCRATCH_NEEDS_SQLITE = (
    "--cases 在临时文件夹里用内置数据库新建安装，不能与 PORTAL_DATABASE_URL 一起用。"
    "请先对该数据库运行 portal generate，再不带 --cases 测。"
)


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


@click.command(help="基准测试：页面、搜索、方案、到期处理、导入的耗时、语句数和大小。会写入数据，只用于演练安装。")
@click.option("--cases", type=click.IntRange(200, 5_000_000), help="在临时文件夹里新建有这么多件的安装，测完删除。")
@click.option(
    "--ledger", "entries", type=click.IntRange(100, 50_000_000), help="把最大的一本台账补足到这么多条，只测台账。"
)
@click.option(
    "--listings", "shops", type=click.IntRange(2000, 2_000_000), help="把公开名录补足到这么多家门店，只测名录。"
)
@click.option("--repeat", "repeats", default=100, show_default=True, type=click.IntRange(3, 10_000), help="每项次数。")
@click.option("--server", is_flag=True, help="页面另外经真实的网站（portal web，本机）再测一遍。")
@click.option(
    "--against",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="以前用 --json 测得的结果：另列每项 CPU 与其之比。",
)
@click.option("--rows", default=2000, show_default=True, type=click.IntRange(20, 1_000_000), help="导入的行数。")
@terminal.json_option
def bench(
    *,
    cases: int | None,
    entries: int | None,
    shops: int | None,
    repeats: int,
    server: bool,
    against: Path | None,
    rows: int,
    as_json: bool,
) -> None:
    """Measure an installation, or a scratch one."""
    earlier = _earlier(against) if against else {}
    with _scratch(cases) if cases else terminal.installation() as house:
        with house.reading() as session:
            held = session.scalar(select(func.count()).select_from(Case)) or 0
        if entries:
            found = ledger_bench(house, entries=entries, repeats=repeats, told=_tell)
        elif shops:
            found = directory_bench(house, shops=shops, repeats=repeats, told=_tell)
        else:
            found = measure_all(house, repeats=repeats, rows=rows, server=server, told=_tell)
        surroundings = {
            "cases": held,
            "database": house.engine.dialect.name,
            "cores": os.cpu_count(),
            "python": platform.python_version(),
            "repeats": repeats,
        }
    lines = [one.to_json() | _compared(one, earlier) for one in found]
    terminal.answer(as_json, {**surroundings, "lines": lines}, _table(surroundings, found, earlier))


def _tell(what: str) -> None:
    click.echo(f"测量：{what}", err=True)


def _earlier(file: Path) -> dict[str, float]:
    """The CPU of each line of an earlier run, ms."""
    try:
        return {line["name"]: float(line["cpu_ms"]) for line in json.loads(file.read_text("utf-8"))["lines"]}
    except (ValueError, KeyError, TypeError):
        raise RuleBroken(f"{file} 不是 portal bench --json 的结果。") from None


def _compared(one: Figures, earlier: Mapping[str, float]) -> dict[str, float]:
    before = earlier.get(one.name)
    return {"against": round(one.cpu_ms / before, 2)} if before else {}


@contextmanager
def _scratch(cases: int) -> Iterator[Runtime]:
    """A rehearsal installation in a temporary folder, filled; removed behind the block."""
    if os.environ.get("PORTAL_DATABASE_URL"):
        raise RuleBroken(SCRATCH_NEEDS_SQLITE)
    with tempfile.TemporaryDirectory(prefix="portal-bench-") as folder:
        config = load_config({"PORTAL_DATA": folder}, make_keys=True)
        house = install(replace(config, data=Path(folder)), rehearsal=True)
        try:
            furnish(house)
            click.echo(f"正在生成 {cases} 件纠纷……", err=True)
            merchants = cases // CASES_A_MERCHANT
            fill(house, merchants=merchants, cases=cases, seed=7, progress=lambda _done, _all: None)
            yield house
        finally:
            house.close()


def _table(surroundings: dict[str, Any], found: Sequence[Figures], earlier: Mapping[str, float]) -> str:
    """The figures for people: wide characters count two columns."""
    title = "纠纷 {cases} 件，{database}，{cores} 核，Python {python}，每项 {repeats} 次".format(**surroundings)
    rows: list[tuple[str, ...]] = [("项目", "每秒", "p50 ms", "p95 ms", "语句", "CPU ms", "字节", "倍数", "备注")]
    for one in found:
        cells = (one.per_second, one.p50_ms, one.p95_ms, one.statements, one.cpu_ms, one.bytes, one.ratio)
        compared = f"与前次之比 {_compared(one, earlier)['against']:g} " if one.name in earlier else ""
        numbers = (f"{cell:g}" if isinstance(cell, float) else str(cell) for cell in cells)
        rows.append((one.label, *numbers, f"{compared}{one.note}"))
    return "\n".join(
        [title, *(f"{_padded(row[0])}{''.join(f'{cell:>9}' for cell in row[1:-1])}  {row[-1]}" for row in rows)]
    )


def _padded(label: str) -> str:
    return label + " " * (26 - sum(1 if ord(letter) < 0x2E80 else 2 for letter in label))
