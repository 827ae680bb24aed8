"""What an installation knows of days and limits before anyone imports or edits anything.

Articles are quoted from texts that were read; what no regulation says is marked as not law (`is_law` False).
"""

from dataclasses import replace
from datetime import date

from chinese_calendar.constants import Holiday, holidays, workdays

from portal.clocks.rules import CalendarDay, DayKind, Limit, Unit

FIRST_YEAR = 2004
LAST_YEAR = 2026  # fixed, so that a newer package does not change what a migration seeds
NOTICE_2026 = "国办发明电〔2025〕7号"
NOTICES_BEFORE = "国务院办公厅历年节假日安排通知（chinesecalendar 1.11 汇集）"

MEASURES_121 = "《市场监督管理投诉举报处理办法》（市场监管总局令第121号）"
MEASURES_20 = "《市场监督管理投诉举报处理暂行办法》（市场监管总局令第20号）"
REGULATION_778 = "《消费者权益保护法实施条例》（国务院令第778号）"
CUSTOM = "行政惯例，可由监管部门调整"
LOCAL_PRACTICE = "地方做法，可由监管部门调整"
OWN_RULE = "本平台设定，非法律规定，可由监管部门调整"

SINCE_CALENDAR = date(FIRST_YEAR, 1, 1)  # limits that are not law hold as far back as days can be counted
MEASURES_20_FROM = date(2020, 1, 1)
REGULATION_778_FROM = date(2024, 7, 1)
MEASURES_20_TO = date(2026, 4, 14)
MEASURES_121_FROM = date(2026, 4, 15)


def calendar_days() -> list[CalendarDay]:
    """Return the days off and make-up workdays of 2004 to 2026, by day, from the package `chinesecalendar`."""
    off = [_calendar_day(day, DayKind.OFF, english) for day, english in holidays.items()]
    makeup = [_calendar_day(day, DayKind.MAKEUP, english) for day, english in workdays.items()]
    rows = (row for row in off + makeup if FIRST_YEAR <= row.day.year <= LAST_YEAR)
    return sorted(rows, key=lambda row: row.day)


def calendar_years() -> dict[int, str]:
    """Return the years that the seeded days cover, each with its source."""
    before = dict.fromkeys(range(FIRST_YEAR, LAST_YEAR), NOTICES_BEFORE)
    return before | {LAST_YEAR: NOTICE_2026}


def limits() -> list[Limit]:
    """Return the dated limits: the law now in force, the law before it, and the rules that are not law."""
    return [
        *_present_law(),
        *_former_law(),
        *_customs(),
        *_own_rules(),
        *_own_rules_of_enrolment(),
        *_own_rules_of_promises(),
    ]


def _calendar_day(day: date, kind: DayKind, english: str) -> CalendarDay:
    return CalendarDay(day=day, kind=kind, name=Holiday(english).chinese)


def _present_law() -> list[Limit]:
    return [
        _article_121("triage", 7, "第十五条"),
        _article_121("mediation", 60, "第二十三条第五项", Unit.NATURAL_DAY),
        _article_121("notice", 7, "第二十三条"),
        _article_121("clue", 15, "第二十七条"),
        _article_121("clue_extension", 15, "第二十七条"),
        _article_121("competence", 7, "第三十三条"),
    ]


def _former_law() -> list[Limit]:
    return [
        _article_20("triage", 7, "第十四条"),
        _article_20("mediation", 45, "第二十一条"),
        _article_20("notice", 7, "第二十一条"),
        # Bound beside the 45 working days until 令121 took it over; the earlier end counts. No roll: earlier is safer.
        _law("mediation", 60, Unit.NATURAL_DAY, REGULATION_778, "第四十六条", REGULATION_778_FROM, MEASURES_20_TO),
    ]


def _customs() -> list[Limit]:
    return [
        _not_law("odr", 10, Unit.WORKING_DAY, CUSTOM),
        _not_law("dispatch", 1, Unit.NATURAL_DAY, LOCAL_PRACTICE),
        _not_law("accept", 2, Unit.WORKING_DAY, LOCAL_PRACTICE),
    ]


