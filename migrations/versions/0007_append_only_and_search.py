"""Append-only tables and search.

Evidence is never changed: triggers refuse UPDATE and DELETE on both databases. The search tables differ between the
databases and are therefore made here by hand.
"""

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

APPEND_ONLY = ("fact", "access_record", "case_note")
SEARCH = ("case_search", "tip_search")


def upgrade() -> None:
    postgresql = op.get_bind().dialect.name == "postgresql"
    if postgresql:
        op.execute(
            "CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN RAISE EXCEPTION 'append-only: % on %', TG_OP, TG_TABLE_NAME; END $$"
        )
    for table in APPEND_ONLY:
        for statement in _guards(table, postgresql=postgresql):
            op.execute(statement)
    for table in SEARCH:
        for statement in _search(table, postgresql=postgresql):
            op.execute(statement)


def downgrade() -> None:
    postgresql = op.get_bind().dialect.name == "postgresql"
    for table in SEARCH:
        op.execute(f"DROP TABLE {table}")
    for table in APPEND_ONLY:
        if postgresql:
            op.execute(f"DROP TRIGGER {table}_append_only ON {table}")
        else:
            op.execute(f"DROP TRIGGER {table}_no_update")
            op.execute(f"DROP TRIGGER {table}_no_delete")
    if postgresql:
        op.execute("DROP FUNCTION refuse_change()")


def _guards(table: str, *, postgresql: bool) -> list[str]:
    if postgresql:
        return [
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION refuse_change()"
        ]
    return [
        f"CREATE TRIGGER {table}_no_{word.lower()} BEFORE {word} ON {table} "
        f"BEGIN SELECT RAISE(ABORT, 'append-only: {word} on {table}'); END"
        for word in ("UPDATE", "DELETE")
    ]


def _search(table: str, *, postgresql: bool) -> list[str]:
    if postgresql:
        return [
            f"CREATE TABLE {table} (id BIGINT PRIMARY KEY, grams TSVECTOR NOT NULL)",
            f"CREATE INDEX ix_{table}_grams ON {table} USING gin (grams)",
        ]
    return [f"CREATE VIRTUAL TABLE {table} USING fts5(scopes, grams, tokenize = 'unicode61')"]
