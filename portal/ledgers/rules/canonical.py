"""A ledger's line: canonical JSON of ASCII keys, integers and strings (the subset of RFC 8785 that decisions 27 names).

For such values RFC 8785 is the same as sorted, compact JSON in UTF-8.
"""

import json
from collections.abc import Mapping

MAX_INTEGER = 2**53 - 1  # RFC 8785 3.2.2.3: beyond it, readers disagree


def canonical_line(fields: Mapping[str, str | int]) -> str:
    """Write the fields as one canonical line, without a line end.

    Raises ValueError for a key that is not ASCII, for anything but integers and strings, for an integer that
    others may read differently, and for text that is not Unicode (a lone surrogate).
    """
    for key, value in fields.items():
        if not (key and key.isascii()):
            raise ValueError(f"a key of a ledger's line is ASCII: {key!r}")
        if isinstance(value, bool) or not isinstance(value, str | int):
            raise ValueError(f"{key} is neither text nor a whole number")  # noqa: TRY004 -- one error for one refusal
        if isinstance(value, int) and abs(value) > MAX_INTEGER:
            raise ValueError(f"{key} is too large to be read alike everywhere")
    line = json.dumps(dict(fields), ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    line.encode()  # UnicodeEncodeError, a ValueError, for a lone surrogate
    return line


def parsed_line(line: str) -> dict[str, str | int]:
    """Read a canonical line back; raises ValueError when it is not canonical, byte for byte."""
    fields = json.loads(line)
    if not isinstance(fields, dict) or canonical_line(fields) != line:
        raise ValueError("not a canonical line")
    return fields