def _own_rules() -> list[Limit]:
    working, natural = Unit.WORKING_DAY, Unit.NATURAL_DAY
    return [
        _not_law("offer_answer", 3, natural),
        _not_law("unreached_days", 2, Unit.COUNT),  # on which nobody answered, before 联系不到当事人 is recorded
        _not_law("offer_notice", 1, working),  # with less left, an offer needs the consumer's request
        _not_law("consumer_silent", 2, working),  # an offer that stood unanswered at least as long
        _not_law("performance", 7, natural),  # where the parties agreed no day
        _not_law("receipt_silence", 7, natural),
        _not_law("not_received", 365, natural),
        _not_law("rating", 15, natural),
        _not_law("consumer_choice", 30, natural),
        _not_law("link_after_closing", 30, natural),
        _not_law("payee_account", 90, natural),  # kept after the case closed
        _not_law("joining_hours", 72, Unit.HOUR),
        _not_law("hint_window", 30, natural),  # officers are told of what lies so near
        _not_law("hint_people", 2, Unit.COUNT),  # different names behind one phone
        _not_law("hint_complaints", 3, Unit.COUNT),  # like complaints of one phone or name
        _not_law("hint_likeness", 85, Unit.PERCENT),  # of the texts of filings that did not join
        _not_law("odr_least", 3, working),  # with odr_before_acceptance: the merchant has at least this
        _not_law("odr_margin", 2, working),  # and ends this long before the statutory day
        _not_law("code_threshold", 100_000, Unit.FEN),  # ¥1,000: from here an answer needs a code
        _not_law("ledger_kept", 1096, natural),  # personal fields of a ledger: three years, leap day included
        _not_law("ledger_floor", 731, natural, LOCAL_PRACTICE),  # and never less than two
        _not_law("ledger_draft", 7, natural),  # rows that were typed and never stored
        _not_law("recall_answer", 2, working),  # to confirm that problem goods are off the shelves
        _not_law("callback_share", 5, Unit.PERCENT),  # of silent receipts, drawn for 回访
        _not_law("ledger_reads", 30, natural),  # until the audited merchant learns who read its ledger
    ]


def _own_rules_of_enrolment() -> list[Limit]:
    working, natural = Unit.WORKING_DAY, Unit.NATURAL_DAY
    return [
        _not_law("application_review", 10, working),  # of an application for enrolment
        _not_law("application_more", 10, natural),  # proposed for the answer to a request for more
        _not_law("application_draft", 60, natural),  # untouched, then it lapses
        _not_law("application_kept", 180, natural),  # personal data of those that came to nothing
        _not_law("application_invitation", 14, natural),  # the link to a first password
        _not_law("data_confirmation", 365, natural),  # 年度资料确认
        _not_law("data_ahead", 30, natural),  # warned so long before
        _not_law("licence_ahead", 60, natural),  # before a business licence ends
        _not_law("trainings_a_year", 2, Unit.COUNT, LOCAL_PRACTICE),  # that a district holds for its merchants (seed 4)
        _not_law("measure_memory", 365, natural),  # how long a measure makes the next one heavier
    ]


def _own_rules_of_promises() -> list[Limit]:
    natural = Unit.NATURAL_DAY
    return [
        _not_law("public_figures_least", 20, Unit.COUNT),  # cases below which no rate of a merchant is published
        _not_law("promise_feedback_kept", 1096, Unit.NATURAL_DAY),  # after it was handled
        _not_law("green_draft", 3, natural),  # a complaint that was begun and never filed
        _not_law("green_per_day", 3, Unit.COUNT),  # complaints of one phone within 24 hours
        _not_law("green_open", 2, Unit.COUNT),  # open complaints of one phone about one merchant
        _not_law("promise_warning", 30, natural),  # before a promise expires
        _not_law("promise_warning_last", 7, natural),
        _not_law("return_draft", 3, natural),  # a return request that was begun and not sent
        _not_law("return_warning", 1, natural),  # before a promised answer or refund is overdue
        _not_law("return_lapse", 30, natural),  # agreed and never sent back, or a wish that nobody answered
        _not_law("return_kept", 1096, natural),  # personal fields of a finished request: three years
    ]


def _article_121(code: str, amount: int, article: str, unit: Unit = Unit.WORKING_DAY) -> Limit:
    row = _law(code, amount, unit, MEASURES_121, article, MEASURES_121_FROM, None)
    return replace(row, rolls=unit is Unit.NATURAL_DAY)  # 第四十五条; a working day is never a holiday


def _article_20(code: str, amount: int, article: str) -> Limit:
    return _law(code, amount, Unit.WORKING_DAY, MEASURES_20, article, MEASURES_20_FROM, MEASURES_20_TO)


def _law(
    code: str, amount: int, unit: Unit, basis: str, article: str, valid_from: date, valid_to: date | None
) -> Limit:
    return Limit(
        code=code,
        amount=amount,
        unit=unit,
        rolls=False,
        article=article,
        basis=basis,
        is_law=True,
        valid_from=valid_from,
        valid_to=valid_to,
    )


def _not_law(code: str, amount: int, unit: Unit, basis: str = OWN_RULE) -> Limit:
    return Limit(
        code=code,
        amount=amount,
        unit=unit,
        rolls=False,
        article="",
        basis=basis,
        is_law=False,
        valid_from=SINCE_CALENDAR,
    )
