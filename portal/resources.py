"""Where templates, static files and migrations lie: inside the wheel, else at the repository's root (decisions 32)."""

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def resource_folder(name: str) -> Path:
    """Return the folder called `name` (templates, static, migrations)."""
    packaged = _PACKAGE / "_packaged" / name
    return packaged if packaged.is_dir() else _PACKAGE.parent / name
