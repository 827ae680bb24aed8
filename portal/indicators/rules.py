"""Arithmetic of rates: the interval, the change, and when there are too few cases to say anything."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from math import sqrt

LEAST_CASES = 20  # our rule (look/DESIGN.md 6): below it no rate is shown and nobody is ranked
Z_95 = 1.959963984540054


@dataclass(frozen=True, slots=True)
class Rate:
    """A share with what it was made of; percentages are 0 to 100."""

    numerator: int
    denominator: int

    @property
    def is_shown(self) -> bool:
        """Say whether there are enough cases for a rate."""
        return self.denominator >= LEAST_CASES

    @property
    def percent(self) -> float:
        """The share in per cent; 0 where there is no case."""
        return 100 * self.numerator / self.denominator if self.denominator else 0.0

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % interval in per cent by Wilson's score (1927); (0, 100) where there is no case."""
        return wilson_interval(self.numerator, self.denominator)


def wilson_interval(numerator: int, denominator: int) -> tuple[float, float]:
    """The 95 % score interval of a share, in per cent (E. B. Wilson, JASA 22, 1927); raises ValueError for nonsense."""
    if not 0 <= numerator <= denominator:
        raise ValueError(f"{numerator} of {denominator} is no share")
    if denominator == 0:
        return 0.0, 100.0
    share, n = numerator / denominator, denominator
    centre = share + Z_95**2 / (2 * n)
    spread = Z_95 * sqrt(share * (1 - share) / n + Z_95**2 / (4 * n * n))
    scale = 1 + Z_95**2 / n
    low = 0.0 if numerator == 0 else 100 * (centre - spread) / scale
    high = 100.0 if numerator == denominator else 100 * (centre + spread) / scale
    return max(0.0, low), min(100.0, high)


def change_in_words(now: Rate, before: Rate) -> str:
    """Compare with the former period in percentage points: 比上期 +1.6 个百分点; says when it cannot."""
    if not now.is_shown:
        return f"不足 {LEAST_CASES} 件，不计算比率"
    if not before.is_shown:
        return f"上期不足 {LEAST_CASES} 件，不比较"
    points = round(now.percent - before.percent, 1)
    sign = "+" if points > 0 else "−" if points < 0 else "±"
    low, high = before.interval
    inside = "，在区间内" if low <= now.percent <= high else ""
    return f"比上期 {sign}{abs(points):.1f} 个百分点{inside}"


def ranked(rates: Iterable[tuple[int, str, Rate]]) -> list[tuple[int, str, Rate]]:
    """Rank by the interval's lower bound, best first; those with too few cases come last, unranked, by name."""
    return sorted(rates, key=lambda one: (not one[2].is_shown, -one[2].interval[0] if one[2].is_shown else 0.0, one[1]))


@dataclass(frozen=True, slots=True)
class Period:
    """Days from `first` to `last`, both included, in China."""

    first: date
    last: date

    @property
    def days(self) -> int:
        """How many days it has."""
        return (self.last - self.first).days + 1

    @property
    def former(self) -> "Period":
        """The period of the same length just before."""
        return Period(self.first - timedelta(days=self.days), self.first - timedelta(days=1))

    def weeks(self) -> list["Period"]:
        """Its weeks, Monday first, clipped to the period, the newest 14 at most."""
        monday = self.first - timedelta(days=self.first.weekday())
        found = []
        while monday <= self.last:
            found.append(Period(max(monday, self.first), min(monday + timedelta(days=6), self.last)))
            monday += timedelta(days=7)
        return found[-14:]


PERIODS = {
    "month": ("近 1 个月", 30),
    "quarter": ("近 3 个月", 91),
    "half": ("近 6 个月", 182),
    "year": ("近 1 年", 365),
}


def period_named(name: str, today: date) -> Period:
    """The period of this name that ends today, today included; an unknown name means three months."""
    _, days = PERIODS.get(name, PERIODS["quarter"])
    return Period(today - timedelta(days=days - 1), today)
