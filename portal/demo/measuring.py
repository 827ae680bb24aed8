"""Measuring one kind of operation many times: wall time, this process's CPU, SQL statements, size of the answer.

Nothing here knows what is measured. Times are seconds until they are told, then milliseconds.
"""

import gzip
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from statistics import mean, median
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import Engine

TICK = (
    0.01  # seconds; another process's CPU is known to the system's clock tick only (USER_HZ), few pages may cost none
)
WARM_UP = 2  # operations that are not counted: they fill caches that a serving process has
NOT_COUNTED = ("BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE")  # frames of a transaction

Operation = Callable[[], bytes]


@dataclass(frozen=True, slots=True)
class Sample:
    """One operation, or one commit of a long one that did `count` things."""

    seconds: float
    cpu: float  # seconds of this process; a database server's own are not in it
    statements: int
    size: int = 0  # bytes of the answer as gzip sends it
    count: int = 1


@dataclass(frozen=True, slots=True)
class Figures:
    """What came of measuring one operation; `ratio` is its CPU over that of the bare page in the same run."""

    name: str
    label: str
    note: str
    operations: int
    per_second: float
    p50_ms: float
    p95_ms: float
    statements: float
    cpu_ms: float
    bytes: int
    ratio: float

    def to_json(self) -> dict[str, Any]:
        """The object that `portal bench --json` prints."""
        return asdict(self)


class StatementCount:
    """Counts the statements that an engine sends, without those that only frame a transaction."""

    def __init__(self) -> None:
        self.sent = 0

    def note(self, _connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        """Take one statement, as the engine's event gives it."""
        self.sent += not statement.startswith(NOT_COUNTED)


@contextmanager
def counting(engine: Engine) -> Iterator[StatementCount]:
    """Count an engine's statements for the length of a block."""
    count = StatementCount()
    event.listen(engine, "before_cursor_execute", count.note)
    try:
        yield count
    finally:
        event.remove(engine, "before_cursor_execute", count.note)


class Stopwatch:
    """Takes a sample of everything since it was last pressed."""

    def __init__(self, count: StatementCount) -> None:
        self._count = count
        self.start()

    def start(self) -> None:
        """Begin anew; what happened before is nobody's."""
        self._sent, self._cpu, self._wall = self._count.sent, time.process_time(), time.perf_counter()

    def take(self, answer: bytes = b"", done: int = 1) -> Sample:
        """Give the sample since the start and begin anew."""
        wall, cpu, sent = time.perf_counter(), time.process_time(), self._count.sent
        sample = Sample(
            wall - self._wall, cpu - self._cpu, sent - self._sent, len(gzip.compress(answer)) if answer else 0, done
        )
        self.start()
        return sample


def measure(count: StatementCount, operation: Operation, repeats: int, after: Operation = bytes) -> list[Sample]:
    """Do an operation `repeats` times and sample each; `after` puts back what it changed and is not measured."""
    for _ in range(WARM_UP):
        operation()
        after()
    watch, samples = Stopwatch(count), []
    for _ in range(repeats):
        watch.start()
        samples.append(watch.take(operation()))
        after()
    return samples


def figures(name: str, label: str, samples: Sequence[Sample], bare: Sequence[Sample], note: str = "") -> Figures:
    """Sum up the samples of one operation beside those of the bare page; means, except where the name says else."""
    walls = sorted(one.seconds for one in samples)
    cpu = mean(one.cpu for one in samples)
    return Figures(
        name=name,
        label=label,
        note=note,
        operations=sum(one.count for one in samples),
        per_second=round(sum(one.count for one in samples) / sum(walls), 1),
        p50_ms=_ms(median(walls)),
        p95_ms=_ms(walls[min(len(walls) - 1, round(0.95 * len(walls)))]),
        statements=median(one.statements for one in samples),
        cpu_ms=_ms(cpu),
        bytes=round(median(one.size for one in samples)),
        ratio=round(_cost(samples) / _cost(bare), 1),
    )


def _cost(samples: Sequence[Sample]) -> float:
    """The mean CPU of an operation in seconds; a tick for all of them together where none was seen."""
    return (sum(one.cpu for one in samples) or TICK) / len(samples)


def _ms(seconds: float) -> float:
    return round(seconds * 1000, 2)
