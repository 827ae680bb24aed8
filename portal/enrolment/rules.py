"""What a merchant's particulars must be: the code of GB 32100-2015, tiers, reasons of a suspension."""

import base64
import hashlib
import unicodedata
from enum import StrEnum
from functools import lru_cache

CODE_LENGTH = 18
CODE_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"  # GB 32100-2015, 4.2
CODE_WEIGHTS = tuple(3**i % 31 for i in range(CODE_LENGTH - 1))  # GB 32100-2015, 5

TIERS = ("重点企业", "重点行业", "维权网点", "服务站")  # as the lists of local authorities name them
MAX_TIER = 20  # characters, our limit
MAX_NAME = 200  # characters, our limit
SLUG_LENGTH = 12


class SuspensionReason(StrEnum):
    """Why complaints are no longer sent to a merchant; local rules, not law."""

    OVERDUE = "overdue"
    FALSE_FEEDBACK = "false_feedback"
    PERSONAL_DATA = "personal_data"
    LICENCE = "licence"
    OWN_REQUEST = "own_request"
    OTHER = "other"


SUSPENSION_REASONS = {
    SuspensionReason.OVERDUE: "多次逾期未办",
    SuspensionReason.FALSE_FEEDBACK: "反馈不实",
    SuspensionReason.PERSONAL_DATA: "泄露消费者信息",
    SuspensionReason.LICENCE: "营业执照被吊销或注销",
    SuspensionReason.OWN_REQUEST: "企业自己申请",
    SuspensionReason.OTHER: "其他（写明情况）",
}


def code_of(text: str) -> str:
    """Return a 统一社会信用代码 as it is compared: half-width, upper case, without spaces and dashes."""
    folded = "".join(unicodedata.normalize("NFKC", text).split())
    return folded.upper().replace("-", "").removeprefix("'")


@lru_cache(maxsize=4096)
def is_credit_code(code: str) -> bool:
    """Say whether a normalised code fulfils GB 32100-2015 (18 characters, check character)."""
    return objection_to_code(code) is None


def objection_to_code(code: str) -> str | None:
    """Say which character of a normalised code is wrong (GB 32100-2015), or None."""
    for position, character in enumerate(code, 1):
        if character not in CODE_ALPHABET:
            return f"第 {position} 位“{character}”不能用于统一社会信用代码（只有数字和大写字母，没有 I、O、S、V、Z）。"
    if len(code) != CODE_LENGTH:
        return f"统一社会信用代码应为 {CODE_LENGTH} 位，现在是 {len(code)} 位。"
    expected = check_character(code)
    if code[-1] != expected:
        return f"第 {CODE_LENGTH} 位（校验码）应为“{expected}”，现在是“{code[-1]}”；也可能是前面有一位写错。"
    return None


def slug_of(code: str) -> str:
    """The name of a code's public page, `/m/<slug>`: twelve characters that stay the same for ever (60 bits)."""
    digest = hashlib.sha256(f"public page of {code}".encode()).digest()
    return base64.b32encode(digest)[:SLUG_LENGTH].decode().lower()


def check_character(code: str) -> str:
    """Return the eighteenth character that the first seventeen demand (GB 32100-2015, 5)."""
    total = sum(CODE_ALPHABET.index(c) * weight for c, weight in zip(code, CODE_WEIGHTS, strict=False))
    return CODE_ALPHABET[-total % 31]


def suspension_text(reason: SuspensionReason, detail: str) -> str:
    """Write the reason as the merchant reads it; an 其他 reason is its detail."""
    if reason is SuspensionReason.OTHER:
        return detail
    return f"{SUSPENSION_REASONS[reason]}：{detail}" if detail else SUSPENSION_REASONS[reason]


def split_names(text: str) -> tuple[str, ...]:
    """Cut a cell of several names, separated by 、 ; or a line end, keeping the order and dropping repetitions."""
    plain = text.replace("；", "、").replace(";", "、").replace("\n", "、")
    return tuple(dict.fromkeys(name for part in plain.split("、") if (name := part.strip())))
