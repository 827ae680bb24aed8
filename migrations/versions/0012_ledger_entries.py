"""Labels, month totals and search of ledger entries.

Beside them what lets a row be sent twice, links of returns to complaints, and imports of sheets.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
MOMENT = sa.DateTime(timezone=True)
KIND = sa.String(60)
SEARCH = "ledger_search"
TABLES = ("ledger_row_token", "ledger_label_claim", "ledger_return_link", "ledger_month_total", "ledger_import")


def upgrade() -> None:
    _tokens()
    _labels()
    _links()
    _totals()
    _imports()
    if op.get_bind().dialect.name == "postgresql":
        op.execute(f"CREATE TABLE {SEARCH} (id BIGINT PRIMARY KEY, grams TSVECTOR NOT NULL)")
        op.execute(f"CREATE INDEX ix_{SEARCH}_grams ON {SEARCH} USING gin (grams)")
    else:
        op.execute(f"CREATE VIRTUAL TABLE {SEARCH} USING fts5(scopes, grams, tokenize = 'unicode61')")


def downgrade() -> None:
    op.drop_table(SEARCH)
    for table in reversed(TABLES):
        op.drop_table(table)


def _key(table: str, column: str, other: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{other}.id"], name=op.f(f"fk_{table}_{column}_{other}"))


def _tokens() -> None:
    op.create_table(
        "ledger_row_token",
        sa.Column("ledger_id", BIG, nullable=False),
        sa.Column("token", sa.String(), nullable=False),
        sa.Column("entry_id", BIG, nullable=False),
        sa.Column("id", BIG, nullable=False),
        _key("ledger_row_token", "ledger_id", "ledger"),
        _key("ledger_row_token", "entry_id", "ledger_entry"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_row_token")),
    )
    op.create_index("uq_ledger_row_token", "ledger_row_token", ["ledger_id", "token"], unique=True)
    op.create_index("ix_ledger_row_token_entry_id", "ledger_row_token", ["entry_id"])


def _labels() -> None:
    op.create_table(
        "ledger_label_claim",
        sa.Column("ledger_id", BIG, nullable=False),
        sa.Column("place", BIG, nullable=False),
        sa.Column("label", sa.String(), nullable=False),
        sa.Column("entry_id", BIG, nullable=False),
        sa.Column("id", BIG, nullable=False),
        _key("ledger_label_claim", "ledger_id", "ledger"),
        _key("ledger_label_claim", "entry_id", "ledger_entry"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_label_claim")),
    )
    op.create_index("uq_ledger_label_claim", "ledger_label_claim", ["ledger_id", "place", "label"], unique=True)
    op.create_index("uq_ledger_label_claim_entry", "ledger_label_claim", ["entry_id"], unique=True)


def _links() -> None:
    op.create_table(
        "ledger_return_link",
        sa.Column("entry_id", BIG, nullable=False),
        sa.Column("complaint_id", BIG, nullable=False),
        sa.Column("id", BIG, nullable=False),
        _key("ledger_return_link", "entry_id", "ledger_entry"),
        _key("ledger_return_link", "complaint_id", "ledger_entry"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_return_link")),
    )
    op.create_index("uq_ledger_return_link_entry", "ledger_return_link", ["entry_id"], unique=True)
    op.create_index("ix_ledger_return_link_complaint_id", "ledger_return_link", ["complaint_id", "entry_id"])


def _totals() -> None:
    op.create_table(
        "ledger_month_total",
        sa.Column("ledger_id", BIG, nullable=False),
        sa.Column("kind", KIND, nullable=False),
        sa.Column("month_on", sa.Date(), nullable=False),
        sa.Column("entries", sa.Integer(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("id", BIG, nullable=False),
        _key("ledger_month_total", "ledger_id", "ledger"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_month_total")),
    )
    op.create_index("uq_ledger_month_total", "ledger_month_total", ["ledger_id", "kind", "month_on"], unique=True)


def _imports() -> None:
    op.create_table(
        "ledger_import",
        sa.Column("reference", sa.String(), nullable=False),
        sa.Column("ledger_id", BIG, nullable=False),
        sa.Column("merchant_id", BIG, nullable=False),
        sa.Column("kind", KIND, nullable=False),
        sa.Column("person_id", BIG, nullable=True),
        sa.Column("person_name", sa.String(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("file_name", sa.String(), nullable=False),
        sa.Column("key_id", BIG, nullable=False),
        sa.Column("raw_file", sa.String(), nullable=True),
        sa.Column(
            "state",
            sa.Enum(
                "queued",
                "running",
                "done",
                "failed",
                name="sheetstate",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        *(
            sa.Column(name, sa.Integer(), nullable=False)
            for name in ("total_rows", "next_row", "entered", "repeated", "refused")
        ),
        sa.Column("problems", JSON, nullable=False),
        sa.Column("problem", sa.String(), nullable=True),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("ended_at", MOMENT, nullable=True),
        sa.Column("id", BIG, nullable=False),
        sa.CheckConstraint(
            "(state IN ('done', 'failed')) = (ended_at IS NOT NULL)", name=op.f("ck_ledger_import_ended_at_iff_ended")
        ),
        _key("ledger_import", "ledger_id", "ledger"),
        _key("ledger_import", "key_id", "data_key"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_import")),
        sa.UniqueConstraint("reference", name=op.f("uq_ledger_import_reference")),
    )
    op.create_index("uq_ledger_import_file", "ledger_import", ["ledger_id", "kind", "digest"], unique=True)
    op.create_index("ix_ledger_import_ledger", "ledger_import", ["ledger_id", "id"])
    op.create_index("ix_ledger_import_key_id", "ledger_import", ["key_id"])
    condition = sa.text("state IN ('queued', 'running')")
    op.create_index(
        "ix_ledger_import_unfinished", "ledger_import", ["id"], postgresql_where=condition, sqlite_where=condition
    )
