"""The benchmark on a tiny installation, on both databases: every line, sane values, as many statements at any size.

Nothing here asserts a second: how fast it is says docs/benchmarks.md, with its machine.
"""

import json

import pytest
from sqlalchemy import select

from portal.cases.models import Case
from portal.cases.rules import CaseState
from portal.core.actor import OPERATOR
from portal.core.errors import RuleBroken
from portal.core.installation import Installation, installation
from portal.demo.bench import bench
from portal.demo.generate import generate
from portal.demo.measuring import Sample
from portal.demo.offering import measure_offers_together
from portal.demo.served import CLIENTS, Asked, measure_served
from portal.demo.story import furnish
from portal.installing import MakeInstallation, make_installation
from tests.conftest import NOW
from tests.sweeps.test_cli import KEY, portal

ROWS = 30
ACTIONS = ("offer", "tick", "tick_due", "import")
PAGES = (
    "worklist",
    "worklist_deep",
    "worklist_over",
    "worklist_over_deep",
    "case",
    "search_2",
    "search_4",
    "board",
    "officer_list",
    "officer_deep",
    "officer_case",
    "officer_search_2",
    "officer_search_4",
    "triage",
    "consumer",
)
LINES = ("bare", *PAGES, *ACTIONS)


def rehearse(session, actor, command, *, now):
    installation(session).rehearsal = True


@pytest.fixture
def house(own_runtime, clock):
    own_runtime.perform(OPERATOR, make_installation, MakeInstallation())
    own_runtime.perform(OPERATOR, rehearse, None)
    clock.row = Installation(id=1, rehearsal=True, demo=False, clock_offset=0, made_at=NOW)
    furnish(own_runtime)
    return own_runtime


def filled(house, cases):
    generate(house, merchants=0, cases=cases, seed=7, progress=lambda _done, _all: None)


def measured(house):
    found = bench(house, repeats=3, rows=ROWS, told=lambda _what: None)
    return {one.name: one for one in found}


def test_every_line_is_sane_and_no_page_asks_more_of_a_bigger_database(house):
    filled(house, 200)
    small = measured(house)
    assert tuple(small) == LINES
    for one in small.values():
        assert one.per_second > 0
        assert 0 < one.p50_ms <= one.p95_ms
        assert one.ratio > 0
        assert one.operations >= 3
    assert small["import"].operations == ROWS
    assert (small["bare"].statements, small["bare"].ratio) == (0, 1.0)
    assert all(small[name].bytes > 500 for name in PAGES)
    assert {name: small[name].statements for name in PAGES if small[name].statements > 8} == {}

    filled(house, 1800)
    big = measured(house)  # a second time on the same database: people are there, numbers go on
    told = {name: (small[name].statements, big[name].statements) for name in (*PAGES, "offer", "tick")}
    assert {name: both for name, both in told.items() if both[0] != both[1]} == {}


def test_an_empty_installation_cannot_be_measured(house):
    with pytest.raises(RuleBroken, match="portal generate"):
        measured(house)


def test_a_real_installation_is_left_alone(house, clock):
    clock.row = Installation(id=1, rehearsal=False, demo=False, clock_offset=0, made_at=NOW)
    with pytest.raises(RuleBroken, match="正式安装"):
        measured(house)


@pytest.mark.parametrize("database", ["sqlite"])
def test_the_real_server_is_asked_by_several_clients_at_once(own_runtime, monkeypatch):
    config = own_runtime.config
    monkeypatch.setenv("PORTAL_DATABASE_URL", config.database_url)
    for name in ("PORTAL_SECRET_KEY", "PORTAL_SEALING_KEYS", "PORTAL_INDEX_KEY", "PORTAL_LEDGER_KEYS"):
        monkeypatch.setenv(name, KEY)
    pages = [Asked("bare", "空页面", "/healthz", "", 0), Asked("home", "首页", "/", "", 3)]
    bare, home = measure_served(own_runtime, pages, 2, lambda _what: None)
    assert (bare.name, home.name, bare.ratio) == ("served_bare", "served_home", 1.0)
    assert (bare.operations, home.operations, home.statements) == (2 * CLIENTS, 2 * CLIENTS, 3)
    assert home.bytes > bare.bytes > 0
    assert home.per_second > 0
    with pytest.raises(RuleBroken, match="404"):
        measure_served(own_runtime, [Asked("none", "没有的", "/nothing", "", 0)], 2, lambda _what: None)


def test_two_processes_offer_at_once_and_take_all_back(house):
    filled(house, 200)
    before = offered(house)
    both = measure_offers_together(house, [Sample(0.001, 0.001, 0)], 3, statements=13)
    assert (both.name, both.operations, both.statements) == ("offers_together", 2 * 3, 13)
    assert both.per_second > 0
    assert offered(house) == before
    with pytest.raises(RuleBroken, match="没有足够"):
        measure_offers_together(house, [Sample(0.001, 0.001, 0)], 0, statements=13)


def offered(house):
    with house.reading() as session:
        return sorted(session.scalars(select(Case.reference).where(Case.state == CaseState.OFFERED)))


def test_the_command_measures_a_scratch_installation_and_removes_it(tmp_path):
    temporary, nowhere = tmp_path / "temporary", tmp_path / "nowhere"
    temporary.mkdir()
    earlier = tmp_path / "earlier.json"
    earlier.write_text(json.dumps({"lines": [{"name": name, "cpu_ms": 2.0} for name in LINES]}))
    asked = ("bench", "--cases", "200", "--repeat", "3", "--rows", str(ROWS), "--against", str(earlier))
    done = portal(nowhere, *asked, "--json", TMPDIR=str(temporary))
    found = json.loads(done.stdout)
    lines = {line["name"]: line for line in found["lines"]}
    assert (found["cases"], found["database"]) == (200, "sqlite")
    assert tuple(lines) == LINES
    assert all(line["against"] == round(line["cpu_ms"] / 2, 2) for line in lines.values())
    assert list(temporary.iterdir()) == []
    assert not nowhere.exists()


def test_a_scratch_installation_is_never_made_in_an_external_database(tmp_path):
    settings = dict.fromkeys(
        ("PORTAL_SECRET_KEY", "PORTAL_SEALING_KEYS", "PORTAL_INDEX_KEY", "PORTAL_LEDGER_KEYS"), KEY
    )
    url = "postgresql://nobody@127.0.0.1:1/x"
    done = portal(tmp_path, "bench", "--cases", "200", code=1, PORTAL_DATABASE_URL=url, **settings)
    assert "portal generate" in done.stderr
