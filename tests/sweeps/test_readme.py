"""The README says what is: its commands, settings and folders exist, and CI runs its own words."""

import re

from portal.cli import COMMANDS
from portal.config import described
from tests.conftest import config_for
from tests.sweeps.sources import ROOT

README = (ROOT / "README.md").read_text()
RUN = "python3 -m venv .venv && .venv/bin/pip install -qq -c constraints.txt . && .venv/bin/portal demo"
TEST = "python3 -m venv .venv && .venv/bin/pip install -qq -c constraints.txt -e '.[test]' && .venv/bin/pytest"


def test_the_two_commands_are_there() -> None:
    assert f"\n{RUN}\n" in README
    assert f"\n{TEST}\n" in README


def test_ci_runs_the_readmes_test_command() -> None:
    assert f"\n{TEST}\n" in (ROOT / ".ci" / "run").read_text()


def test_every_command_is_described_and_every_described_command_exists() -> None:
    table = README.partition("## Commands")[2].partition("## Settings")[0]
    described_commands = set(re.findall(r"`portal ([a-z]+)", table))
    assert described_commands == set(COMMANDS)


def test_every_setting_is_described_and_every_described_setting_exists(tmp_path: object) -> None:
    settings = README.partition("## Settings")[2].partition("## Production")[0]
    assert set(re.findall(r"`(PORTAL_[A-Z_]+)`", settings)) == {
        *described(config_for("sqlite://", ROOT)),
        "PORTAL_DATA",
    }


def test_every_folder_of_the_tree_exists() -> None:
    tree = README.partition("## Where things are")[2].partition("Outside, folders")[0]
    inside = re.findall(r"^  ([a-z_]+)/ ", tree, re.MULTILINE)
    assert inside
    assert [one for one in inside if not (ROOT / "portal" / one).is_dir()] == []
    there = {one.parent.name for one in (ROOT / "portal").glob("*/__init__.py")}
    assert sorted(there - set(inside)) == [], "add a line for each to the README's tree"


def test_every_picture_and_link_is_there() -> None:
    named = re.findall(r"\]\(([^)#:]+)\)", README)
    assert [one for one in named if not (ROOT / one).exists()] == []
