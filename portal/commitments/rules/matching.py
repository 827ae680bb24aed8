"""Whether two names of goods mean the same things, as far as their characters tell."""

import unicodedata
from functools import lru_cache

SEPARATORS = str.maketrans(dict.fromkeys("，,；;/|\n", "、"))


@lru_cache(maxsize=8192)
def normalised_goods(text: str) -> str:
    """The name without width, case, spaces and punctuation."""
    return "".join(c for c in unicodedata.normalize("NFKC", text).casefold() if c.isalnum())


def says(word: str, goods: str) -> bool:
    """Whether the goods' name contains the word: 羊毛大衣 says 大衣."""
    short = normalised_goods(word)
    return bool(short) and short in normalised_goods(goods)


def overlaps(word: str, goods: str) -> bool:
    """Whether one of the two names contains the other; an empty name overlaps nothing."""
    return says(word, goods) or says(goods, word)


def split_goods(text: str) -> tuple[str, ...]:
    """Cut names separated by 、 and its like, keeping the order and dropping repetitions."""
    return tuple(dict.fromkeys(name for part in text.translate(SEPARATORS).split("、") if (name := part.strip())))


def joined_goods(names: tuple[str, ...]) -> str:
    """Write names as the columns keep them."""
    return "、".join(names)
