"""One line of the access table."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Door:
    """One endpoint's line."""

    audience: str  # public consumer merchant regulator staff admin: the last word of the blueprint's name
    subject: str = ""  # a key of SUBJECTS; "" where the URL names nobody's row
    form: dict[str, str] = field(default_factory=dict)  # posted, so that the action is reached
    posts: str = ""  # a key of SUBJECTS whose values are posted beside it: somebody's row, as a subject is
    why: str = ""  # for what differs from the rule, in words
    statements: int = 8  # said to the database by a GET; more needs a reason in `why`
    answers: frozenset[int] = frozenset()  # further statuses that are right for those it is meant for
