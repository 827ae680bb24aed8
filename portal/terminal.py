"""Words of the command line, as `portal.web` has those of pages: the installation, one answer, a progress bar."""

import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, TypeVar

import click
from sqlalchemy import inspect, make_url

from portal.config import Config, Misconfigured, load_config
from portal.core.imported import Imported
from portal.core.installation import Installation
from portal.runtime import Runtime, make_runtime

F = TypeVar("F", bound=Callable[..., Any])

json_option = click.option("--json", "as_json", is_flag=True, help="标准输出只有一个 JSON 对象。")


@contextmanager
def installation() -> Iterator[Runtime]:
    """Open the installation that PORTAL_DATA and PORTAL_DATABASE_URL name, and close it behind the block.

    Raises Misconfigured, naming the path, where there is none (decisions 32), and where PORTAL_CLOCK is set for
    an installation whose time is real (decisions 18).
    """
    house = make_runtime(find_installation())
    try:
        described = described_installation(house)
        if house.config.clock and not described.rehearsal:
            raise Misconfigured("PORTAL_CLOCK 只能用于演练安装，这里是正式安装。请取消这个设置。")
        yield house
    finally:
        house.close()


def find_installation() -> Config:
    """Read the settings of an existing installation; raises Misconfigured where its SQLite file is missing."""
    config = load_config(os.environ)
    if config.uses_sqlite:
        file = make_url(config.database_url).database
        if not file or not Path(file).is_file():
            raise Misconfigured(none_here(config))
    return config


def described_installation(house: Runtime) -> Installation:
    """The installation's row; raises Misconfigured where the database has none."""
    row = house.clock.describe() if inspect(house.engine).has_table(Installation.__tablename__) else None
    if row is None:
        raise Misconfigured(none_here(house.config))
    return row


def none_here(config: Config) -> str:
    """The sentence for a place without an installation."""
    where = str(config.data) if config.uses_sqlite else "PORTAL_DATABASE_URL 指向的数据库"
    return (
        f"{where} 里没有安装。请先运行 portal demo、portal run 或 portal db upgrade，或把 PORTAL_DATA 指向已有的安装。"
    )


def answer(as_json: bool, payload: dict[str, Any], text: str) -> None:
    """Give the command's result: one JSON object, or sentences for people."""
    click.echo(json.dumps(payload, ensure_ascii=False) if as_json else text)


def tell_imported(as_json: bool, imported: Imported, what: str) -> None:
    """Give what came of a small file: the totals, then each refused row by its line."""
    if as_json:
        refusals = [{"row": one.line, "code": one.code, "problem": one.text} for one in imported.problems]
        totals = {"read": imported.read, "created": imported.created, "changed": imported.changed}
        rest = {"unchanged": imported.unchanged, "refused": len(refusals), "refusals": refusals}
        click.echo(json.dumps(totals | rest, ensure_ascii=False))
        return
    click.echo(
        f"读到 {imported.read} 行{what}：新增 {imported.created}，更新 {imported.changed}，"
        f"未变 {imported.unchanged}，未收 {len(imported.problems)}。"
    )
    for one in imported.problems:
        click.echo(f"第 {one.line} 行（{one.code or '无代码'}）：{one.text}")


class Upload(click.Path):
    """An existing file to be read."""

    def __init__(self) -> None:
        super().__init__(exists=False, dir_okay=False, path_type=Path)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Path:
        """Refuse a path that is no readable file, in words of ours."""
        path = Path(value)
        if not path.is_file():
            raise click.BadParameter(f"没有文件 {path}。", ctx, param)
        if not os.access(path, os.R_OK):
            raise click.BadParameter(f"没有权限读取 {path}。", ctx, param)
        return path


@contextmanager
def reading_file(path: Path) -> Iterator[BinaryIO]:
    """Open a file for the length of a block."""
    with path.open("rb") as stream:
        yield stream
