"""The samples, read, judged and routed without a database, give the figures of expected.json."""

import csv
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from portal.intake import rules
from portal.intake.rules import Kind, MerchantFacts, MerchantIndex, Refusal, Source
from portal.intake.sheets import open_sheet

SAMPLES = Path(__file__).parents[2] / "samples"
EXPECTED = json.loads((SAMPLES / "expected.json").read_text())
NOW = datetime(2026, 10, 1, tzinfo=UTC)


def rows_of(name):
    with (SAMPLES / name).open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def index():
    merchants = enumerate(rows_of("merchants.csv"), 1)
    return MerchantIndex.of(MerchantFacts(n, row["统一社会信用代码"], row["企业名称"]) for n, row in merchants)


def tally(name):
    """Import without storing: a dictionary remembers the numbers."""
    counts = dict.fromkeys(("read", "tips", "repeated", "changed", "refused", "routed", "waiting"), 0)
    refusals, stored, merchants = [], {}, index()
    with (SAMPLES / name).open("rb") as file:
        sheet = open_sheet(file)
        for row in sheet.rows():
            counts["read"] += 1
            parsed = rules.parse_row(row, sheet.columns, source=sheet.source, now=NOW)
            if isinstance(parsed, Refusal):
                counts["refused"] += 1
                refusals.append({"row": parsed.line, "number": parsed.number, "code": parsed.code.value})
            elif parsed.number in stored:
                counts["repeated"] += 1
                counts["changed"] += stored[parsed.number] != rules.content(parsed)
            else:
                stored[parsed.number] = rules.content(parsed)
                dispatched = rules.route(rules.filing_facts(parsed), merchants).dispatched
                kind = "tips" if parsed.kind is Kind.TIP else "routed" if dispatched else "waiting"
                counts[kind] += 1
    return sheet, counts, refusals


@pytest.mark.parametrize("name", list(EXPECTED))
def test_the_samples_give_the_expected_refusals_and_counts(name):
    _, counts, refusals = tally(name)
    expected = EXPECTED[name]
    assert refusals == expected["refusals"]
    for key in ("read", "tips", "repeated", "changed", "refused"):
        assert counts[key] == expected[key], key


def test_the_national_sample_is_routed_as_expected():
    sheet, counts, _ = tally("12315-export.xlsx")
    expected = EXPECTED["12315-export.xlsx"]
    assert (counts["routed"], counts["waiting"]) == (expected["routed"], expected["waiting"])
    assert (sheet.source, sheet.last_line, sheet.name) == (Source.NATIONAL, 410, "投诉举报信息")
    assert sheet.columns.extras == ()


def test_every_order_of_the_hotline_finds_its_merchant_by_the_shortened_name():
    with (SAMPLES / "12345-export.csv").open("rb") as file:
        sheet = open_sheet(file)
        parsed = [rules.parse_row(row, sheet.columns, source=sheet.source, now=NOW) for row in sheet.rows()]
    merchants = index()
    assert sheet.source is Source.HOTLINE
    assert all(rules.route(rules.filing_facts(row), merchants).merchant_id for row in parsed)
    assert all(row.phone for row in parsed)
    authorities = {row["代码"]: row["名称"] for row in rows_of("authorities.csv")}
    assert {rules.find_authority(row.authority, authorities) for row in parsed} == {"350206"}


def test_masked_cells_of_the_sample_are_marked_and_give_no_phone():
    with (SAMPLES / "12315-export.xlsx").open("rb") as file:
        sheet = open_sheet(file)
        parsed = [rules.parse_row(row, sheet.columns, source=sheet.source, now=NOW) for row in sheet.rows()]
    masked = [row for row in parsed if not isinstance(row, Refusal) and row.masked]
    assert masked
    assert all(row.phone is None or "phone" not in row.masked for row in masked)
    assert all(row.consumer is None or "consumer" not in row.masked for row in masked)


def test_full_width_codes_of_the_sample_are_valid():
    with (SAMPLES / "12315-export.xlsx").open("rb") as file:
        sheet = open_sheet(file)
        parsed = [rules.parse_row(row, sheet.columns, source=sheet.source, now=NOW) for row in sheet.rows()]
    assert all(row.code == row.code_written for row in parsed if not isinstance(row, Refusal))
