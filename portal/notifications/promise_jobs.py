"""Telling merchants and authorities what became of a promise; each notice leads to the page where it goes on."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.accounts.models import Organisation
from portal.commitments.models import PromiseVersion, Promisor
from portal.commitments.rules import PromiseState
from portal.core.facts import Fact, Topic
from portal.notifications import rules
from portal.notifications.drafting import draft_for_desks
from portal.notifications.models import RecipientKind
from portal.notifications.templates import TemplateCode

OWN = "/merchant/promise"


@dataclass(frozen=True, slots=True)
class Notice:
    """One desk's notice."""

    kind: RecipientKind
    organisation_id: int | None
    what: str
    words: str


def tell_of_promise(session: Session, fact: Fact, *, now: datetime) -> None:
    """Put what happened to a promise on the desks that have to know; a firm of an imported list has none."""
    version = session.scalars(
        select(PromiseVersion).where(PromiseVersion.reference == fact.detail["reference"])
    ).first()
    if version is None:  # a draft that was taken back and deleted since
        return
    promisor = session.get_one(Promisor, version.promisor_id)
    for notice in _notices(session, fact, version, promisor):
        if notice.organisation_id is None:
            continue
        path = OWN if notice.kind is RecipientKind.MERCHANT else f"/regulator/promises/{version.reference}"
        draft_for_desks(
            session,
            fact,
            TemplateCode.STAFF_PROMISE,
            notice.kind,
            [notice.organisation_id],
            now=now,
            parameters={"name": promisor.name, "what": notice.what, "words": notice.words, "path": path},
        )


def _notices(session: Session, fact: Fact, version: PromiseVersion, promisor: Promisor) -> Iterator[Notice]:
    named = f"第 {version.number} 版退货承诺"
    match fact.topic:
        case Topic.PROMISE_SUBMITTED:
            yield _theirs(promisor.authority_id, "待审核", f"提交了{named}，请审核。")
        case Topic.PROMISE_REVIEWED if not fact.detail["passed"]:
            yield _ours(promisor, "没有通过", f"{named}没有通过审核，意见见本页，修改后可以再提交。")
        case Topic.PROMISE_REVIEWED if version.state is PromiseState.DISTRICT_PASSED:
            yield _theirs(_second(session, version, promisor), "待复审", f"{named}已通过初审，请复审。")
        case Topic.PROMISE_BEGUN:
            yield _ours(promisor, "已生效", f"{named}从{_day(fact.detail['first_on'])}起生效，可以下载证书和海报。")
        case Topic.PROMISE_WARNED if version.expires_on is not None:
            day = rules.day_words(version.expires_on)
            yield _ours(promisor, "即将到期", f"{named}的有效期到{day}。要继续承诺的，请在此前续期。")
        case Topic.PROMISE_EXPIRED:
            until = _day(fact.detail["last_on"])
            yield _ours(promisor, "已到期", f"{named}已到期，{until}及以前的购买仍受约束。")
        case Topic.PROMISE_REMOVED:
            yield _ours(promisor, "已摘牌", f"{named}已被摘牌，原因见本页；此前的购买仍受约束。")
        case Topic.PROMISE_ENDING if fact.detail["last_on"] is not None:
            yield _theirs(promisor.authority_id, "将退出", f"{named}将在{_day(fact.detail['last_on'])}后退出。")
        case Topic.PROMISE_ENDED:
            yield _theirs(promisor.authority_id, "已退出", f"{named}已退出；此前的购买仍受约束。")


def _ours(promisor: Promisor, what: str, words: str) -> Notice:
    return Notice(RecipientKind.MERCHANT, promisor.merchant_id, what, words)


def _theirs(organisation_id: int | None, what: str, words: str) -> Notice:
    return Notice(RecipientKind.OFFICER, organisation_id, what, words)


def _second(session: Session, version: PromiseVersion, promisor: Promisor) -> int | None:
    """The desk of the second level: the council that the programme names, else the authority above the first."""
    if promisor.council_id is not None:
        return promisor.council_id
    first = session.get_one(Organisation, version.first_organisation_id or promisor.authority_id)
    return first.parent_id or first.id


def _day(text: str) -> str:
    return rules.day_words(date.fromisoformat(text))
