"""What the page says in each state; every function returns the parts in which the state differs."""

from collections.abc import Callable
from typing import Any

from markupsafe import Markup

from portal.cases.rules import CaseState, Channel
from portal.clocks.rules import consumer_day, local_day
from portal.core.money import button_yuan
from portal.desk import consumer_words as words
from portal.desk.consumer_standing import Standing
from portal.desk.consumer_view import Choice, Choices
from portal.intake.rules import WaitingReason
from portal.intake.states import AdminState
from portal.settlements import rules
from portal.settlements.preview import answer_by, compared, subject, term_facts, title
from portal.settlements.queries import AgreementView, RoundView
from portal.settlements.rules import Answer, Side

Parts = dict[str, Any]


def parts_of(standing: Standing) -> Parts:
    """The parts of the page for the state in which the complaint stands."""
    if standing.offer is not None:
        return offered(standing, standing.offer)
    if standing.agreement is not None and standing.state in SETTLED:
        return SETTLED[standing.state](standing, standing.agreement)
    if standing.state is CaseState.FAILED:
        return failed(standing)
    if standing.state in APART:
        return APART[standing.state](standing)
    return waiting(standing)


def waiting(standing: Standing) -> Parts:
    """No offer waits: the complaint is being routed, or the merchant has the next move."""
    facts = [("谁", standing.merchant), ("为了", subject(standing.case)), ("你要求", words.asked_for(standing))]
    if standing.case.dispatched_at is None or not standing.merchant:
        return {
            "title": "投诉已收到，正在分派",
            "facts": words.pairs(facts),
            "note": f"{_why_it_waits(standing)}有进展会发短信告诉你。",
        }
    return {
        "title": _whose_turn(standing),
        "facts": words.pairs([*facts, *_counter(standing), *_refusal(standing)]),
        "note": f"{_contact(standing)}商家提出方案或答复后，会发短信告诉你。{_if_nothing_comes(standing)}",
    }


def _why_it_waits(standing: Standing) -> str:
    if standing.case.channel is Channel.GREEN and standing.case.wait_reason == WaitingReason.SUSPECTED_TIP:
        return f"内容里有举报、查处或处罚的字样，由{standing.authority}先看过，再转给商家。举报请另外拨打 12315。"
    return f"{standing.authority}正在确认由谁办理。"


def _is_fresh(standing: Standing) -> bool:
    """Say whether the merchant has it from the consumer's own hand and has not taken it up yet."""
    return standing.state is CaseState.DISPATCHED and standing.case.channel is Channel.GREEN and standing.last is None


def _contact(standing: Standing) -> str:
    by = standing.case.contact_by
    if not _is_fresh(standing) or by is None:
        return ""
    if by <= standing.now:
        return f"商家本应在 {words.end_day(by)}前联系你，{standing.authority}能看到它逾期。"
    return f"商家应在 {words.end_day(by)}前联系你。"


def _whose_turn(standing: Standing) -> str:
    if standing.talk.counter is not None:
        return "已把你的要求发给商家"
    last = standing.last
    if _is_fresh(standing):
        return "投诉已送达商家"
    if last is None:
        return "商家正在处理你的投诉"
    if last.answer is Answer.REFUSED:
        return "已告诉商家你不接受" if last.is_ours else "商家没有接受你的要求"
    lapsed = last.is_ours and last.answer in (Answer.EXPIRED, Answer.PENDING)
    return "上一个方案已过答复期限" if lapsed else "商家正在处理你的投诉"


def _counter(standing: Standing) -> list[tuple[str, str]]:
    counter = standing.talk.counter
    if counter is None:
        return []
    rows = [(f"你想要{name}", text) for name, text in words.full_terms(counter.terms)]
    return [*rows, ("商家答复", f"最迟 {words.end_day(counter.expires_at)}")]


def _refusal(standing: Standing) -> list[tuple[str, str]]:
    """Why the merchant refused what the consumer wanted."""
    last = standing.last
    if last is None or last.is_ours or standing.talk.counter is not None:
        return []
    return [("商家的理由", last.reason)]


