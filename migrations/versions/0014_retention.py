"""Legal holds, disposal lists and their approvals."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "disposal_list",
        sa.Column("reference", sa.String(), nullable=False),
        sa.Column("ledger_id", BIG, nullable=False),
        sa.Column("cutoff", sa.Date(), nullable=False),
        sa.Column("entries", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "drawn",
                "approved",
                "done",
                "rejected",
                name="liststate",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("drawn_by", sa.String(), nullable=False),
        sa.Column("drawn_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("merchant_person_id", BIG, nullable=True),
        sa.Column("merchant_name", sa.String(), nullable=True),
        sa.Column("merchant_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("authority_person_id", BIG, nullable=True),
        sa.Column("authority_name", sa.String(), nullable=True),
        sa.Column("authority_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("rejected_by", sa.String(), nullable=True),
        sa.Column("reject_reason", sa.String(), nullable=True),
        sa.Column("erased", sa.Integer(), nullable=False),
        sa.Column("held_back", sa.Integer(), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("disposal_seq", sa.Integer(), nullable=True),
        sa.Column("id", BIG, nullable=False),
        sa.CheckConstraint("(done_at IS NOT NULL) = (state = 'done')", name=op.f("ck_disposal_list_done_at_iff_done")),
        sa.CheckConstraint(
            "state NOT IN ('approved', 'done') OR (merchant_person_id IS NOT NULL AND authority_person_id IS NOT NULL AND merchant_person_id <> authority_person_id)",
            name=op.f("ck_disposal_list_two_people"),
        ),
        sa.CheckConstraint("entries > 0", name=op.f("ck_disposal_list_not_empty")),
        sa.ForeignKeyConstraint(["ledger_id"], ["ledger.id"], name=op.f("fk_disposal_list_ledger_id_ledger")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_disposal_list")),
        sa.UniqueConstraint("reference", name=op.f("uq_disposal_list_reference")),
    )
    op.create_index("ix_disposal_list_ledger_id", "disposal_list", ["ledger_id", "id"], unique=False)
    op.create_index("ix_disposal_list_state", "disposal_list", ["state", "id"], unique=False)
    op.create_table(
        "retention_due",
        sa.Column("ledger_id", BIG, nullable=False),
        sa.Column("entries", sa.Integer(), nullable=False),
        sa.Column("cutoff", sa.Date(), nullable=False),
        sa.Column("counted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", BIG, nullable=False),
        sa.ForeignKeyConstraint(["ledger_id"], ["ledger.id"], name=op.f("fk_retention_due_ledger_id_ledger")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_retention_due")),
        sa.UniqueConstraint("ledger_id", name=op.f("uq_retention_due_ledger_id")),
    )
    op.create_table(
        "disposal_item",
        sa.Column("list_id", BIG, nullable=False),
        sa.Column("entry_id", BIG, nullable=False),
        sa.Column("handled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", BIG, nullable=False),
        sa.ForeignKeyConstraint(["entry_id"], ["ledger_entry.id"], name=op.f("fk_disposal_item_entry_id_ledger_entry")),
        sa.ForeignKeyConstraint(["list_id"], ["disposal_list.id"], name=op.f("fk_disposal_item_list_id_disposal_list")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_disposal_item")),
    )
    op.create_index("ix_disposal_item_entry_id", "disposal_item", ["entry_id"], unique=False)
    op.create_index("uq_disposal_item_once", "disposal_item", ["list_id", "entry_id"], unique=True)
    op.create_table(
        "legal_hold",
        sa.Column("reference", sa.String(), nullable=False),
        sa.Column("ledger_id", BIG, nullable=False),
        sa.Column("entry_id", BIG, nullable=True),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("placed_by", sa.String(), nullable=False),
        sa.Column("placed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("released_by", sa.String(), nullable=True),
        sa.Column("released_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", BIG, nullable=False),
        sa.ForeignKeyConstraint(["entry_id"], ["ledger_entry.id"], name=op.f("fk_legal_hold_entry_id_ledger_entry")),
        sa.ForeignKeyConstraint(["ledger_id"], ["ledger.id"], name=op.f("fk_legal_hold_ledger_id_ledger")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_legal_hold")),
        sa.UniqueConstraint("reference", name=op.f("uq_legal_hold_reference")),
    )
    op.create_index("ix_legal_hold_entry_id", "legal_hold", ["entry_id"], unique=False)
    op.create_index("ix_legal_hold_ledger_id", "legal_hold", ["ledger_id", "released_at"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_legal_hold_ledger_id", table_name="legal_hold")
    op.drop_index("ix_legal_hold_entry_id", table_name="legal_hold")
    op.drop_table("legal_hold")
    op.drop_index("uq_disposal_item_once", table_name="disposal_item")
    op.drop_index("ix_disposal_item_entry_id", table_name="disposal_item")
    op.drop_table("disposal_item")
    op.drop_table("retention_due")
    op.drop_index("ix_disposal_list_state", table_name="disposal_list")
    op.drop_index("ix_disposal_list_ledger_id", table_name="disposal_list")
    op.drop_table("disposal_list")
