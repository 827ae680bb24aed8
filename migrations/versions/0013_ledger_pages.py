"""What the pages of the ledgers keep and look up by: drafts, verifications asked for, releases of reads, indexes.

A release is evidence: the triggers of 0007 refuse to change or delete it.
"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
RELEASES = "ledger_read_release"
INDEXES = (  # each book newest first; labels exactly
    ("ix_ledger_entry_returns", "seq", "disposition IS NOT NULL"),
    ("ix_ledger_entry_complaints", "seq", "disposition IS NULL"),
    ("ix_ledger_entry_ledger_label", "label_number", "label_number IS NOT NULL"),
)


def upgrade() -> None:
    op.create_table(
        "ledger_draft",
        sa.Column("person_id", BIG, nullable=False),
        sa.Column("merchant_id", BIG, nullable=False),
        sa.Column(
            "book",
            sa.Enum("complaints", "returns", name="book", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("key_id", BIG, nullable=False),
        sa.Column("rows_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("kept_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", BIG, nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_ledger_draft_person_id_person")),
        sa.ForeignKeyConstraint(["merchant_id"], ["merchant.id"], name=op.f("fk_ledger_draft_merchant_id_merchant")),
        sa.ForeignKeyConstraint(["key_id"], ["data_key.id"], name=op.f("fk_ledger_draft_key_id_data_key")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_draft")),
    )
    op.create_index("uq_ledger_draft_of_person", "ledger_draft", ["person_id", "merchant_id", "book"], unique=True)
    op.create_index("ix_ledger_draft_merchant_id", "ledger_draft", ["merchant_id"])
    op.create_index("ix_ledger_draft_key_id", "ledger_draft", ["key_id"])
    op.create_index("ix_ledger_draft_kept_at", "ledger_draft", ["kept_at"])
    _create_checks()
    _create_releases()
    _index_entries()


def downgrade() -> None:
    for name, _, _ in INDEXES:
        op.drop_index(name, table_name="ledger_entry")
    if op.get_bind().dialect.name == "postgresql":
        op.execute(f"DROP TRIGGER {RELEASES}_append_only ON {RELEASES}")
    op.drop_table(RELEASES)  # SQLite drops a table's triggers with it
    op.drop_table("ledger_check")
    op.drop_table("ledger_draft")


def _create_checks() -> None:
    op.create_table(
        "ledger_check",
        sa.Column("reference", sa.String(), nullable=False),
        sa.Column("merchant_id", BIG, nullable=False),
        sa.Column("organisation_id", BIG, nullable=True),
        sa.Column("asked_by", sa.String(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "queued", "running", "done", "failed",
                name="checkstate", native_enum=False, create_constraint=True, length=40,
            ),
            nullable=False,
        ),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("entries", sa.Integer(), nullable=False),
        sa.Column("ok", sa.Boolean(), nullable=True),
        sa.Column("root", sa.LargeBinary(length=32), nullable=True),
        sa.Column("checkpoints", sa.Integer(), nullable=False),
        sa.Column("first_bad", sa.Integer(), nullable=True),
        sa.Column("bad_after", sa.Integer(), nullable=True),
        sa.Column("problem", sa.String(), nullable=True),
        sa.Column("id", BIG, nullable=False),
        sa.CheckConstraint("(state = 'done') = (ok IS NOT NULL)", name=op.f("ck_ledger_check_ok_iff_done")),
        sa.CheckConstraint("entries >= 0 AND total >= 0", name=op.f("ck_ledger_check_counts_not_negative")),
        sa.ForeignKeyConstraint(["merchant_id"], ["merchant.id"], name=op.f("fk_ledger_check_merchant_id_merchant")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_check")),
        sa.UniqueConstraint("reference", name=op.f("uq_ledger_check_reference")),
    )  # fmt: skip
    op.create_index("ix_ledger_check_merchant", "ledger_check", ["merchant_id", "id"])
    op.create_index("ix_ledger_check_state", "ledger_check", ["state", "id"])


def _create_releases() -> None:
    op.create_table(
        RELEASES,
        sa.Column("access_record_id", BIG, nullable=False),
        sa.Column("authority_id", BIG, nullable=False),
        sa.Column("released_by", sa.String(), nullable=False),
        sa.Column("person_id", BIG, nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", BIG, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{RELEASES}")),
        sa.UniqueConstraint("access_record_id", name=op.f(f"uq_{RELEASES}_access_record_id")),
    )
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            f"CREATE TRIGGER {RELEASES}_append_only BEFORE UPDATE OR DELETE ON {RELEASES} "
            "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
        )
        return
    for word in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER {RELEASES}_no_{word.lower()} BEFORE {word} ON {RELEASES} "
            f"BEGIN SELECT RAISE(ABORT, 'append-only: {word} on {RELEASES}'); END"
        )


def _index_entries() -> None:
    for name, column, condition in INDEXES:
        op.create_index(
            name,
            "ledger_entry",
            ["ledger_id", column],
            postgresql_where=sa.text(condition),
            sqlite_where=sa.text(condition),
        )
