"""The panel that says whether a ledger is whole: newest entry, signed head, last verification, root."""

from dataclasses import dataclass
from datetime import datetime

from portal.clocks.rules import SHANGHAI
from portal.ledgers.page_models import CheckState, LedgerCheck
from portal.ledgers.queries import Head

ROOT_SHOWN = 32  # hexadecimal characters on the panel; the whole stands on the checkpoint


@dataclass(frozen=True, slots=True)
class Integrity:
    """The words of the panel."""

    title: str
    tone: str
    newest: str
    newest_note: str
    signed: str
    signed_note: str
    checked: str
    checked_tone: str
    checked_note: str
    root: tuple[str, ...]  # groups of four, two lines
    is_busy: bool


def integrity(head: Head, now: datetime) -> Integrity:
    """Word what is known of a ledger that has entries."""
    ledger, check = head.ledger, head.check
    assert ledger is not None
    title, tone, word = _verdict(check)
    waiting = head.size - (ledger.signed_size or 0)
    return Integrity(
        title=title,
        tone=tone,
        newest=f"第 {head.size:,} 笔",
        newest_note=moment(head.newest_at, now),
        signed=f"第 {ledger.signed_size:,} 笔" if ledger.signed_size else "还没有签发",
        signed_note=_signed_note(ledger.signed_at, waiting, now),
        checked=word,
        checked_tone=tone,
        checked_note=_checked_note(check, now),
        root=_root(head.root),
        is_busy=check is not None and check.state in (CheckState.QUEUED, CheckState.RUNNING),
    )


def moment(at: datetime | None, now: datetime) -> str:
    """Write a moment for staff: 10-12 09:02, with the year when it is not this year's."""
    if at is None:
        return ""
    local = at.astimezone(SHANGHAI)
    return f"{local:%m-%d %H:%M}" if local.year == now.astimezone(SHANGHAI).year else f"{local:%Y-%m-%d %H:%M}"


def trouble(check: LedgerCheck) -> str:
    """Say where a ledger that is not whole goes wrong."""
    if check.first_bad is not None:
        return f"从第 {check.first_bad:,} 笔起不符。{check.problem or ''}"
    if check.bad_after is not None:
        return f"第 {check.bad_after:,} 笔以前与检查点一致，其后有不符。{check.problem or ''}"
    return check.problem or ""


def _verdict(check: LedgerCheck | None) -> tuple[str, str, str]:
    if check is None:
        return "还没有验证过", "", "还没有"
    if check.state is CheckState.DONE:
        return ("台账完整，没有被改动", "good", "通过") if check.ok else ("台账与检查点不符", "bad", "不通过")
    if check.state is CheckState.FAILED:
        return "上次验证没有完成", "near", "没有完成"
    return "正在验证台账", "ours", "正在验证"


def _signed_note(at: datetime | None, waiting: int, now: datetime) -> str:
    if at is None:
        return f"{waiting:,} 笔待签，每天自动签发"
    return f"{moment(at, now)}，" + (f"其后 {waiting:,} 笔待签" if waiting else "已全部签发")


def _checked_note(check: LedgerCheck | None, now: datetime) -> str:
    if check is None:
        return ""
    if check.state is not CheckState.DONE:
        return moment(check.asked_at, now)
    if not check.ok:
        return f"{moment(check.ended_at, now)}，{trouble(check)}"
    return f"{moment(check.ended_at, now)}，全部 {check.entries:,} 笔"


def _root(root: bytes | None) -> tuple[str, ...]:
    if root is None:
        return ("签发检查点后显示",)
    text = root.hex()[:ROOT_SHOWN]
    groups = [text[place : place + 4] for place in range(0, ROOT_SHOWN, 4)]
    return " ".join(groups[:4]), " ".join(groups[4:])
