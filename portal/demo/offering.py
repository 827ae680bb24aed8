"""Offers under measurement: in this process, and by two processes at once as two web workers make them."""

import multiprocessing
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import cycle
from multiprocessing.connection import Connection
from multiprocessing.synchronize import Barrier

from sqlalchemy import select

from portal.cases.models import Case
from portal.cases.rules import CaseState
from portal.core.actor import Actor, ActorKind, Role
from portal.core.errors import RuleBroken
from portal.demo.measuring import Figures, Sample, StatementCount, figures, measure
from portal.runtime import Runtime
from portal.settlements.actions import MakeOffer, TermDraft, UndoOffer, make_offer, undo_offer
from portal.settlements.models import PaymentMethod, TermKind

NAME = "基准测试"
MAY_BE_OFFERED = (CaseState.ACCEPTED, CaseState.NEGOTIATING)
OFFERED_AT_ONCE = 50  # cases that take turns in being offered something
PROCESSES = 2
SECONDS_TO_BE_READY = 60
TERMS = (TermDraft(TermKind.REFUND, 100, PaymentMethod.ORIGINAL, 7),)
TOO_FEW = "这里没有足够的纠纷可以提出方案。请先运行 portal generate。"
ENDED = "提出方案的进程中途结束，基准测试停止。"


@dataclass(frozen=True, slots=True)
class Offered:
    """A case and the merchant that offers something in it."""

    reference: str
    merchant_id: int

    @property
    def actor(self) -> Actor:
        """A clerk of the merchant."""
        return Actor(ActorKind.MERCHANT, name=NAME, role=Role.AGENT, organisation_id=self.merchant_id)


def measure_offers(house: Runtime, count: StatementCount, repeats: int) -> list[Sample]:
    """Offer a refund in cases that take turns; each offer is taken back, unmeasured. Raises RuleBroken without any."""
    turns, made = cycle(_cases(house, 1, OFFERED_AT_ONCE)), []

    def offer() -> bytes:
        made.append((one := next(turns), _offer(house, one)))
        return b""

    def take_back() -> bytes:
        _take_back(house, *made.pop())
        return b""

    return measure(count, offer, repeats, take_back)


def measure_offers_together(house: Runtime, bare: Sequence[Sample], repeats: int, statements: float) -> Figures:
    """Let two processes offer at the same time, `repeats` cases each, and take all back afterwards, unmeasured.

    Offers a second are of both together. Raises RuleBroken where there are too few cases, or a process ends early.
    """
    cases = _cases(house, PROCESSES, PROCESSES * repeats)
    context = multiprocessing.get_context("fork")  # as web workers: each has its own connections
    ready: Barrier = context.Barrier(PROCESSES)
    ends, workers = [], []
    for place in range(PROCESSES):
        end, told = context.Pipe(duplex=False)
        worker = context.Process(target=_offer_apart, args=(house, cases[place::PROCESSES], ready, told), daemon=True)
        worker.start()
        told.close()
        ends.append(end)
        workers.append(worker)
    try:
        spans = [span for end in ends for span in end.recv()]
    except EOFError:
        raise RuleBroken(ENDED) from None
    finally:
        for worker in workers:
            worker.join()
    samples = [Sample(ended - started, cpu, round(statements)) for started, ended, cpu in spans]
    elapsed = max(ended for _, ended, _ in spans) - min(started for started, _, _ in spans)
    one = figures("offers_together", "提出方案（两个进程）", samples, bare, "撤回不计时")
    return replace(one, per_second=round(len(samples) / elapsed, 1))


def _offer_apart(house: Runtime, cases: Sequence[Offered], ready: Barrier, told: Connection) -> None:
    """Offer in each case, from the moment when the other process is ready too; tell the spans and take all back."""
    house.engine.dispose(close=False)  # the connections that were open are the first process's
    _take_back(house, cases[0], _offer(house, cases[0]))
    ready.wait(SECONDS_TO_BE_READY)  # a process that ended must not hold the other for ever
    spans, made = [], []
    for case in cases:
        started, cpu = time.perf_counter(), time.process_time()
        made.append(_offer(house, case))
        spans.append((started, time.perf_counter(), time.process_time() - cpu))
    for case, round_ in zip(cases, made, strict=True):
        _take_back(house, case, round_)
    told.send(spans)
    house.close()


def _cases(house: Runtime, least: int, most: int) -> list[Offered]:
    """Cases in which something may be offered; accepted ones first, those of earlier runs have rounds already."""
    wanted = (
        select(Case.reference, Case.merchant_id)
        .where(Case.state.in_(MAY_BE_OFFERED), Case.respond_by > house.now() + timedelta(days=1))
        .order_by(Case.state, Case.id)
        .limit(most)
    )
    with house.reading() as session:
        found = [Offered(row.reference, row.merchant_id) for row in session.execute(wanted) if row.merchant_id]
    if len(found) < least:
        raise RuleBroken(TOO_FEW)
    return found


def _offer(house: Runtime, case: Offered) -> int:
    return house.perform(case.actor, make_offer, MakeOffer(case.reference, TERMS, consumer_asked=True)).round


def _take_back(house: Runtime, case: Offered, round_: int) -> None:
    house.perform(case.actor, undo_offer, UndoOffer(case.reference, round_))
