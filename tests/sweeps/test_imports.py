"""The direction of imports holds – and the contracts would notice if it did not."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.sweeps.sources import ROOT

LINTER = Path(sys.executable).with_name("lint-imports")
BREACHES = {  # contract → a file and the line that breaks it
    "Capabilities depend downwards only": ("portal/enrolment/models.py", "from portal.cases import models as upward"),
    "Inside a capability": ("portal/accounts/models.py", "from portal.accounts import actions as outward"),
    "Rules are pure": ("portal/cases/rules.py", "import sqlalchemy"),
    "Actions, queries and models know no web framework": ("portal/accounts/queries.py", "import flask"),
    "No capability cycles": ("portal/documents/models.py", "from portal.settlements import models as circular"),
}


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [LINTER, "--no-cache"],
        cwd=folder,
        env={"PYTHONPATH": str(folder), "PATH": "/usr/bin:/bin", "PYTHONIOENCODING": "utf-8"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_imports_keep_their_direction() -> None:
    answer = lint(ROOT)
    assert answer.returncode == 0, answer.stdout[-4000:] + answer.stderr[-1000:]


@pytest.fixture(scope="module")
def breached(tmp_path_factory: pytest.TempPathFactory) -> str:
    """What the linter says of a copy of the house in which every contract is broken once."""
    copy = tmp_path_factory.mktemp("breached")
    shutil.copytree(ROOT / "portal", copy / "portal", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", copy)
    for file, line in BREACHES.values():
        target = copy / file
        if not target.exists():
            target = target.with_suffix("") / "__init__.py"
        target.write_text(f"{target.read_text()}\n{line}\n")
    return lint(copy).stdout


@pytest.mark.parametrize("contract", BREACHES)
def test_a_breach_is_noticed(breached: str, contract: str) -> None:
    told = [line for line in breached.splitlines() if line.startswith(contract) and line.endswith("BROKEN")]
    assert told, breached[-3000:]
