"""Commands: verify ledgers and bundles, export a bundle."""

import json
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import click

from portal import terminal
from portal.core.actor import OPERATOR
from portal.ledgers import published
from portal.ledgers.bundles import ExportLedger, export_ledger, write_bundle
from portal.ledgers.verification import verify_ledger
from portal.ledgers.verifier.command import examine, told
from portal.ledgers.verifier.tree import Verdict
from portal.runtime import Runtime

OTHER = "导出包是另一家企业（{found}）的台账，不是 {asked} 的。"


@click.group(help="台账：核对与导出。")
def ledger() -> None:
    """Ledgers that can be proved."""


@ledger.command(help="核对台账：不给出导出包时核对数据库里的台账；有不符时退出码为 1。")
@click.argument("bundle", required=False, type=click.Path(path_type=Path), metavar="[导出包]")
@click.option("--merchant", "code", help="只核对这家企业（统一社会信用代码）。")
@click.option("--checkpoint", "given", multiple=True, type=terminal.Upload(), help="以前留存的检查点文件，可给出多个。")
@click.option("--key", "keys", multiple=True, help="核对导出包时只认这些公钥。")
@click.option("--deep", is_flag=True, help="核对导出包时再逐条核对格式、编号、CSV 和披露的内容。")
@terminal.json_option
def verify(
    bundle: Path | None, code: str | None, given: Sequence[Path], keys: Sequence[str], deep: bool, as_json: bool
) -> int:
    """Verify one bundle, one ledger or every ledger; one JSON object a line."""
    notes = [file.read_bytes() for file in given]
    if bundle is not None:
        if not bundle.exists():
            raise click.BadParameter(f"没有文件 {bundle}。", param_hint="导出包")
        verdict = examine(str(bundle), notes, keys, deep=deep)
        if verdict.ok and code and verdict.merchant != code:
            verdict = verdict._replace(ok=False, problem=OTHER.format(found=verdict.merchant, asked=code))
        _tell(verdict, as_json=as_json, trusted=bool(keys))
        return 0 if verdict.ok else 1
    if notes and not code:
        raise click.UsageError("核对数据库里的台账时，--checkpoint 要和 --merchant 一起给出。")
    well = True
    with terminal.installation() as house:
        for verdict in _verdicts(house, code, notes):
            _tell(verdict, as_json=as_json, trusted=True)
            well = well and verdict.ok
    return 0 if well else 1


@ledger.command(help="导出一家企业的台账：先签发检查点，再写出可以离线核对的 zip。")
@click.option("--merchant", "code", required=True, help="统一社会信用代码。")
@click.option("--out", required=True, type=click.Path(dir_okay=False, path_type=Path), metavar="FILE.zip")
@click.option("--open", "opened", is_flag=True, help="连同个人信息一起导出；会留下记录。")
@terminal.json_option
def export(code: str, out: Path, opened: bool, as_json: bool) -> int:
    """Write a bundle; an unfinished file never takes the name of a finished one."""
    with terminal.installation() as house:
        with house.reading() as session:
            merchant_id = published.merchant_of(session, code)
        checkpoint = house.perform(OPERATOR, export_ledger, ExportLedger(merchant_id, opened, "运维导出"))
        unfinished = out.with_name(f"{out.name}.unfinished")
        try:
            private = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(private, "wb") as stream, house.reading() as session:
                write_bundle(session, merchant_id, stream, opened=opened)
            unfinished.replace(out)
        finally:
            unfinished.unlink(missing_ok=True)
    payload: dict[str, Any] = {"merchant": code, "entries": checkpoint.size, "root": checkpoint.root.hex()}
    terminal.answer(as_json, payload | {"file": str(out), "open": opened}, f"已导出 {checkpoint.size} 条到 {out}。")
    return 0


def _verdicts(house: Runtime, code: str | None, notes: Sequence[bytes]) -> Iterator[Verdict]:
    with house.reading() as session:
        ids = [published.merchant_of(session, code)] if code else list(published.merchants_with_ledgers(session))
    for merchant_id in ids:
        with house.reading() as session:
            yield verify_ledger(session, merchant_id, notes)


def _tell(verdict: Verdict, *, as_json: bool, trusted: bool) -> None:
    click.echo(json.dumps(verdict._asdict(), ensure_ascii=False) if as_json else told(verdict, trusted=trusted))
