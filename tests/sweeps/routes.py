"""The access table: every endpoint, who it is for, and whose subject its URL names.

A door without a subject belongs to whoever stands in its audience (a list, narrowed by the query). A door with one is
opened for the people of district A and its merchant only; SUBJECTS in tests/sweeps/world.py makes the URL's values.
"""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Door:
    """One endpoint's line."""

    audience: str  # public consumer merchant regulator staff admin: the last word of the blueprint's name
    subject: str = ""  # a key of SUBJECTS; "" where the URL names nobody's row
    form: dict[str, str] = field(default_factory=dict)  # sent by POST, so that the action is reached
    why: str = ""  # for what differs from the rule, in words
    answers: frozenset[int] = frozenset()  # further statuses that are right for those it is meant for


DOORS: dict[str, Door] = {
    "accounts_public.change_password": Door("public"),
    "accounts_public.choose_organisation": Door("public"),
    "accounts_public.enter": Door("public"),
    "accounts_public.new_password": Door("public"),
    "accounts_public.organisations": Door("public"),
    "accounts_public.prove": Door("public"),
    "accounts_public.show_second_factor": Door("public"),
    "accounts_public.sign_in": Door("public"),
    "accounts_public.sign_out": Door("public"),
    "desk_public.display_size": Door("public"),
    "desk_public.home": Door("public"),
    "notifications_merchant.notices": Door("merchant"),
    "notifications_public.phone": Door("public", why="in a demo without a gateway only", answers=frozenset({404})),
    "notifications_regulator.messages": Door("regulator"),
    "notifications_regulator.notices": Door("regulator"),
    "notifications_regulator.repeat": Door(
        "regulator", "message", why="an auditor only looks", answers=frozenset({403})
    ),
    "notifications_regulator.told": Door("regulator", "message", why="an auditor only looks", answers=frozenset({403})),
    "observing_public.healthz": Door("public"),
    "observing_public.metrics": Door("public", why="with PORTAL_METRICS_TOKEN only", answers=frozenset({404})),
    "observing_public.readyz": Door("public"),
    "desk_regulator.export_board": Door("regulator"),
    "desk_regulator.export_cases": Door("regulator"),
    "desk_regulator.find_by_phone": Door("regulator"),
    "desk_regulator.list_cases": Door("regulator"),
    "desk_regulator.show_board": Door("regulator"),
}
