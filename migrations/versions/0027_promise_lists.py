"""Readings of directory lists of promises; the authority's roll in the order of its newest."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
JSONS = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
STATES = ("queued", "running", "done", "failed")
UNFINISHED = sa.text("state IN ('queued', 'running')")


def upgrade() -> None:
    op.create_table(
        "promise_list_run",
        sa.Column("reference", sa.String(), nullable=False),
        sa.Column("authority_id", BIG, nullable=False),
        sa.Column("person_id", BIG, nullable=False),
        sa.Column("person_name", sa.String(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("file_name", sa.String(), nullable=False),
        sa.Column("key_id", BIG, nullable=False),
        sa.Column("raw_file", sa.String(), nullable=True),
        sa.Column(
            "state",
            sa.Enum(*STATES, name="liststate", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("total_rows", sa.Integer(), nullable=False),
        sa.Column("next_portion", sa.Integer(), nullable=False),
        sa.Column("read", sa.Integer(), nullable=False),
        sa.Column("made", sa.Integer(), nullable=False),
        sa.Column("changed", sa.Integer(), nullable=False),
        sa.Column("unchanged", sa.Integer(), nullable=False),
        sa.Column("problems", JSONS, nullable=False),
        sa.Column("problem", sa.String(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", BIG, nullable=False),
        sa.CheckConstraint(
            "(state IN ('done', 'failed')) = (ended_at IS NOT NULL)",
            name=op.f("ck_promise_list_run_ended_at_iff_ended"),
        ),
        sa.ForeignKeyConstraint(
            ["authority_id"], ["organisation.id"], name=op.f("fk_promise_list_run_authority_id_organisation")
        ),
        sa.ForeignKeyConstraint(["key_id"], ["data_key.id"], name=op.f("fk_promise_list_run_key_id_data_key")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_promise_list_run")),
        sa.UniqueConstraint("reference", name=op.f("uq_promise_list_run_reference")),
    )
    op.create_index("uq_promise_list_run_file", "promise_list_run", ["authority_id", "digest"], unique=True)
    op.create_index("ix_promise_list_run_authority", "promise_list_run", ["authority_id", "id"])
    op.create_index("ix_promise_list_run_key_id", "promise_list_run", ["key_id"])
    op.create_index(
        "ix_promise_list_run_unfinished",
        "promise_list_run",
        ["id"],
        postgresql_where=UNFINISHED,
        sqlite_where=UNFINISHED,
    )
    op.create_index("ix_promise_version_newest", "promise_version", ["state", "id"])


def downgrade() -> None:
    op.drop_index("ix_promise_version_newest", table_name="promise_version")
    op.drop_table("promise_list_run")
