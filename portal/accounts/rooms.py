"""Which pages are there for somebody who practises; the gate and the navigation ask."""

PRACTICE_ROOMS = frozenset(  # blueprints; nothing else opens while somebody practises
    {
        "cases_merchant",
        "cases_staff",
        "desk_merchant",
        "ledgers_merchant",
        "notifications_merchant",
        "practice_staff",
        "settlements_merchant",
        "settlements_staff",
    }
)
OF_THE_ACCOUNT = frozenset({"accounts_staff.account", "accounts_staff.switch_practice"})


def is_for_practice(endpoint: str) -> bool:
    """Say whether somebody who practises may come here: the desk, the cases and the books, and nothing of the house."""
    return endpoint in OF_THE_ACCOUNT or endpoint.rpartition(".")[0] in PRACTICE_ROOMS
