"""Problem goods: testing, take-down, notices to every merchant of the area."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "problem_goods",
        sa.Column("reference", sa.String(), nullable=False),
        sa.Column("authority_id", BIG, nullable=False),
        sa.Column("merchant_id", BIG, nullable=True),
        sa.Column("key_id", BIG, nullable=False),
        sa.Column(
            "source",
            sa.Enum(
                "return",
                "self_check",
                "supplier",
                "inspection",
                name="source",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column(
            "state",
            sa.Enum(
                "registered",
                "testing",
                "passed",
                "defective",
                "removed",
                "notified",
                "closed",
                "cancelled",
                name="goodsstate",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("entry_seq", sa.Integer(), nullable=True),
        sa.Column("goods", sa.String(), nullable=False),
        sa.Column("brand", sa.String(), nullable=False),
        sa.Column("model", sa.String(), nullable=False),
        sa.Column("batch", sa.String(), nullable=False),
        sa.Column("barcode", sa.String(), nullable=False),
        sa.Column("supplier", sa.String(), nullable=False),
        sa.Column("problem", sa.String(), nullable=False),
        sa.Column("on_hand", sa.Integer(), nullable=False),
        sa.Column("laboratory", sa.String(), nullable=True),
        sa.Column("sent_on", sa.Date(), nullable=True),
        sa.Column("tested_on", sa.Date(), nullable=True),
        sa.Column("report_number", sa.String(), nullable=True),
        sa.Column("finding", sa.String(), nullable=True),
        sa.Column("report_address", sa.String(), nullable=True),
        sa.Column("report_type", sa.String(), nullable=True),
        sa.Column("removed_on", sa.Date(), nullable=True),
        sa.Column("removed_quantity", sa.Integer(), nullable=True),
        sa.Column(
            "disposal",
            sa.Enum(
                "to_supplier",
                "to_producer",
                "sealed",
                "destroyed",
                name="disposal",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=True,
        ),
        sa.Column("reported_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("registered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("close_reason", sa.String(), nullable=True),
        sa.Column("id", BIG, nullable=False),
        sa.CheckConstraint(
            "(closed_at IS NOT NULL) = (state = 'closed')", name=op.f("ck_problem_goods_closed_at_iff_closed")
        ),
        sa.CheckConstraint(
            "(removed_on IS NULL) = (removed_quantity IS NULL)", name=op.f("ck_problem_goods_removed_whole")
        ),
        sa.CheckConstraint("on_hand >= 0", name=op.f("ck_problem_goods_on_hand_not_negative")),
        sa.CheckConstraint(
            "removed_quantity IS NULL OR removed_quantity >= 0", name=op.f("ck_problem_goods_removed_not_negative")
        ),
        sa.ForeignKeyConstraint(
            ["authority_id"], ["organisation.id"], name=op.f("fk_problem_goods_authority_id_organisation")
        ),
        sa.ForeignKeyConstraint(["key_id"], ["data_key.id"], name=op.f("fk_problem_goods_key_id_data_key")),
        sa.ForeignKeyConstraint(["merchant_id"], ["merchant.id"], name=op.f("fk_problem_goods_merchant_id_merchant")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_problem_goods")),
        sa.UniqueConstraint("reference", name=op.f("uq_problem_goods_reference")),
    )
    op.create_index("ix_problem_goods_authority", "problem_goods", ["authority_id", "state", "id"], unique=False)
    op.create_index("ix_problem_goods_key_id", "problem_goods", ["key_id"], unique=False)
    op.create_index("ix_problem_goods_merchant", "problem_goods", ["merchant_id", "id"], unique=False)
    op.create_table(
        "recall_notice",
        sa.Column("goods_id", BIG, nullable=False),
        sa.Column("authority_id", BIG, nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("answer_by", sa.DateTime(timezone=True), nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("issuer_name", sa.String(), nullable=False),
        sa.Column("chased_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("chases", sa.Integer(), nullable=False),
        sa.Column("asked", sa.Integer(), nullable=False),
        sa.Column("answered", sa.Integer(), nullable=False),
        sa.Column("pieces", sa.Integer(), nullable=False),
        sa.Column("id", BIG, nullable=False),
        sa.CheckConstraint("answered <= asked", name=op.f("ck_recall_notice_answered_of_asked")),
        sa.ForeignKeyConstraint(
            ["authority_id"], ["organisation.id"], name=op.f("fk_recall_notice_authority_id_organisation")
        ),
        sa.ForeignKeyConstraint(
            ["goods_id"], ["problem_goods.id"], name=op.f("fk_recall_notice_goods_id_problem_goods")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recall_notice")),
        sa.UniqueConstraint("goods_id", name=op.f("uq_recall_notice_goods_id")),
    )
    op.create_index("ix_recall_notice_answer_by", "recall_notice", ["answer_by"], unique=False)
    op.create_index("ix_recall_notice_authority_id", "recall_notice", ["authority_id"], unique=False)
    op.create_table(
        "recall_answer",
        sa.Column("notice_id", BIG, nullable=False),
        sa.Column("merchant_id", BIG, nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("author_name", sa.String(), nullable=True),
        sa.Column("quantity", sa.Integer(), nullable=True),
        sa.Column("removed_on", sa.Date(), nullable=True),
        sa.Column(
            "disposal",
            sa.Enum(
                "to_supplier",
                "to_producer",
                "sealed",
                "destroyed",
                name="disposal",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=True,
        ),
        sa.Column("remark", sa.String(), nullable=True),
        sa.Column("id", BIG, nullable=False),
        sa.CheckConstraint(
            "(answered_at IS NULL) = (quantity IS NULL)", name=op.f("ck_recall_answer_quantity_iff_answered")
        ),
        sa.CheckConstraint("quantity IS NULL OR quantity >= 0", name=op.f("ck_recall_answer_quantity_not_negative")),
        sa.ForeignKeyConstraint(["merchant_id"], ["merchant.id"], name=op.f("fk_recall_answer_merchant_id_merchant")),
        sa.ForeignKeyConstraint(
            ["notice_id"], ["recall_notice.id"], name=op.f("fk_recall_answer_notice_id_recall_notice")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recall_answer")),
    )
    op.create_index("ix_recall_answer_merchant", "recall_answer", ["merchant_id", "answered_at", "id"], unique=False)
    op.create_index("uq_recall_answer_once", "recall_answer", ["notice_id", "merchant_id"], unique=True)


def downgrade() -> None:
    op.drop_index("uq_recall_answer_once", table_name="recall_answer")
    op.drop_index("ix_recall_answer_merchant", table_name="recall_answer")
    op.drop_table("recall_answer")
    op.drop_index("ix_recall_notice_authority_id", table_name="recall_notice")
    op.drop_index("ix_recall_notice_answer_by", table_name="recall_notice")
    op.drop_table("recall_notice")
    op.drop_index("ix_problem_goods_merchant", table_name="problem_goods")
    op.drop_index("ix_problem_goods_key_id", table_name="problem_goods")
    op.drop_index("ix_problem_goods_authority", table_name="problem_goods")
    op.drop_table("problem_goods")
