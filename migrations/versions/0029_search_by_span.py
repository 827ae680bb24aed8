"""Search from span to span of keys: on PostgreSQL the scopes of each row are written with the spans it lies in.

See `portal.core.search`; the spans stand here as they were that day. About a minute a million rows.
"""

from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None

SEARCH = ("case_search", "tip_search", "ledger_search")
SPANS = "('a', 's', 12), ('a', 'm', 16), ('a', 'l', 20), ('m', 'm', 16), ('m', 'l', 20)"
SPANNED = f"""
    SELECT ts_delete(grams, scopes.old) || scopes.new FROM (
        SELECT
            coalesce(array_agg(DISTINCT lexeme), '{{}}') AS old,
            CAST(coalesce(
                string_agg(quote_literal(lexeme || '.' || letter || (found.id >> bits)), ' '), ''
            ) AS tsvector) AS new
        FROM unnest(grams) JOIN (VALUES {SPANS}) AS span (kind, letter, bits) ON kind = left(lexeme, 1)
        WHERE positions IS NULL AND lexeme ~ '^[am][0-9]+$'
    ) AS scopes
"""
PLAIN = r"""
    SELECT ts_delete(grams, scopes.old) || scopes.new FROM (
        SELECT
            coalesce(array_agg(lexeme), '{}') AS old,
            CAST(coalesce(
                string_agg(DISTINCT quote_literal(split_part(lexeme, '.', 1)), ' '), ''
            ) AS tsvector) AS new
        FROM unnest(grams) WHERE positions IS NULL AND lexeme ~ '^[am][0-9]+\.[sml][0-9]+$'
    ) AS scopes
"""


def upgrade() -> None:
    _rewrite(SPANNED)


def downgrade() -> None:
    _rewrite(PLAIN)


def _rewrite(grams: str) -> None:
    """Fill new tables in the order of their keys: changed in place, each row would leave a dead one of a kilobyte."""
    if op.get_bind().dialect.name != "postgresql":
        return
    op.execute("SET LOCAL statement_timeout = 0")  # rows and index of a large house take longer than a minute
    for table in SEARCH:
        op.execute(f"ALTER TABLE {table} RENAME TO {table}_before")
        op.execute(f"ALTER INDEX {table}_pkey RENAME TO {table}_before_pkey")
        op.execute(f"DROP INDEX ix_{table}_grams")
        op.execute(f"CREATE TABLE {table} (id BIGINT PRIMARY KEY, grams TSVECTOR NOT NULL)")
        op.execute(f"INSERT INTO {table} SELECT id, ({grams}) FROM {table}_before AS found ORDER BY id")
        op.execute(f"DROP TABLE {table}_before")
        op.execute(f"CREATE INDEX ix_{table}_grams ON {table} USING gin (grams)")
        op.execute(f"ANALYZE {table}")
