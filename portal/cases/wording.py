"""How a case is put into words: its state as a tag, its demands, channels and contacts."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from portal.cases.evidence import Purpose
from portal.cases.models import ContactMethod, ContactResult, EvidenceSide
from portal.cases.rules import STATE_NAMES, Answered, CaseState, Channel, FailureCause, Turn
from portal.clocks import rules as clocks

CHANNEL_NAMES = {Channel.GREEN: "绿色通道", Channel.REGULATOR: "监管流转"}
SOURCE_NAMES = {"12315": "12315", "12345": "12345 热线", "generic": "文件导入", "green": "绿色通道", "api": "接口"}
METHOD_NAMES = {
    ContactMethod.PHONE: "电话",
    ContactMethod.VISIT: "现场",
    ContactMethod.MESSAGE: "短信、微信等",
    ContactMethod.PLATFORM: "平台",
    ContactMethod.OTHER: "其他",
}
RESULT_NAMES = {
    ContactResult.REACHED: "已联系上",
    ContactResult.UNREACHED: "没有联系上",
    ContactResult.CALL_BACK: "约定再联系",
}
SIDE_NAMES = {EvidenceSide.MERCHANT: "我方", EvidenceSide.CONSUMER: "消费者", EvidenceSide.AUTHORITY: "监管部门"}
PURPOSE_NAMES = {Purpose.EVIDENCE: "证据", Purpose.PERFORMANCE_PROOF: "履行凭证", Purpose.AGREEMENT_PROOF: "和解凭证"}
CAUSE_NAMES = {
    FailureCause.MERCHANT_DELAY: "商家逾期",
    FailureCause.CONSUMER_SILENT: "消费者未答复",
    FailureCause.NO_AGREEMENT: "协商未达成",
    FailureCause.UNREACHABLE: "联系不到当事人",
    FailureCause.CONSUMER_ESCALATED: "消费者请求市场监管部门处理",
}
ANSWER_NAMES = {
    Answered.AGREED: "消费者接受",
    Answered.COUNTERED: "消费者还价",
    Answered.REFUSED: "消费者不接受",
    Answered.DENIED: "消费者没收到",
}


@dataclass(frozen=True, slots=True)
class Tag:
    """A state as `ui.tag` draws it: two to six characters, tone, glyph."""

    label: str
    tone: str  # ours, theirs, good, bad
    glyph: str


UNVERIFIED = "未经消费者本人确认"  # an agreement that only the merchant recorded (decisions 10)
GLYPHS = {"ours": "ours", "theirs": "theirs", "good": "done", "bad": "alert"}
TONES = {
    CaseState.CLOSED_SETTLED: "good",
    CaseState.CLOSED_UNCONFIRMED: "good",
    CaseState.BREACHED: "bad",
}


def state_tag(state: CaseState, turn: Turn, answer: Answered | None = None) -> Tag:
    """The tag of a case seen from the merchant: blue when it is the merchant's turn, grey when it is not."""
    label = STATE_NAMES[state]
    if state is CaseState.NEGOTIATING and answer:
        label = ANSWER_NAMES[answer]
    tone = TONES.get(state) or ("ours" if turn is Turn.OURS else "theirs")
    return Tag(label, tone, "yuan" if state is CaseState.AGREED else GLYPHS[tone])


def staff_time(at: datetime, now: datetime) -> str:
    """Write a moment for staff: 今天 08:41, 昨天 21:30, 10-08 20:15, with the year when it is not this year."""
    local, today = at.astimezone(clocks.SHANGHAI), clocks.local_day(now)
    day = local.date()
    if day == today:
        return f"今天 {local:%H:%M}"
    if day == today - timedelta(days=1):
        return f"昨天 {local:%H:%M}"
    return f"{local:%m-%d %H:%M}" if day.year == today.year else f"{local:%Y-%m-%d %H:%M}"


def full_time(at: datetime) -> str:
    """Write a moment for another system: 2026-10-12 09:20, Beijing time."""
    return f"{at.astimezone(clocks.SHANGHAI):%Y-%m-%d %H:%M}"


def full_day(day: date) -> str:
    """Write a day with its year and weekday: 2026-10-15 周四."""
    return f"{day.isoformat()} 周{'一二三四五六日'[day.weekday()]}"
