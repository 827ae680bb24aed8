"""The whole access policy as one table: a permission is given where every predicate of one of its clauses holds."""

from collections.abc import Callable
from enum import StrEnum
from typing import Any

from portal.core.actor import Actor, ActorKind, Role
from portal.core.errors import NotAllowed

Predicate = Callable[[Actor, Any], bool]


class Permission(StrEnum):
    """What can be asked for, alphabetically."""

    APPLICATION_DECIDE = "application:decide"  # ask for more, admit, refuse
    APPLICATION_READ = "application:read"
    CALENDAR_IMPORT = "calendar:import"
    CALLBACK_RECORD = "callback:record"
    AUTHORITY_IMPORT = "authority:import"
    CASE_ASSIGN = "case:assign"
    CASE_HANDLE = "case:handle"  # accept, return, note, contact, back-fill
    CASE_LAY_ASIDE = "case:lay_aside"
    CASE_RAISE = "case:raise"  # hand up, hand down, take back
    CASE_READ = "case:read"
    CONSUMER_ANSWER = "consumer:answer"
    CONSUMER_REACH = "consumer:reach"  # change the number, make a letter
    DISPOSAL_APPROVE = "disposal:approve"
    DISPOSAL_CARRY_OUT = "disposal:carry_out"
    DISPOSAL_DRAW = "disposal:draw"
    EVIDENCE_ADD = "evidence:add"
    EVIDENCE_READ = "evidence:read"
    FEEDBACK_HANDLE = "feedback:handle"  # of consumers on a promise
    FEEDBACK_READ = "feedback:read"
    FILING_ROUTE = "filing:route"
    GOODS_HANDLE = "goods:handle"  # send for testing, take off the shelves
    GOODS_READ = "goods:read"
    GOODS_REGISTER = "goods:register"
    HOLD_PLACE = "hold:place"
    IMPORT_RUN = "import:run"
    INSPECTION_ANSWER = "inspection:answer"
    INSPECTION_RECORD = "inspection:record"
    LEDGER_READ_RELEASE = "ledger:read_release"
    LEDGER_EXPORT_OPEN = "ledger:export_open"  # a bundle with the personal values
    LEDGER_READ = "ledger:read"
    LEDGER_WRITE = "ledger:write"
    LIMIT_SET = "limit:set"  # from a day on, for one's own authority or for everyone
    LINK_REPLACE = "link:replace"
    MEASURE_ANSWER = "measure:answer"
    MERCHANT_ADMIT = "merchant:admit"
    MERCHANT_EXIT = "merchant:exit"  # out and in again
    MERCHANT_KEEP = "merchant:keep"  # its own outlets, the yearly confirmation, proposals
    MERCHANT_READ = "merchant:read"
    MERCHANT_SUSPEND = "merchant:suspend"
    MESSAGES_READ = "messages:read"
    MESSAGE_RESOLVE = "message:resolve"
    OFFER_APPROVE = "offer:approve"  # send or give back what waits for someone who may
    OFFER_MAKE = "offer:make"
    PERFORMANCE_RECORD = "performance:record"
    PERSON_MANAGE = "person:manage"
    PERSONAL_REVEAL = "personal:reveal"
    PROGRAMME_EDIT = "programme:edit"  # the authority's own row of what promises may say
    PROMISE_IMPORT = "promise:import"
    PROMISE_READ = "promise:read"
    PROMISE_REMOVE = "promise:remove"  # 摘牌
    PROMISE_REVIEW = "promise:review"
    PROMISE_SECOND = "promise:second"  # the second level: the authority above, or the council that it names
    PROMISE_WRITE = "promise:write"
    RECALL_ANSWER = "recall:answer"
    RECALL_ISSUE = "recall:issue"  # notify, chase, close
    RETURN_ANSWER = "return:answer"  # agree, refuse, receive, refund
    RETURN_FIND = "return:find"  # whether the promise was broken
    RETURN_READ = "return:read"
    SANCTION_DECIDE = "sanction:decide"  # propose, decline, take a measure, check again
    SANCTION_ORDER = "sanction:order"  # suspend and exclude
    SENDING_LIMIT = "sending:limit"
    SUBSTITUTE_NAME = "substitute:name"
    TIP_READ = "tip:read"
    TRAINING_CONFIRM = "training:confirm"
    TRAINING_RECORD = "training:record"
    TRIGGER_SET = "trigger:set"
    VIOLATION_DECIDE = "violation:decide"
    VISIT_ANSWER = "visit:answer"
    VISIT_RECORD = "visit:record"


def runs_the_house(actor: Actor, subject: Any) -> bool:
    """The command line and the clock act for the installation itself."""
    return actor.kind in (ActorKind.OPERATOR, ActorKind.SYSTEM)


def is_admin(actor: Actor, subject: Any) -> bool:
    """An administrator looks after people and settings, never after cases."""
    return actor.kind is ActorKind.ADMIN


