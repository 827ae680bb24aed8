"""A schedule whose duties leave a fact each time they are done: something to be doubled, if it could be."""

import os
import sys

from portal.config import load_config
from portal.core import facts
from portal.core.actor import SYSTEM
from portal.core.facts import SubjectKind, Topic
from portal.duties import Duty, DutyReport, do_duty
from portal.processes import until_told
from portal.queues import QUICK
from portal.runtime import make_runtime
from portal.schedule import keep_time
from portal.workhorse import work


def leave_a_fact(session, actor, command, *, now):
    """What a duty does: one fact about `command`."""
    facts.record(session, actor, Topic.CASE_WARNED, SubjectKind.CASE, command, at=now)


def counting(number):
    def count(runtime):
        runtime.perform(SYSTEM, leave_a_fact, number)
        return DutyReport(1)

    return count


DUTIES = [
    Duty("hourly-1", 3600, counting(1)),
    Duty("hourly-2", 3600, counting(2), light=True),
    Duty("often", 2, counting(3)),
]


def duty(runtime, *, name):
    do_duty(runtime, next(one for one in DUTIES if one.name == name))


if __name__ == "__main__":
    runtime = make_runtime(load_config(os.environ))
    if sys.argv[1] == "schedule":
        keep_time(runtime, DUTIES, until_told())
    else:
        work(runtime, {"wake": lambda _runtime: None, "duty": duty}, [QUICK])
