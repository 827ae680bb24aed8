"""What --deep adds: the shape of every line, running numbers, the CSV, and openings that fit their commitments."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
from collections.abc import Iterator
from typing import Any

from portal.ledgers.verifier.bundle import LINES, LONGEST, OPENINGS, SHEET, Bundle
from portal.ledgers.verifier.signatures import Broken

KINDS = ("complaint", "return", "amendment", "disposal")
WORDS = {"at": str, "author": str, "kind": str, "merchant": str, "number": int, "occurred_on": str, "seq": int}
DAY, MOMENT = r"\d{4}-\d\d-\d\d", r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"
REST = ["rest", "其他"]  # the last column: what has no column of its own, as JSON

Opening = dict[str, list[str]]  # field → [salt in hex, value]


class Wrong(Exception):  # noqa: N818
    """One entry is not as it should be."""

    def __init__(self, seq: int, text: str) -> None:
        super().__init__(f"第 {seq} 条{text}。")
        self.seq = seq


def check_deeply(bundle: Bundle) -> None:
    """Check every entry of a bundle whose hashes fit; raises Wrong or Broken at the first fault."""
    counts = dict.fromkeys(KINDS, 0)
    sheet, openings = _sheet_rows(bundle), _openings(bundle)
    columns = bundle.manifest["columns"]
    if next(sheet, None) != [title for _, title in columns]:
        raise Broken(f"{SHEET} 的表头与清单不符。")
    opening = next(openings, None)
    seq = 0
    for block in bundle.lines():
        for line in block:
            seq += 1
            fields = _fields(line, seq)
            _check_entry(fields, seq, bundle.manifest["merchant"], counts)
            values: Opening = {}
            if opening is not None and opening[0] == seq:
                values, opening = opening[1], next(openings, None)
            _check_openings(fields, values, seq)
            if next(sheet, None) != sheet_row(fields, values, columns):
                raise Wrong(seq, f"在 {SHEET} 里与 {LINES} 不一致")
    if next(sheet, None) is not None:
        raise Broken(f"{SHEET} 比 {LINES} 多出了行。")
    if opening is not None:
        raise Broken(f"{OPENINGS} 里有不属于任何条目的内容。")


def sheet_row(fields: dict[str, Any], values: Opening, columns: list[list[str]]) -> list[str]:
    """Return an entry's row of the CSV; `values` are shown in place of the commitments they open."""
    shown = {name: str(values[name][1] if name in values else value) for name, value in fields.items()}
    named = [name for name, _ in columns[:-1]]
    rest = {name: text for name, text in shown.items() if name not in named}
    cells = [shown.get(name, "") for name in named]
    cells.append(json.dumps(rest, ensure_ascii=False, sort_keys=True) if rest else "")
    # a spreadsheet must not take text for a formula
    return ["'" + cell if cell[:1] in ("=", "+", "-", "@", "\t", "\r") and cell else cell for cell in cells]


def _fields(line: bytes, seq: int) -> dict[str, Any]:
    try:
        text = line.decode()
        fields = json.loads(text)
        again = json.dumps(fields, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    except (ValueError, RecursionError):
        raise Wrong(seq, "不是 JSON") from None
    plain = isinstance(fields, dict) and all(
        name.isascii() and (isinstance(value, str) or type(value) is int) for name, value in fields.items()
    )
    if not plain or again != text:
        raise Wrong(seq, "不是规范写法（RFC 8785）")
    return fields


def _check_entry(fields: dict[str, Any], seq: int, merchant: str, counts: dict[str, int]) -> None:
    if any(type(fields.get(word)) is not kind for word, kind in WORDS.items()) or fields["kind"] not in counts:
        raise Wrong(seq, "缺少必需的内容")
    if not re.fullmatch(DAY, fields["occurred_on"]) or not re.fullmatch(MOMENT, fields["at"]):
        raise Wrong(seq, "的日期写法不对")
    if fields["merchant"] != merchant or fields["seq"] != seq:
        raise Wrong(seq, "属于别的台账或别的位置")
    counts[fields["kind"]] += 1
    if fields["number"] != counts[fields["kind"]]:
        raise Wrong(seq, "的编号不连续")
    amends = fields.get("amends")
    if (fields["kind"] == "amendment") != (amends is not None) or not (
        amends is None or (type(amends) is int and 1 <= amends < seq)
    ):
        raise Wrong(seq, "的更正对象不对：只能更正在它之前的条目")


def _check_openings(fields: dict[str, Any], values: Opening, seq: int) -> None:
    for name, pair in values.items():
        try:
            salt, value = pair
            found = hashlib.sha256(bytes.fromhex(salt) + name.encode() + b"\0" + value.encode()).hexdigest()
        except (ValueError, TypeError, AttributeError):
            found = ""
        if fields.get(name) != f"sha256:{found}":
            raise Wrong(seq, "披露的内容与台账里的承诺值不符")


def _sheet_rows(bundle: Bundle) -> Iterator[list[str]]:
    csv.field_size_limit(LONGEST)
    with bundle.open(SHEET) as stream, io.TextIOWrapper(stream, "utf-8-sig", newline="") as text:
        try:
            yield from csv.reader(text)
        except csv.Error:
            raise Broken(f"{SHEET} 不是可读的表格。") from None


def _openings(bundle: Bundle) -> Iterator[tuple[int, Opening]]:
    if OPENINGS not in bundle.names:
        return
    with bundle.open(OPENINGS) as stream:
        while line := stream.readline(LONGEST):
            try:
                content = json.loads(line)
                opening = int(content["seq"]), dict(content["values"])
            except (ValueError, KeyError, TypeError):
                raise Broken(f"{OPENINGS} 里有读不懂的行。") from None
            yield opening