def is_own_merchant(actor: Actor, subject: Any) -> bool:
    """The subject lies with the actor's own merchant."""
    return actor.kind is ActorKind.MERCHANT and subject.merchant_id == actor.organisation_id


def in_jurisdiction(actor: Actor, subject: Any) -> bool:
    """The subject lies with the actor's authority or one below it."""
    return actor.kind is ActorKind.AUTHORITY and subject.authority_id in actor.jurisdiction


def is_own_organisation(actor: Actor, subject: Any) -> bool:
    """The subject belongs to the actor's own organisation."""
    return actor.organisation_id is not None and subject.organisation_id == actor.organisation_id


def is_consumer_of(actor: Actor, subject: Any) -> bool:
    """The actor holds the link of this very case."""
    return actor.kind is ActorKind.CONSUMER and actor.case_id is not None and subject.case_id == actor.case_id


def works_cases(actor: Actor, subject: Any) -> bool:
    """Officers and chiefs act; auditors only look."""
    return actor.role in (Role.OFFICER, Role.CHIEF)


def leads(actor: Actor, subject: Any) -> bool:
    """Heads of a merchant's departments and of the merchant."""
    return actor.role in (Role.SUPERVISOR, Role.PRINCIPAL)


def is_principal(actor: Actor, subject: Any) -> bool:
    """The head of the merchant."""
    return actor.role is Role.PRINCIPAL


def is_himself(actor: Actor, subject: Any) -> bool:
    """The subject is the actor's own membership."""
    return actor.person_id is not None and subject.person_id == actor.person_id


def is_chief(actor: Actor, subject: Any) -> bool:
    """The head of the authority."""
    return actor.role is Role.CHIEF


def is_of_no_council(actor: Actor, subject: Any) -> bool:
    """消委会 are authorities in their own tree: enrolment is not theirs."""
    return not actor.is_council


def is_asked_second(actor: Actor, subject: Any) -> bool:
    """The council that reviews the promise second, or one above it."""
    return actor.kind is ActorKind.AUTHORITY and subject.council_id in actor.jurisdiction


def is_passed_on(actor: Actor, subject: Any) -> bool:
    """An officer let the merchant read it."""
    return subject.passed_at is not None


Clause = tuple[Predicate, ...]

