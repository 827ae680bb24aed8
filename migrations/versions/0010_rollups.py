"""Counts that boards read, kept as deltas.

What each case adds, changes not yet folded, totals by day, standings of merchants, and what the last recount found.
The tables are filled by the first tick.
"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TABLES = ("tally_state", "merchant_standing", "tally", "tally_delta", "case_tally")


def upgrade() -> None:
    _case_tally()
    for table in ("tally_delta", "tally"):
        merchant = [sa.Column("merchant_id", BIG, nullable=True)] if table == "tally_delta" else []
        op.create_table(
            table,
            sa.Column("authority_id", BIG, nullable=False),
            *merchant,
            sa.Column("measure", sa.String(), nullable=False),
            sa.Column("day_on", sa.Date(), nullable=False),
            sa.Column("cases", sa.Integer(), nullable=False),
            sa.Column("met", sa.Integer(), nullable=False),
            sa.Column("fen", sa.BigInteger(), nullable=False),
            sa.Column("id", BIG, nullable=False),
            sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
        )
    op.create_index("ix_tally_delta_cell", "tally_delta", ["authority_id", "measure", "day_on"])
    op.create_index("uq_tally_cell", "tally", ["authority_id", "measure", "day_on"], unique=True)
    op.create_table(
        "merchant_standing",
        sa.Column("authority_id", BIG, nullable=False),
        sa.Column("merchant_id", BIG, nullable=False),
        sa.Column("period", sa.String(), nullable=False),
        sa.Column("cases", sa.Integer(), nullable=False),
        sa.Column("met", sa.Integer(), nullable=False),
        sa.Column("lower_bound", sa.BigInteger(), nullable=False),
        sa.Column("id", BIG, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_merchant_standing")),
    )
    op.create_index(
        "ix_merchant_standing_rank", "merchant_standing", ["authority_id", "period", "lower_bound", "merchant_id"]
    )
    op.create_index("ix_merchant_standing_merchant_id", "merchant_standing", ["merchant_id"])
    op.create_table(
        "tally_state",
        sa.Column("standings_on", sa.Date(), nullable=True),
        sa.Column("recounted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("checked", sa.Integer(), nullable=False),
        sa.Column("corrected", sa.Integer(), nullable=False),
        sa.Column("corrected_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", BIG, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tally_state")),
    )


def _case_tally() -> None:
    op.create_table(
        "case_tally",
        sa.Column("id", BIG, autoincrement=False, nullable=False),
        sa.Column("authority_id", BIG, nullable=False),
        sa.Column("merchant_id", BIG, nullable=True),
        sa.Column("on_time_on", sa.Date(), nullable=True),
        sa.Column("on_time_met", sa.Boolean(), nullable=False),
        sa.Column("settled_on", sa.Date(), nullable=True),
        sa.Column("settled_met", sa.Boolean(), nullable=False),
        sa.Column("performed_on", sa.Date(), nullable=True),
        sa.Column("performed_met", sa.Boolean(), nullable=False),
        sa.Column("contacted_on", sa.Date(), nullable=True),
        sa.Column("contacted_met", sa.Boolean(), nullable=False),
        sa.Column("failed_on", sa.Date(), nullable=True),
        sa.Column("cause", sa.String(), nullable=True),
        sa.Column("standing", sa.String(), nullable=True),
        sa.Column("owed", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["id"], ["dispute_case.id"], name=op.f("fk_case_tally_id_dispute_case")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_tally")),
    )
    op.create_index(
        "ix_case_tally_merchant", "case_tally", ["merchant_id", "on_time_on", "authority_id", "on_time_met"]
    )
    op.create_index("ix_case_tally_on_time", "case_tally", ["on_time_on", "authority_id", "merchant_id", "on_time_met"])


def downgrade() -> None:
    for table in TABLES:
        op.drop_table(table)
