"""How long a message is, how its names are shortened, and when it is tried again."""

import re
from datetime import date, datetime, timedelta

ONE_PART = 70  # UTF-16 units of a single short message (3GPP TS 23.038: 140 octets of UCS-2)
TWO_PARTS = 134  # 2 × 67: each part of a long message spends 6 octets on its header (3GPP TS 23.040)

BACK_OFF = (
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=6),
    timedelta(hours=12),
    timedelta(hours=24),
)  # our choice; after the last one a person decides

MERCHANT_UNITS = 10  # of a merchant's short name in a message
SIGNATURE_UNITS = 12

_LEGAL_FORMS = re.compile(r"(?:(?:股份)?有限(?:责任)?公司|股份公司|集团公司|个体工商户|（个体工商户）)$")
_BRACKETED = re.compile(r"[（(][^（()）]*[)）]")
_UNFIT = re.compile(r"[\s【】\[\]{}<>\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]+|https?:/*|www\.")
_DISTRICT = re.compile(r"^(?:[^省]{2,3}省)?(?:[^市]{2,4}市)?([^市]{1,8}[区县旗](?:市场监管局|消委会))$")
_WORDS = (("市场监督管理局", "市场监管局"), ("消费者权益保护委员会", "消委会"), ("消费者委员会", "消委会"))


def units(text: str) -> int:
    """Count the UTF-16 code units of a text, as short messages are counted."""
    return len(text.encode("utf-16-le")) // 2


def next_attempt(attempts: int) -> timedelta | None:
    """How long to wait after the given number of attempts (1 = the first one failed); None: give up."""
    return BACK_OFF[attempts - 1] if attempts <= len(BACK_OFF) else None


def short_merchant(name: str, limit: int = MERCHANT_UNITS) -> str:
    """A merchant's name for a message: without legal form, brackets, controls and addresses, at most `limit` units."""
    plain = _UNFIT.sub("", _BRACKETED.sub("", name))
    return _cut(_LEGAL_FORMS.sub("", plain) or plain or "企业", limit)


def short_authority(name: str) -> str:
    """An authority's signature: 厦门市湖里区市场监督管理局 becomes 湖里区市场监管局."""
    plain = _UNFIT.sub("", name)
    for written, short in _WORDS:
        plain = plain.replace(written, short)
    district = _DISTRICT.match(plain)
    return _cut(district.group(1) if district else plain or "市场监管部门", SIGNATURE_UNITS)


def number_tail(number: str) -> str:
    """The last four characters of a registration number, by which its owner knows it."""
    return re.sub(r"[^0-9A-Za-z]", "", number)[-4:]


def day_words(day: date) -> str:
    """A day in a message: 8月15日."""
    return f"{day.month}月{day.day}日"


def moment_words(local: datetime) -> str:
    """A moment of China's time in a message, to the full hour before it: 8月15日9时; midnight is 24时 of the eve."""
    if local.hour == 0:
        return f"{day_words(local.date() - timedelta(days=1))}24时"
    return f"{day_words(local.date())}{local.hour}时"


def _cut(text: str, limit: int) -> str:
    while units(text) > limit:
        text = text[:-2] + "…" if text.endswith("…") else text[:-1] + "…"
    return text