def _if_nothing_comes(standing: Standing) -> str:
    by = standing.case.respond_by
    if by is None or by <= standing.now:
        return ""
    if standing.case.channel is Channel.REGULATOR:
        return f"{words.end_day(by)}前没有谈成，转{standing.authority}处理。"
    return f"{words.end_day(by)}前没有谈成，由你选择要不要请{standing.authority}处理。"


def offered(standing: Standing, offer: RoundView) -> Parts:
    """An offer waits for the consumer."""
    terms = offer.terms
    last_day = consumer_day(rules.perform_on(terms, local_day(standing.now)))
    money = offer.outlay
    done = "到账" if money and rules.is_money_only(terms) else "办好"
    return {
        "title": title(standing.merchant, terms),
        "figure": money or None,
        "figure_lines": tuple(line for line in (compared(standing.case, money),) if line),
        "figure_is_soft": True,
        "facts": words.pairs([("谁", standing.merchant), ("为了", subject(standing.case)), *term_facts(terms)]),
        "note": answer_by(standing.case, offer.expires_at),
        "note_tone": "near",
        "choices": Choices(
            (
                Choice(standing.talk.accept_label, standing.talk.accept_result, page="show_acceptance"),
                Choice("不接受，我想要…", "改金额或方式", page="show_counter"),
            )
        ),
        "terms": words.pairs([*words.full_terms(terms), ("答复期限", f"{words.end_day(offer.expires_at)} 24:00")]),
        "message": offer.message,
        "digest": offer.digest,
        "drafts": terms,
        "in_dispute": standing.case.amount,
        "needs_code": standing.talk.code_needed,
        "code_possible": standing.talk.code_possible,
        "consequence": standing.talk.consequence("、".join(standing.official.number_tails)),
        "accept_label": f"确认接受，收到 {button_yuan(money)}" if money else "确认接受",
        "accept_result": f"商家最迟 {last_day}{done}",
    }


def agreed(standing: Standing, settled: AgreementView) -> Parts:
    """Both said yes; money or goods are awaited."""
    _noun, verb = thing(settled)
    said = "你已接受" if settled.accepted_by is Side.CONSUMER else "商家已接受你的要求"
    if settled.is_unverified:
        said = "商家登记你们已达成和解"
    due = consumer_day(settled.perform_on)
    disown = "这份协议还没有经过你本人确认。如果你没有同意过，请拨打 12315。"
    return {
        **_receipt(standing, settled, due),
        "title": f"{said}，等待商家{verb}",
        "glyph": "" if settled.is_unverified else "done",
        "tone": "" if settled.is_unverified else "good",
        **({"note": disown, "note_tone": "near"} if settled.is_unverified else {}),
        "choices": _received(settled, "确认后请评价", f"{due}后会自动提醒商家"),
        "remedy_title": f"商家没有按时{verb}怎么办",
        "remedy": f"你的投诉没有撤销。到期没有收到，投诉会重新打开，商家和{standing.authority}都会收到提醒；"
        "你也可以凭本协议向法院起诉。",
    }


def performed(standing: Standing, settled: AgreementView) -> Parts:
    """The merchant says it is done; the consumer has the last word."""
    _noun, verb = thing(settled)
    done = settled.performance
    on = f"商家登记 {consumer_day(done.performed_on)}已{verb}" if done else ""
    asked = standing.case.receipt_asked_at  # until the consumer was told, no days are counted
    told = f"{words.end_day(standing.case.due_at)}前" if asked else "一直"
    return {
        **_receipt(standing, settled, on, is_due=False),
        "title": f"商家说已经{verb}，你收到了吗",
        "note": f"{told}不答复，按“商家已{verb}、你未确认”办结。不答复不等于收到，一年内仍可在本页告诉我们没收到。",
        "note_tone": "near",
        "choices": _received(settled, "确认后请评价", f"投诉会重新打开，商家和{standing.authority}会收到提醒"),
    }


