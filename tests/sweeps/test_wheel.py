"""The wheel carries everything, and its `portal` works from any folder (decisions 32)."""

import importlib.util
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.sweeps.sources import ROOT

SOURCES = ("portal", "templates", "static", "migrations", "pyproject.toml", "README.md", "LICENSE")
CARRIED = ("templates", "static", "migrations")
LITTER = shutil.ignore_patterns("__pycache__", "*.pyc")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of a copy of the house, built without looking at the network where the builder is installed."""
    source, target = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("wheel")
    for name in SOURCES:
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, source / name, **({"ignore": LITTER} if (ROOT / name).is_dir() else {}))
    builder = ["--no-build-isolation"] if importlib.util.find_spec("hatchling") else []
    pip(["wheel", "--no-deps", *builder, "--wheel-dir", str(target), str(source)])
    return next(target.glob("*.whl"))


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the installed wheel and nothing else of ours."""
    target = tmp_path_factory.mktemp("installed")
    pip(["install", "--no-deps", "--no-compile", "--target", str(target), str(wheel)])
    return target


def pip(arguments: list[str]) -> None:
    command = [sys.executable, "-m", "pip", "-q", "--disable-pip-version-check", "--no-input", *arguments]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stderr[-2000:]


def run(installed: Path, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run Python where only the installed wheel and the libraries are found, in a folder of no importance."""
    environment = {**os.environ, "PYTHONPATH": str(installed), "PORTAL_DATA": str(folder / "var"), "LANG": "C"}
    return subprocess.run(
        [sys.executable, *arguments], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


def test_everything_that_is_not_python_is_in_the_wheel(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    for folder in CARRIED:
        files = [one for one in (ROOT / folder).rglob("*") if one.is_file() and "__pycache__" not in one.parts]
        missing = [one for one in files if f"portal/_packaged/{one.relative_to(ROOT).as_posix()}" not in names]
        assert not missing, missing
    ours = [one for one in (ROOT / "portal").rglob("*") if one.is_file() and "__pycache__" not in one.parts]
    missing = [one for one in ours if one.relative_to(ROOT).as_posix() not in names]
    assert not missing, missing
    assert not [one for one in names if one.startswith(("tests/", "docs/", "var/"))]


def test_the_installed_house_finds_its_own_templates(installed: Path, tmp_path: Path) -> None:
    answer = run(installed, tmp_path, "-c", "from portal.resources import resource_folder as f; print(f('templates'))")
    assert answer.stdout.strip() == str(installed / "portal" / "_packaged" / "templates"), answer.stderr


def test_portal_answers_from_another_folder(installed: Path, tmp_path: Path) -> None:
    answer = run(installed, tmp_path, str(installed / "bin" / "portal"), "--help")
    assert answer.returncode == 0, answer.stderr
    assert "demo" in answer.stdout or "run" in answer.stdout
    assert not (tmp_path / "var").exists(), "--help must leave no trace"


def test_the_installed_house_makes_a_database(installed: Path, tmp_path: Path) -> None:
    upgraded = run(installed, tmp_path, str(installed / "bin" / "portal"), "db", "upgrade")
    assert upgraded.returncode == 0, upgraded.stderr
    checked = run(installed, tmp_path, str(installed / "bin" / "portal"), "db", "check")
    assert checked.returncode == 0, checked.stderr
