"""Between moments in UTC and days in China: every day of this product is a day of Asia/Shanghai."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

SHANGHAI = ZoneInfo("Asia/Shanghai")


def local_day(at_utc: datetime) -> date:
    """Say which day it is in China at an aware moment; a naive one raises ValueError."""
    if at_utc.tzinfo is None:
        raise ValueError("a moment without time zone has no day")
    return at_utc.astimezone(SHANGHAI).date()


def start_of_day(day: date) -> datetime:
    """Return 00:00 of a day in China, as aware UTC."""
    return datetime.combine(day, time(), tzinfo=SHANGHAI).astimezone(UTC)


def end_of_day(day: date) -> datetime:
    """Return 24:00 of a day in China, as aware UTC: the `due_at` of whatever is due on that day."""
    return start_of_day(day + timedelta(days=1))


def due_day(due_at: datetime) -> date:
    """Return the day a `due_at` belongs to: 24:00 is the end of a day, not the start of the next."""
    return local_day(due_at - timedelta(microseconds=1))
