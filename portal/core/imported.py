"""What came of reading a small administrative file."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RowProblem:
    """Why a row was not taken; `line` as the spreadsheet counts, `code` as the row gives it."""

    line: int
    code: str
    text: str


@dataclass(frozen=True, slots=True)
class Imported:
    """The totals: read = created + changed + unchanged + refused."""

    read: int = 0
    created: int = 0
    changed: int = 0
    unchanged: int = 0
    problems: tuple[RowProblem, ...] = ()

    def __add__(self, further: "Imported") -> "Imported":
        return Imported(
            self.read + further.read,
            self.created + further.created,
            self.changed + further.changed,
            self.unchanged + further.unchanged,
            self.problems + further.problems,
        )
