"""Joins the verifier's modules into the one file that a bundle carries. Not part of that file itself."""

import ast
from functools import cache
from importlib.resources import files

PARTS = ("tree", "signatures", "bundle", "deep", "command")  # each uses only those before it
HEADING = '''"""核对台账导出包：行哈希、检查点、签名；加 --deep 再核对格式、编号、表格和披露的内容。

只需要 Python 3.9 及以上，不联网。用法：
    python verify.py [导出包.zip|文件夹] [--checkpoint 文件]... [--key 公钥]... [--deep] [--json]

Formats: RFC 6962 (tree), RFC 8785 (lines), C2SP signed-note and tlog-checkpoint (checkpoints), RFC 8032 (Ed25519).
"""
'''
ENDING = '\n\nif __name__ == "__main__":\n    sys.exit(main())\n'


@cache
def single_file() -> str:
    """Return verify.py: the modules in order, each import once, none of ours."""
    imports: list[str] = []
    bodies: list[str] = []
    for part in PARTS:
        text = (files("portal.ledgers.verifier") / f"{part}.py").read_text(encoding="utf-8")
        lines = text.split("\n")
        head, rest = _parted(ast.parse(text))
        imports += [line for line in head if line not in imports]
        bodies.append("\n".join(lines[rest:]).strip("\n"))
    future = "from __future__ import annotations"
    ordered = sorted((line for line in imports if line != future), key=lambda line: (line.startswith("from"), line))
    return "\n".join([HEADING, future, "", *ordered, "", ""]) + "\n\n\n".join(bodies) + ENDING


def _parted(module: ast.Module) -> tuple[list[str], int]:
    """A module's imports of the standard library, and the line behind all of its imports."""
    statements = [one for one in module.body if isinstance(one, ast.Import | ast.ImportFrom)]
    kept = [
        ast.unparse(one)
        for one in statements
        if not (isinstance(one, ast.ImportFrom) and (one.module or "").startswith("portal"))
    ]
    return kept, max(one.end_lineno or 0 for one in statements)
