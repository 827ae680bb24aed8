"""Money is an integer of 分; yuan exist only where people read or type."""

import re
from decimal import Decimal, InvalidOperation

MAX_FEN = 100_000_000_00  # one hundred million yuan: our limit against slips of the keyboard, not law

_AMOUNT = re.compile(r"^\d{1,9}(\.\d{1,2})?$")


def fen_from_yuan(text: str) -> int | None:
    """Return the 分 of an amount typed in 元, or None when it is not a plain amount of at most two decimals."""
    cleaned = (
        text.strip().replace(",", "").replace("，", "").replace("¥", "").replace("￥", "").removesuffix("元").strip()
    )
    if not _AMOUNT.match(cleaned):
        return None
    try:
        fen = int(Decimal(cleaned) * 100)
    except InvalidOperation:
        return None
    return fen if fen <= MAX_FEN else None


def yuan(fen: int) -> str:
    """Write 分 as yuan with two decimals and separators, without the sign: 1,499.00."""
    sign = "−" if fen < 0 else ""
    whole, rest = divmod(abs(fen), 100)
    return f"{sign}{whole:,}.{rest:02d}"


def plain_yuan(fen: int) -> str:
    """Write 分 as a form field takes them back: 1499.00."""
    return f"{fen // 100}.{fen % 100:02d}"


def button_yuan(fen: int) -> str:
    """Write 分 for the consumer's button: ¥1,280, with decimals only when there are any."""
    return f"¥{fen // 100:,}" if fen % 100 == 0 else f"¥{yuan(fen)}"