def confirmed(standing: Standing, settled: AgreementView) -> Parts:
    """The consumer has what was promised."""
    noun, _verb = thing(settled)
    return {
        **_receipt(standing, settled, f"{words.day(standing.case.closed_at or standing.now)}办结", is_due=False),
        "title": f"你已确认收到{noun}，投诉办结" if noun else "你已确认办好，投诉办结",
        "glyph": "done",
        "tone": "good",
        "rating": _rating(standing),
    }


def unconfirmed(standing: Standing, settled: AgreementView) -> Parts:
    """Closed because the consumer did not answer: counted apart, and still open to 没收到."""
    _noun, verb = thing(settled)
    return {
        **_receipt(standing, settled, f"{words.day(standing.case.closed_at or standing.now)}办结", is_due=False),
        "title": f"商家登记已{verb}，你没有确认，投诉先办结",
        "choices": _received(settled, "确认后请评价", "投诉会重新打开") if standing.talk.can_deny else None,
        "rating": _rating(standing),
    }


def breached(standing: Standing, settled: AgreementView) -> Parts:
    """What was agreed was not done in time."""
    _noun, verb = thing(settled)
    got = _received(settled, "晚到也请告诉我们", "").options[0]
    ask = Choice(f"请{standing.authority}处理", "不用重新提交材料", page="show_escalation")
    can_ask = standing.official.asked_at is None and standing.official.objection_to_asking is None
    return {
        **_receipt(standing, settled, f"约定最迟 {consumer_day(settled.perform_on)}", is_due=False),
        "title": f"商家没有按约定{verb}",
        "glyph": "alert",
        "tone": "bad",
        "note": f"已记为未兑现，商家和{standing.authority}都收到提醒。协议仍然有效，商家仍要{verb}。",
        "note_tone": "bad",
        "choices": Choices((ask, got) if can_ask else (got,), action="confirm_receipt"),
        "remedy_title": "还可以怎么办",
        "remedy": "你可以请市场监督管理部门处理，也可以凭本协议向法院起诉。",
    }


SETTLED: dict[CaseState, Callable[[Standing, AgreementView], Parts]] = {
    CaseState.AGREED: agreed,
    CaseState.PERFORMED: performed,
    CaseState.CLOSED_SETTLED: confirmed,
    CaseState.CLOSED_UNCONFIRMED: unconfirmed,
    CaseState.BREACHED: breached,
}


def _receipt(standing: Standing, settled: AgreementView, line: str, *, is_due: bool = True) -> Parts:
    """What every page after an agreement shows: the sum, the date, the parties, the paper."""
    when = Markup("最迟 <b>{}</b>").format(line) if is_due else line
    terms = standing.agreed_terms
    return {
        "figure": settled.outlay or None,
        "figure_lines": tuple(text for text in (when, _how(standing)) if text),
        "facts": words.pairs(
            [
                ("双方", f"{standing.case.consumer_mask}，{standing.merchant}"),
                ("约定", rules.headline(terms)),
                ("" if settled.outlay else "最迟", consumer_day(settled.perform_on)),
            ][: 2 if settled.outlay else 3]
        ),
        "terms": words.pairs(words.full_terms(terms)),
        "slip": settled,
        "code_possible": standing.talk.code_possible,
    }


def _how(standing: Standing) -> str:
    methods = [rules.METHOD_NAMES[term.method] for term in standing.agreed_terms if term.method]
    return "、".join(dict.fromkeys(methods))


def _received(settled: AgreementView, after: str, otherwise: str) -> Choices:
    yes, no = ("已收到款", "没收到款") if settled.outlay else ("已办好", "没有办")
    return Choices(
        (
            Choice(yes, after, name="received", value="yes"),
            Choice(no, otherwise, name="received", value="no"),
        ),
        action="confirm_receipt",
    )


