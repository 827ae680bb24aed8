"""Whose number it is: six digits to it, and the open complaint that it has with the same merchant already."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.accounts import codes, links
from portal.accounts.codes import CodeResult
from portal.cases.models import Case
from portal.core import facts
from portal.core.actor import Actor
from portal.core.errors import RuleBroken
from portal.core.facts import SubjectKind, Topic
from portal.core.privacy import vault_of
from portal.intake import green_doors
from portal.intake.green_access import Place, bound_to, is_proved, locked_draft, said_in
from portal.intake.green_models import GreenDraft


@dataclass(frozen=True, slots=True)
class AskProof:
    """Send a code to the number that stands in the draft."""

    place: Place


def ask_proof(session: Session, actor: Actor, command: AskProof, *, now: datetime) -> None:
    """Ask for the message with six digits; refuses with RuleBroken where one was sent a minute ago or five an hour."""
    green_doors.open_door(session, command.place.slug)
    draft = locked_draft(session, command.place, now=now)
    phone = said_in(session, draft).plain_phone
    if not phone:
        raise RuleBroken("请先填写 11 位手机号。", field="phone")
    code = codes.new_proof(session, phone, bound_to(draft), now=now)
    draft.touched_at = now
    facts.record(
        session, actor, Topic.GREEN_CODE_ASKED, SubjectKind.GREEN_DRAFT, draft.id, at=now, code_id=code.id,
        merchant_id=draft.merchant_id,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Prove:
    """The six digits as they were typed."""

    place: Place
    code: str


def prove(session: Session, actor: Actor, command: Prove, *, now: datetime) -> CodeResult:
    """Try a code; a right one proves the number that stands there, a wrong one counts and is kept."""
    draft = locked_draft(session, command.place, now=now)
    said = said_in(session, draft)
    if is_proved(session, draft, said):
        return CodeResult.RIGHT
    index = vault_of(session).blind(said.plain_phone, "phone")
    if codes.proof_went_to(session, bound_to(draft)) != index:  # another number was put there since
        return CodeResult.NONE
    result = codes.check_code(session, None, bound_to(draft), command.code, now)
    if result is CodeResult.RIGHT:
        draft.phone_index, draft.proved_at, draft.touched_at, draft.apart = index, now, now, False
    return result


@dataclass(frozen=True, slots=True)
class SetApart:
    """The consumer says that it is another matter than the open complaint."""

    place: Place


def set_apart(session: Session, actor: Actor, command: SetApart, *, now: datetime) -> None:
    """Go on with a complaint of its own."""
    locked_draft(session, command.place, now=now).apart = True


def open_complaint(session: Session, draft: GreenDraft) -> Case | None:
    """The newest open case of the proved number with this merchant, waiting ones included."""
    if draft.phone_index is None:
        return None
    rows = session.scalars(
        select(Case).where(Case.phone_index == draft.phone_index, Case.is_open).order_by(Case.id.desc()).limit(20)
    )
    return next((one for one in rows if (one.merchant_id or one.candidates.get("only")) == draft.merchant_id), None)


@dataclass(frozen=True, slots=True)
class SendLink:
    """The link to the open complaint, so that the consumer adds to it."""

    place: Place


def send_link(session: Session, actor: Actor, command: SendLink, *, now: datetime) -> bool:
    """Ask for the open complaint's link by message to the proved number; False where one was sent just now."""
    draft = locked_draft(session, command.place, now=now)
    if not is_proved(session, draft, said_in(session, draft)):
        raise RuleBroken("请先验证手机号。", field="code")
    case = open_complaint(session, draft)
    if case is None:
        raise RuleBroken("没有找到正在办理的投诉。请继续填写。")
    return links.ask_link_of_case(session, actor, case.id, now=now)
