"""A worker whose handler answers each fact with another one, slowly: something to be killed in the middle."""

import os
import sys

from portal.config import load_config
from portal.core import facts
from portal.core.actor import SYSTEM
from portal.core.facts import SubjectKind, Topic
from portal.outbox import deliver_due
from portal.queues import QUICK
from portal.runtime import make_runtime
from portal.workhorse import work


def answer(session, fact, *, now):
    """The effect that must happen exactly once for each fact."""
    facts.record(session, SYSTEM, Topic.CASE_WARNED, SubjectKind.CASE, fact.subject_id, at=now)
    session.flush()
    sum(range(200_000))  # a few milliseconds in which the transaction is open


HANDLERS = dict.fromkeys(Topic, ()) | {Topic.CASE_NOTED: (answer,)}

if __name__ == "__main__":
    answer.__module__ = "answering"
    runtime = make_runtime(load_config(os.environ))
    work(runtime, {"wake": lambda runtime: deliver_due(runtime, HANDLERS)}, [QUICK], burst="--burst" in sys.argv)
