"""What a promise of one way may say on a day: a row of law or of a local programme, as plain values."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from portal.commitments.rules.words import BasisKind, Way

DECLARED = "declared"  # the code of an exclusion that only its merchant words


@dataclass(frozen=True, slots=True)
class AllowedExclusion:
    """An exclusion that the row names; its words are the row's."""

    code: str
    text: str
    basis_kind: BasisKind
    basis: str


@dataclass(frozen=True, slots=True)
class Requirements:
    """A programme's row; days are natural days, `organisation_id` None holds everywhere."""

    way: Way
    organisation_id: int | None
    least_days: int
    free: bool  # whether a merchant may word exclusions itself, where it declares them before the purchase
    allowed: tuple[AllowedExclusion, ...]
    most_days_to_answer: int
    most_days_to_refund: int
    valid_months: int | None
    second_review: bool
    council_id: int | None  # 消委会 or association that reviews second; None: the authority above
    article: str
    basis: str
    is_law: bool
    valid_from: date
    valid_to: date | None = None

    def named(self) -> str:
        """The row as sentences cite it: text and article, or that it is no law."""
        return f"{self.basis}{self.article}"

    def exclusion(self, code: str) -> AllowedExclusion | None:
        """The allowed exclusion of a code."""
        return next((row for row in self.allowed if row.code == code), None)

    def snapshot(self) -> dict[str, Any]:
        """The row as a version keeps it."""
        return {
            "organisation_id": self.organisation_id,
            "least_days": self.least_days,
            "exclusions": exclusions_json(free=self.free, allowed=self.allowed),
            "most_days_to_answer": self.most_days_to_answer,
            "most_days_to_refund": self.most_days_to_refund,
            "valid_months": self.valid_months,
            "second_review": self.second_review,
            "council_id": self.council_id,
            "article": self.article,
            "basis": self.basis,
            "is_law": self.is_law,
            "valid_from": self.valid_from.isoformat(),
        }


def exclusions_json(*, free: bool, allowed: Iterable[AllowedExclusion]) -> dict[str, Any]:
    """Allowed exclusions as the column keeps them."""
    rows = [
        {"code": row.code, "text": row.text, "basis_kind": row.basis_kind.value, "basis": row.basis} for row in allowed
    ]
    return {"free": free, "allowed": rows}


def allowed_of(column: Mapping[str, Any]) -> tuple[AllowedExclusion, ...]:
    """Allowed exclusions out of the column."""
    return tuple(
        AllowedExclusion(row["code"], row["text"], BasisKind(row["basis_kind"]), row["basis"])
        for row in column.get("allowed", ())
    )


def nearest(rows: Iterable[Requirements], way: Way, on: date, upwards: Sequence[int]) -> Requirements | None:
    """The row in force on a day: the nearest authority's before those above it, everyone's last; the newest of equals.

    `upwards` runs from the nearest authority to the root. A local row never asks for less than law does.
    """
    held = [row for row in rows if row.way is way and row.valid_from <= on and (row.valid_to or on) >= on]
    rank: dict[int | None, int] = {authority: place for place, authority in enumerate(upwards)}
    rank[None] = len(upwards)
    fitting = [row for row in held if row.organisation_id in rank]
    return min(fitting, key=lambda row: (rank[row.organisation_id], -row.valid_from.toordinal()), default=None)


def objections_to_edit(wished: Requirements, law: Requirements | None) -> tuple[tuple[str, str], ...]:
    """Say, by field, what an authority's own row may not contain: what is impossible, and what lowers the law."""
    found: list[tuple[str, str]] = []
    if not 1 <= wished.least_days <= 365:
        found.append(("least_days", "最少天数应在 1 到 365 天之间。"))
    if not 1 <= wished.most_days_to_answer <= 30:
        found.append(("most_days_to_answer", "答复期限应在 1 到 30 天之间。"))
    if not 1 <= wished.most_days_to_refund <= 30:
        found.append(("most_days_to_refund", "退款期限应在 1 到 30 天之间。"))
    if wished.valid_months is not None and not 1 <= wished.valid_months <= 60:
        found.append(("valid_months", "有效期应在 1 到 60 个月之间；长期有效请留空。"))
    if not wished.basis.strip():
        found.append(("basis", "请写明依据，例如本地工作指引的名称；不是法律规定的请如实写明。"))
    if law is not None and law.is_law:
        found += _lowered(wished, law)
    return tuple(found)


def _lowered(wished: Requirements, law: Requirements) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    if wished.least_days < law.least_days:
        found.append(("least_days", f"{law.named()}规定最少 {law.least_days} 天，本地项目不能更少。"))
    if wished.most_days_to_answer > law.most_days_to_answer:
        found.append(("most_days_to_answer", f"{law.named()}规定最长 {law.most_days_to_answer} 天，本地项目不能更长。"))
    if wished.most_days_to_refund > law.most_days_to_refund:
        found.append(("most_days_to_refund", f"{law.named()}规定最长 {law.most_days_to_refund} 天，本地项目不能更长。"))
    legal = {row.code for row in law.allowed}
    if (wished.free and not law.free) or (not law.free and {row.code for row in wished.allowed} - legal):
        found.append(("exclusions", f"{law.named()}已列明可以不适用的商品，本地项目不能扩大范围。"))
    return found