POLICY: dict[Permission, tuple[Clause, ...]] = {
    Permission.APPLICATION_DECIDE: ((in_jurisdiction, works_cases, is_of_no_council),),
    Permission.APPLICATION_READ: ((in_jurisdiction, is_of_no_council),),
    Permission.CALENDAR_IMPORT: ((runs_the_house,),),
    Permission.CALLBACK_RECORD: ((in_jurisdiction, works_cases),),
    Permission.AUTHORITY_IMPORT: ((is_admin,), (runs_the_house,)),
    Permission.CASE_ASSIGN: ((is_own_merchant,),),
    Permission.CASE_HANDLE: ((is_own_merchant,), (runs_the_house,)),
    Permission.CASE_LAY_ASIDE: ((is_consumer_of,), (runs_the_house,)),
    Permission.CASE_RAISE: ((is_own_merchant,),),
    Permission.CASE_READ: ((is_own_merchant,), (in_jurisdiction,), (runs_the_house,)),
    Permission.CONSUMER_ANSWER: ((is_consumer_of,),),
    Permission.CONSUMER_REACH: ((in_jurisdiction, works_cases),),
    Permission.DISPOSAL_APPROVE: ((is_own_merchant, leads), (in_jurisdiction, works_cases, is_of_no_council)),
    Permission.DISPOSAL_CARRY_OUT: ((runs_the_house,),),
    Permission.DISPOSAL_DRAW: (
        (is_own_merchant, leads),
        (in_jurisdiction, works_cases, is_of_no_council),
        (runs_the_house,),
    ),
    Permission.EVIDENCE_ADD: ((is_own_merchant,), (in_jurisdiction, works_cases), (is_consumer_of,)),
    Permission.EVIDENCE_READ: ((is_own_merchant,), (in_jurisdiction,), (is_consumer_of,)),
    Permission.FEEDBACK_HANDLE: ((in_jurisdiction, works_cases, is_of_no_council),),
    Permission.FEEDBACK_READ: ((in_jurisdiction, is_of_no_council), (is_own_merchant, is_passed_on)),
    Permission.FILING_ROUTE: ((in_jurisdiction, works_cases), (runs_the_house,)),
    Permission.GOODS_HANDLE: ((is_own_merchant,),),
    Permission.GOODS_READ: ((is_own_merchant,), (in_jurisdiction,)),
    Permission.GOODS_REGISTER: ((is_own_merchant,), (in_jurisdiction, works_cases, is_of_no_council)),
    Permission.HOLD_PLACE: ((in_jurisdiction, works_cases, is_of_no_council),),
    Permission.INSPECTION_ANSWER: ((is_own_merchant, leads),),
    Permission.INSPECTION_RECORD: ((in_jurisdiction, works_cases, is_of_no_council),),
    Permission.IMPORT_RUN: ((in_jurisdiction, works_cases), (runs_the_house,)),
    Permission.LEDGER_READ_RELEASE: ((in_jurisdiction, is_chief),),
    Permission.LEDGER_EXPORT_OPEN: ((in_jurisdiction, works_cases, is_of_no_council), (runs_the_house,)),
    Permission.LEDGER_READ: ((is_own_merchant,), (in_jurisdiction, is_of_no_council), (runs_the_house,)),
    Permission.LEDGER_WRITE: ((is_own_merchant,), (runs_the_house,)),
    Permission.LIMIT_SET: ((is_own_organisation, is_chief, is_of_no_council), (runs_the_house,)),
    Permission.LINK_REPLACE: ((is_consumer_of,), (runs_the_house,)),
    Permission.MEASURE_ANSWER: ((is_own_merchant, leads),),
    Permission.MERCHANT_EXIT: ((in_jurisdiction, is_chief, is_of_no_council), (runs_the_house,)),
    Permission.MERCHANT_ADMIT: ((in_jurisdiction, works_cases, is_of_no_council), (runs_the_house,)),
    Permission.MERCHANT_KEEP: ((is_own_merchant, leads),),
    Permission.MERCHANT_READ: ((is_own_merchant,), (in_jurisdiction,), (runs_the_house,)),
    Permission.MERCHANT_SUSPEND: ((in_jurisdiction, is_chief, is_of_no_council), (runs_the_house,)),
    Permission.MESSAGES_READ: ((runs_the_house,),),
    Permission.MESSAGE_RESOLVE: ((in_jurisdiction, works_cases), (runs_the_house,)),
    Permission.OFFER_APPROVE: ((is_own_merchant, leads),),
    Permission.OFFER_MAKE: ((is_own_merchant,), (runs_the_house,)),
    Permission.PERFORMANCE_RECORD: ((is_own_merchant,),),
    Permission.PERSON_MANAGE: (
        (is_own_organisation, is_principal),
        (is_own_organisation, is_chief),
        (is_admin,),
        (runs_the_house,),
    ),
    Permission.PERSONAL_REVEAL: ((is_own_merchant,), (in_jurisdiction,)),
    Permission.PROGRAMME_EDIT: ((is_own_organisation, works_cases, is_of_no_council),),
    Permission.PROMISE_IMPORT: ((in_jurisdiction, works_cases), (runs_the_house,)),
    Permission.PROMISE_READ: ((is_own_merchant,), (in_jurisdiction,), (is_asked_second,), (runs_the_house,)),
    Permission.PROMISE_REMOVE: ((in_jurisdiction, works_cases, is_of_no_council),),
    Permission.PROMISE_REVIEW: ((in_jurisdiction, works_cases),),
    Permission.PROMISE_SECOND: ((in_jurisdiction, works_cases), (is_asked_second, works_cases)),
    Permission.PROMISE_WRITE: ((is_own_merchant, leads),),
    Permission.RECALL_ANSWER: ((is_own_merchant,),),
    Permission.RECALL_ISSUE: ((in_jurisdiction, works_cases, is_of_no_council), (runs_the_house,)),
    Permission.RETURN_ANSWER: ((is_own_merchant,),),
    Permission.RETURN_FIND: ((in_jurisdiction, works_cases, is_of_no_council),),
    Permission.RETURN_READ: ((is_own_merchant,), (in_jurisdiction,)),
    Permission.SANCTION_DECIDE: ((in_jurisdiction, works_cases, is_of_no_council),),
    Permission.SANCTION_ORDER: ((in_jurisdiction, is_chief, is_of_no_council),),
    Permission.SENDING_LIMIT: ((is_own_merchant, is_principal),),
    Permission.SUBSTITUTE_NAME: ((is_own_organisation, is_principal), (is_own_organisation, is_himself)),
    Permission.TIP_READ: ((in_jurisdiction,), (runs_the_house,)),
    Permission.TRIGGER_SET: ((in_jurisdiction, is_chief, is_of_no_council),),
    Permission.VIOLATION_DECIDE: ((in_jurisdiction, works_cases, is_of_no_council),),
    Permission.VISIT_ANSWER: ((is_own_merchant, leads),),
    Permission.VISIT_RECORD: ((in_jurisdiction, works_cases, is_of_no_council),),
    Permission.TRAINING_CONFIRM: ((is_own_merchant,),),
    Permission.TRAINING_RECORD: ((in_jurisdiction, works_cases, is_of_no_council), (runs_the_house,)),
}

REFUSAL = "你的岗位或辖区不能做这件事。请联系本单位负责人调整权限。"


def can(actor: Actor, permission: Permission, subject: Any) -> bool:
    """Say whether the policy gives the actor this permission over the subject."""
    return any(all(holds(actor, subject) for holds in clause) for clause in POLICY[permission])


def require(actor: Actor, permission: Permission, subject: Any) -> None:
    """Refuse with NotAllowed unless the policy gives the permission."""
    if not can(actor, permission, subject):
        raise NotAllowed(REFUSAL)
