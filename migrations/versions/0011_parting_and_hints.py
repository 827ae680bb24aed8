"""Parting of joined filings, keeping and returning of waiting ones, hints for officers.

Three lists of values grow. They belong to tables that everything refers to, so they are not made again: PostgreSQL
drops and adds the CHECK, SQLite has the CHECK's words changed in the table's own text, which leaves every row, index
and trigger where it is ("Making Other Kinds Of Table Schema Changes" of SQLite's documentation allows this for
constraints that no stored row contradicts).
"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

CASE_STATES = (
    "waiting", "dispatched", "accepted", "negotiating", "offered", "agreed", "performed", "closed_settled",
    "closed_unconfirmed", "returned", "failed", "breached", "withdrawn",
)  # fmt: skip
ADMIN_STATES = (
    "none", "received", "refused", "accepted", "mediating", "testing", "mediated", "terminated", "withdrawn",
)  # fmt: skip
UNITS = ("working_day", "natural_day", "hour", "fen", "percent")
NO_MERCHANT = ("waiting", "returned", "withdrawn")
PUT_ASIDE = ("kept", "sent_back")
FILING = ("sold_by", "purchased_on", "amount", "changed_at", "parted_from_id")
CASE = ("sent_back_reason", "kept_at", "kept_reason", "keeper_id")


def upgrade() -> None:
    for change in _growth():
        _replace_check(*change)
    sqlite = op.get_bind().dialect.name == "sqlite"
    big = "INTEGER" if sqlite else "BIGINT"
    moment = op.get_bind().dialect.type_compiler_instance.process(sa.DateTime(timezone=True))
    for column in (
        f"keeper_id {big} CONSTRAINT fk_dispute_case_keeper_id_person REFERENCES person (id)",
        "kept_reason VARCHAR",
        f"kept_at {moment}",
        "sent_back_reason VARCHAR",
    ):
        op.execute(f"ALTER TABLE dispute_case ADD COLUMN {column}")
    to_case = "CONSTRAINT fk_filing_parted_from_id_dispute_case REFERENCES dispute_case (id)"
    elsewhere = "CONSTRAINT ck_filing_never_joined_again CHECK (parted_from_id <> case_id)"
    for column in (
        f"parted_from_id {big} {to_case} {elsewhere}",
        f"changed_at {moment}",
        "amount BIGINT",
        "purchased_on DATE",
        "sold_by VARCHAR",
    ):
        op.execute(f"ALTER TABLE filing ADD COLUMN {column}")
    _partial("ix_dispute_case_keeper_id", "dispute_case", ["keeper_id", "due_at", "id"], "keeper_id IS NOT NULL")
    _partial("ix_dispute_case_sent_back", "dispute_case", ["authority_id", "closed_at", "id"], "state = 'sent_back'")
    _partial("ix_filing_parted_from_id", "filing", ["parted_from_id"], "parted_from_id IS NOT NULL")
    _partial("ix_filing_changed", "filing", ["case_id", "changed_at"], "changed_at IS NOT NULL")


def downgrade() -> None:
    for index in ("ix_filing_changed", "ix_filing_parted_from_id"):
        op.drop_index(index, "filing")
    for index in ("ix_dispute_case_sent_back", "ix_dispute_case_keeper_id"):
        op.drop_index(index, "dispute_case")
    for table, columns in (("filing", FILING), ("dispute_case", CASE)):
        for column in columns:
            op.execute(f"ALTER TABLE {table} DROP COLUMN {column}")
    op.execute("DELETE FROM legal_limit WHERE unit = 'count'")
    for table, name, before, after in _growth():
        _replace_check(table, name, after, before)


def _growth() -> tuple[tuple[str, str, str, str], ...]:
    """Each CHECK that grows: table, name, the words before and after."""
    return (
        ("dispute_case", "casestate", _among("state", CASE_STATES), _among("state", (*CASE_STATES, *PUT_ASIDE))),
        (
            "dispute_case",
            "merchant_once_dispatched",
            f"({_among('state', NO_MERCHANT)}) OR merchant_id IS NOT NULL",
            f"({_among('state', (*NO_MERCHANT, *PUT_ASIDE))}) OR merchant_id IS NOT NULL",
        ),
        (
            "filing",
            "adminstate",
            _among("admin_state", ADMIN_STATES),
            _among("admin_state", (*ADMIN_STATES, "sent_back")),
        ),
        ("legal_limit", "unit", _among("unit", UNITS), _among("unit", (*UNITS, "count"))),
    )


def _among(column: str, values: tuple[str, ...]) -> str:
    return f"{column} IN ({', '.join(repr(value) for value in values)})"


def _replace_check(table: str, name: str, before: str, after: str) -> None:
    constraint = f"ck_{table}_{name}"
    connection = op.get_bind()
    if connection.dialect.name == "postgresql":
        op.execute(f"ALTER TABLE {table} DROP CONSTRAINT {constraint}")
        op.execute(f"ALTER TABLE {table} ADD CONSTRAINT {constraint} CHECK ({after})")
        return
    said = connection.execute(
        sa.text("SELECT sql FROM sqlite_schema WHERE name = :table"), {"table": table}
    ).scalar_one()
    old, new = f"CONSTRAINT {constraint} CHECK ({before})", f"CONSTRAINT {constraint} CHECK ({after})"
    if said.count(old) != 1:
        raise RuntimeError(f"{constraint} does not stand as expected in {table}")
    version = connection.execute(sa.text("PRAGMA schema_version")).scalar_one()
    op.execute("PRAGMA writable_schema=ON")
    connection.execute(
        sa.text("UPDATE sqlite_schema SET sql = :sql WHERE type = 'table' AND name = :table"),
        {"sql": said.replace(old, new), "table": table},
    )
    op.execute(f"PRAGMA schema_version={version + 1}")
    op.execute("PRAGMA writable_schema=RESET")  # turns it off and reads the tables' texts again


def _partial(name: str, table: str, columns: list[str], where: str) -> None:
    op.create_index(name, table, columns, postgresql_where=sa.text(where), sqlite_where=sa.text(where))
