"""How a deadline is put into words (look/DESIGN.md 4 and 9)."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from portal.clocks.rules.calendar import Calendar
from portal.clocks.rules.limits import Unit
from portal.clocks.rules.moments import due_day, local_day

WEEKDAYS = "一二三四五六日"
LIMIT_TITLES = {
    "measure_memory": "监管措施的累进期间",
    "triage": "受理决定",
    "mediation": "调解",
    "notice": "终止调解告知",
    "clue": "违法线索核查",
    "clue_extension": "违法线索核查延长",
    "competence": "管辖争议协商",
    "odr": "企业和解",
    "dispatch": "分派",
    "accept": "企业接收或退回",
    "offer_answer": "消费者答复方案",
    "offer_notice": "企业可主动提出方案的最短剩余时间",
    "consumer_silent": "认定消费者未答复的最短时间",
    "unreached_days": "记为联系不到以前没有联系上的天数",
    "performance": "履行（未约定日期时）",
    "receipt_silence": "确认收到",
    "not_received": "反映未收到",
    "rating": "评价",
    "consumer_choice": "和解不成后消费者选择",
    "link_after_closing": "结案后链接有效",
    "payee_account": "结案后收款账户保存",
    "joining_hours": "不同渠道登记件合并",
    "hint_window": "经办提示：前后天数",
    "hint_people": "经办提示：同一电话的姓名数",
    "hint_complaints": "经办提示：同类投诉件数",
    "hint_likeness": "经办提示：内容相似度",
    "odr_least": "受理前和解企业最短时限",
    "odr_margin": "受理前和解与法定期限的间隔",
    "code_threshold": "答复须验证手机的金额",
    "callback_share": "未确认收到的回访抽取比例",
    "ledger_reads": "监管查阅台账后告知企业",
    "ledger_draft": "未存入的台账草稿保存",
    "promise_warning": "承诺到期前首次提醒",
    "promise_warning_last": "承诺到期前再次提醒",
    "return_draft": "未发送的退货申请保存",
    "return_warning": "退货答复或退款到期前提醒",
    "return_lapse": "同意后未寄回的退货申请结束",
    "return_kept": "已结束退货申请的个人信息保存",
    "application_review": "入驻申请审核",
    "application_more": "入驻申请补正",
    "application_draft": "未提交的入驻申请作废",
    "application_kept": "未通过的入驻申请个人信息保存",
    "application_invitation": "首次登录链接有效",
    "data_confirmation": "企业资料年度确认",
    "data_ahead": "年度确认提前提醒",
    "licence_ahead": "营业执照到期提前提醒",
    "green_draft": "绿色通道投诉草稿保存",
    "green_per_day": "绿色通道：同一手机 24 小时内投诉件数",
    "green_open": "绿色通道：同一手机对同一企业未办结件数",
    "ledger_kept": "台账个人信息保存",
    "ledger_floor": "台账最低保存",
    "recall_answer": "确认下架问题商品",
    "public_figures_least": "公布企业比率的最少件数",
    "promise_feedback_kept": "承诺反馈处理后保存",
    "trainings_a_year": "每年为企业举办培训次数",
}


class Tone(StrEnum):
    """The state class a deadline carries on a page; NONE carries none."""

    NONE = ""
    NEAR = "near"
    BAD = "bad"


@dataclass(frozen=True, slots=True)
class Wording:
    """What a page says about a deadline."""

    text: str
    tone: Tone
    is_pressing: bool  # bold: on the day and the working day before

    @property
    def css(self) -> str:
        """The classes beside `due`: `near`, `near now`, `bad` or nothing."""
        return f"{self.tone} now" if self.is_pressing else str(self.tone)

    @property
    def icon(self) -> str:
        """The symbol beside the words, so that the state is not colour alone; empty where the words suffice."""
        if self.tone is Tone.BAD:
            return "alert"
        return "clock" if self.is_pressing else ""


def working_days_left(now: datetime, due_at: datetime, calendar: Calendar) -> int:
    """Count the working days after today until the due day; 0 on the due day, at most -1 once it is past.

    Overdue counts the working days begun since the due day, so the weekend after a Friday is -1 like the Monday.
    """
    today, due = local_day(now), due_day(due_at)
    if today <= due:
        return calendar.count_working_days(today, due)
    return min(-1, calendar.count_working_days(today, due))


def deadline_wording(now: datetime, due_at: datetime, calendar: Calendar, unit: Unit = Unit.WORKING_DAY) -> Wording:
    """Word a deadline: 剩 3 个工作日 · 今天到期 · 逾期 2 个工作日; limits in natural days say 天."""
    today, due = local_day(now), due_day(due_at)
    if today > due:
        return _overdue(today, due, calendar, unit)
    tone, is_pressing = _urgency(today, due, calendar)
    if today == due:
        return Wording("今天到期", tone, is_pressing)
    left = calendar.count_working_days(today, due)
    if unit is Unit.WORKING_DAY and left:
        return Wording(f"剩 {left} 个工作日", tone, is_pressing)
    return Wording(f"剩 {(due - today).days} 天", tone, is_pressing)


def payment_wording(now: datetime, due_at: datetime, calendar: Calendar) -> Wording:
    """Word the day on which promised money or goods are due: 剩 7 天付款 · 今天应付 · 逾期 2 天."""
    today, due = local_day(now), due_day(due_at)
    if today > due:
        return _overdue(today, due, calendar, Unit.NATURAL_DAY)
    tone, is_pressing = _urgency(today, due, calendar)
    text = "今天应付" if today == due else f"剩 {(due - today).days} 天付款"
    return Wording(text, tone, is_pressing)


def limit_title(code: str) -> str:
    """Name a limit for people; an unknown code stands for itself."""
    return LIMIT_TITLES.get(code, code)


def staff_day(day: date, today: date) -> str:
    """Write a day for staff: 10-15 周四, with the year when it is not this year's."""
    written = day.strftime("%m-%d") if day.year == today.year else day.isoformat()
    return f"{written} 周{WEEKDAYS[day.weekday()]}"


def provisional_mark(day: date, calendar: Calendar) -> str:
    """Mark a working-day date of a year whose holidays are not published: it is derived again once they are."""
    return "" if calendar.covers(day, day) else "（暂定）"


def consumer_day(day: date) -> str:
    """Write a day for consumers: 10 月 15 日（周四）."""
    return f"{day.month} 月 {day.day} 日（周{WEEKDAYS[day.weekday()]}）"


def _urgency(today: date, due: date, calendar: Calendar) -> tuple[Tone, bool]:
    """Near from 3 working days, pressing from 1 and on the day (DESIGN.md 4)."""
    left = calendar.count_working_days(today, due)
    return (Tone.NEAR if left <= 3 else Tone.NONE), left <= 1


def _overdue(today: date, due: date, calendar: Calendar, unit: Unit) -> Wording:
    if unit is Unit.NATURAL_DAY:
        return Wording(f"逾期 {(today - due).days} 天", Tone.BAD, is_pressing=False)
    begun = calendar.count_working_days(due, today)
    text = f"逾期 {begun} 个工作日" if begun else "已逾期"
    return Wording(text, Tone.BAD, is_pressing=False)
