"""What inspections and visits have in common: a re-check that fails names a new day."""

from datetime import date

NEW_DAY = "复查不合格的，须写明新的整改期限，不早于今天。"


def objection_to_recheck(new_day: date | None, today: date, *, passed: bool) -> str | None:
    """Say why a re-check can't be stored so, or None."""
    return None if passed or (new_day is not None and new_day >= today) else NEW_DAY