def _rating(standing: Standing) -> str:
    return f"{consumer_day(standing.rate_by)}前可以评价一次。" if standing.rate_by else ""


def thing(settled: AgreementView) -> tuple[str, str]:
    """What is awaited, as noun and verb: money is paid, anything else is done."""
    return ("款", "付款") if settled.outlay else ("", "履行")


def failed(standing: Standing) -> Parts:
    """No agreement: the authority has it, or the consumer chooses (decisions 3)."""
    cause = words.CAUSES[standing.case.cause] if standing.case.cause else ""
    facts = words.pairs(
        [("谁", standing.merchant), ("为了", subject(standing.case)), ("经过", cause), *_official(standing)]
    )
    if not standing.official.is_choice_open:
        return {
            "title": "没有谈成，由市场监督管理部门处理",
            "facts": facts,
            "note": "有进展会告诉你。商家仍可以再提方案，你也仍可以不接受。",
        }
    ask = Choice("请市场监督管理部门处理", "不用重新提交材料", page="show_escalation")
    if standing.case.closed_at is not None:
        return {
            "title": "没有谈成，投诉按未和解办结",
            "facts": facts,
            "note": "没有谈成不算商家办好。改变主意的，仍可在本页请市场监督管理部门处理。",
            "choices": Choices((ask,)),
        }
    by = f"{consumer_day(standing.choose_by)}前不选，按未和解办结，不算商家办好。"
    return {
        "title": "没有谈成，你想怎么办",
        "facts": facts,
        "note": f"{by}办结后仍可在本页请市场监督管理部门处理。",
        "note_tone": "near",
        "choices": Choices((ask, Choice("不再处理", "按未和解办结", page="show_rest"))),
    }


ADMINISTRATIVE = {
    AdminState.REFUSED: "已决定不予受理",
    AdminState.MEDIATED: "已达成调解",
    AdminState.TERMINATED: "已终止调解",
}


def _official(standing: Standing) -> list[tuple[str, str]]:
    official = standing.official
    rows = [("请求处理", words.day(official.asked_at))] if official.asked_at else []
    if official.is_taken_up:
        return [*rows, ("现在", f"{standing.authority}已受理")]
    if official.decide_by is not None:
        hedge = "（节假日公布前暂定）" if standing.decision_is_provisional else ""
        return [*rows, ("是否受理", f"最迟 {words.end_day(official.decide_by)}{hedge}告诉你")]
    return [*rows, *(("现在", ADMINISTRATIVE[state]) for state in official.states[:1] if state in ADMINISTRATIVE)]


def withdrawn(standing: Standing) -> Parts:
    """Taken back by the consumer."""
    closed = standing.case.closed_at
    return {
        "title": "你已撤回投诉",
        "facts": words.pairs([("谁", standing.merchant), ("撤回时间", words.day(closed) if closed else "")]),
        "note": "投诉不再办理。商家没有因此得到任何承诺；需要再次投诉，请拨打 12315。",
    }


def kept(standing: Standing) -> Parts:
    """No merchant has it: the authority handles it itself."""
    return {
        "title": "由市场监督管理部门直接处理",
        "facts": words.pairs([("为了", subject(standing.case)), *_official(standing)]),
        "note": f"{standing.authority}直接处理你的投诉，有进展会告诉你。",
    }


def sent_back(standing: Standing) -> Parts:
    """It had been assigned to the wrong authority (令121第四十一条)."""
    closed = standing.case.closed_at
    return {
        "title": "投诉已退回登记它的单位",
        "facts": words.pairs([("为了", subject(standing.case)), ("退回时间", words.day(closed) if closed else "")]),
        "note": f"这件投诉不归{standing.authority}办理，已退回原登记单位，由它继续处理。查询进展请向原登记单位或拨打 12315。",
    }


APART: dict[CaseState, Callable[[Standing], Parts]] = {
    CaseState.WITHDRAWN: withdrawn,
    CaseState.KEPT: kept,
    CaseState.SENT_BACK: sent_back,
}
