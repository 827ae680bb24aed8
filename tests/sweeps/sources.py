"""The house's own files, read and parsed once, for sweeps over their text."""

import ast
import re
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
INFRASTRUCTURE = frozenset({"core", "demo"})  # folders of portal/ that are no capabilities
EDGE_FILES = frozenset({"api", "commands", "forms", "gate", "jobs", "navigation"})
EDGE_NAMES = re.compile(r"(?!saved_)[a-z_]+_views|[a-z_]+_(forms|jobs|commands)")


def python_files(*folders: str) -> list[Path]:
    """All Python files below the folders, in order."""
    return sorted(
        file for folder in folders for file in (ROOT / folder).rglob("*.py") if "__pycache__" not in file.parts
    )


def templates() -> list[Path]:
    """All HTML templates, in order."""
    return sorted((ROOT / "templates").rglob("*.html"))


@cache
def tree(file: Path) -> ast.Module:
    """The file's syntax tree."""
    return ast.parse(file.read_text(), filename=str(file))


def name(file: Path) -> str:
    """The file as people write it: `portal/cases/actions.py`."""
    return file.relative_to(ROOT).as_posix()


def place(file: Path, node: ast.AST) -> str:
    """Where a node stands: `portal/cases/actions.py:12`."""
    return f"{name(file)}:{getattr(node, 'lineno', 1)}"


def capability(file: Path) -> str | None:
    """The capability a file belongs to; None for infrastructure and everything outside portal/."""
    parts = file.relative_to(ROOT).parts
    if parts[0] != "portal" or len(parts) < 3 or parts[1] in INFRASTRUCTURE:
        return None
    return parts[1]


def is_edge_module(dotted: str) -> bool:
    """Say whether `portal.cases.merchant_views` and its kind stand at the edge of a capability."""
    parts = dotted.split(".")
    return len(parts) > 2 and (parts[2] in EDGE_FILES or EDGE_NAMES.fullmatch(parts[2]) is not None)


def dotted(file: Path) -> str:
    """The file's module name."""
    parts = file.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imported(node: ast.AST) -> list[str]:
    """The modules an import statement may load: `from portal.cases import forms` gives both names."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom) and node.module:
        return [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
    return []


def called(node: ast.AST) -> str:
    """The dotted name of what a call calls: `datetime.now`, `session.commit`; empty for anything else."""
    if not isinstance(node, ast.Call):
        return ""
    try:
        return ast.unparse(node.func)
    except ValueError:
        return ""


def docstrings(module: ast.Module) -> set[int]:
    """The ids of the constants that are docstrings."""
    owners = [one for one in ast.walk(module) if isinstance(one, ast.Module | ast.ClassDef | ast.FunctionDef)]
    return {
        id(owner.body[0].value)
        for owner in owners
        if owner.body and isinstance(owner.body[0], ast.Expr) and isinstance(owner.body[0].value, ast.Constant)
    }
