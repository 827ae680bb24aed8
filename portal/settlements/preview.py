"""An offer as its consumer will read it, made before it is sent; the words are those of the consumer's page."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from markupsafe import Markup
from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.accounts.models import Organisation
from portal.cases.models import Case
from portal.cases.rules import Channel
from portal.clocks.queries import almanac
from portal.clocks.rules import consumer_day, due_day, local_day
from portal.core.money import yuan
from portal.settlements import rules
from portal.settlements.rules import TermDraft

_LEGAL_FORM = re.compile(r"(有限责任公司|股份有限公司|有限公司|（个体工商户）)$")


@dataclass(frozen=True, slots=True)
class Preview:
    """The first panel of the consumer's page."""

    title: str
    figure: int | None  # 分
    compared: str
    facts: tuple[tuple[str, str], ...]
    note: Markup
    accept_label: str
    accept_result: str
    terms: tuple[tuple[str, str], ...]
    message: str
    consequence: str
    code_needed: bool


def preview(session: Session, case: Case, terms: tuple[TermDraft, ...], message: str, *, now: datetime) -> Preview:
    """Word an offer that would be sent now; the case comes with merchant and authority loaded."""
    ordered = rules.in_order(terms)
    money = rules.outlay(ordered)
    merchant = _merchant_name(session, case)
    authorities = case.authority.ancestry()[::-1]
    book = almanac(session)
    ends = rules.expiry(book.derive("offer_answer", now, authorities).due_at, case.respond_by, now)
    until = f"{consumer_day(due_day(ends))} 24:00"
    last = consumer_day(rules.perform_on(ordered, local_day(now)))
    done = "到账" if money and rules.is_money_only(ordered) else "办好"
    return Preview(
        title=title(merchant, ordered),
        figure=money or None,
        compared=compared(case, money),
        facts=(("谁", merchant), ("为了", subject(case)), *term_facts(ordered)),
        note=answer_by(case, ends),
        accept_label=rules.accept_label(ordered),
        accept_result=f"今天接受，{last}前{done}",
        terms=(*((line.name, line.text) for line in map(rules.term_line, ordered)), ("答复期限", until)),
        message=message,
        consequence=rules.consequence("", ordered),
        code_needed=rules.code_needed(
            in_dispute=case.amount,
            offered=money,
            threshold=book.amount("code_threshold", local_day(now), authorities),
            phone_set_after_filing=case.phone_set_at is not None,
        ),
    )


def term_facts(terms: Sequence[TermDraft]) -> tuple[tuple[str, str], ...]:
    """What is offered, as short as a phone's first screen asks: how, when, and what the consumer has to do."""
    rows: list[tuple[str, str]] = []
    if len(terms) == 1 and terms[0].amount is not None:
        rows.append(("怎么付", rules.METHOD_NAMES[terms[0].method] if terms[0].method else ""))
        rows.append(("说明", terms[0].detail))
    else:
        lines = map(rules.term_line, terms)
        rows.extend((one.name, "，".join(part for part in (one.amount, one.detail) if part) or "有") for one in lines)
    longest = max((term.due_days for term in terms), default=0)
    rows.append(("何时付" if rules.outlay(terms) else "何时办", Markup("<b>{}</b>").format(rules.days_words(longest))))
    rows.append(("你要做的", rules.consumers_part(terms)))
    return tuple((name, value) for name, value in rows if value)


def compared(case: Case, money: int) -> str:
    """The offer beside the demand: 你要求的是退款 ¥1,280.00，金额一致."""
    if not money or case.amount is None:
        return ""
    names = [name for code in case.demands.split(",") if (name := rules.DEMAND_NAMES.get(code))]
    if "refund" not in case.demands:
        return rules.money_words(money, case.amount)
    asked = f"你要求的是{'、'.join(names)} ¥{yuan(case.amount)}"
    if money == case.amount:
        return f"{asked}，金额一致"
    return f"{asked}，方案{'多' if money > case.amount else '少'} ¥{yuan(abs(money - case.amount))}"


def title(merchant: str, terms: Sequence[TermDraft]) -> str:
    """The offer in one line: who offers what; the merchant without its legal form, as people say it."""
    return f"{_LEGAL_FORM.sub('', merchant) or merchant}提出{rules.headline(terms)}"


def subject(case: Case) -> str:
    """What the complaint is about, from structured columns only."""
    return " ".join(part for part in (case.goods, case.problem) if part) or case.headline


def answer_by(case: Case, ends: datetime) -> Markup:
    """Until when to answer, and what happens if nobody does; the case comes with its authority loaded."""
    limit, authority = case.respond_by, case.authority.name
    if case.cause is not None or case.agreed_at is not None:
        then = "这个方案作废，投诉照原来的进度办理。"
    elif limit is None or ends < limit:
        then = "这个方案作废，投诉继续办理。"
    elif case.channel is Channel.REGULATOR:
        then = f"自动转{authority}处理。"
    else:
        then = f"由你选择要不要请{authority}处理。"
    return Markup("请在 <b>{}</b>前答复。不答复<b>不等于同意</b>，到期{}").format(consumer_day(due_day(ends)), then)


def _merchant_name(session: Session, case: Case) -> str:
    return session.scalars(select(Organisation.name).where(Organisation.id == case.merchant_id)).first() or ""
