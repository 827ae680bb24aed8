"""Inspection records of ledgers."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "inspection",
        sa.Column("reference", sa.String(), nullable=False),
        sa.Column("merchant_id", BIG, nullable=False),
        sa.Column("authority_id", BIG, nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "recorded",
                "confirmed",
                "rectified",
                "closed",
                name="inspectionstate",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column(
            "manner",
            sa.Enum(
                "on_site", "online", "unannounced", name="manner", native_enum=False, create_constraint=True, length=40
            ),
            nullable=False,
        ),
        sa.Column("inspected_on", sa.Date(), nullable=False),
        sa.Column("period_first", sa.Date(), nullable=False),
        sa.Column("period_last", sa.Date(), nullable=False),
        sa.Column("sample", sa.Integer(), nullable=False),
        sa.Column("officer", sa.String(), nullable=False),
        sa.Column("second_officer", sa.String(), nullable=False),
        sa.Column("findings", sa.Integer(), nullable=False),
        sa.Column("rectify_on", sa.Date(), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("confirmed_by", sa.String(), nullable=True),
        sa.Column("objection", sa.String(), nullable=True),
        sa.Column("rectified_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("rectification", sa.String(), nullable=True),
        sa.Column("rechecked_on", sa.Date(), nullable=True),
        sa.Column("recheck", sa.String(), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", BIG, nullable=False),
        sa.CheckConstraint(
            "(closed_at IS NOT NULL) = (state = 'closed')", name=op.f("ck_inspection_closed_at_iff_closed")
        ),
        sa.CheckConstraint("period_first <= period_last", name=op.f("ck_inspection_period_ordered")),
        sa.CheckConstraint("sample > 0", name=op.f("ck_inspection_sample_positive")),
        sa.ForeignKeyConstraint(
            ["authority_id"], ["organisation.id"], name=op.f("fk_inspection_authority_id_organisation")
        ),
        sa.ForeignKeyConstraint(["merchant_id"], ["merchant.id"], name=op.f("fk_inspection_merchant_id_merchant")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inspection")),
        sa.UniqueConstraint("reference", name=op.f("uq_inspection_reference")),
    )
    op.create_index("ix_inspection_authority", "inspection", ["authority_id", "state", "id"], unique=False)
    op.create_index("ix_inspection_merchant", "inspection", ["merchant_id", "id"], unique=False)
    op.create_table(
        "inspection_finding",
        sa.Column("inspection_id", BIG, nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "missing",
                "late",
                "incomplete",
                "untrue",
                "disposition",
                "label",
                "altered",
                "other",
                name="findingkind",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("seq", sa.Integer(), nullable=True),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("id", BIG, nullable=False),
        sa.ForeignKeyConstraint(
            ["inspection_id"], ["inspection.id"], name=op.f("fk_inspection_finding_inspection_id_inspection")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inspection_finding")),
    )
    op.create_index("ix_inspection_finding_inspection_id", "inspection_finding", ["inspection_id", "id"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_inspection_finding_inspection_id", table_name="inspection_finding")
    op.drop_table("inspection_finding")
    op.drop_index("ix_inspection_merchant", table_name="inspection")
    op.drop_index("ix_inspection_authority", table_name="inspection")
    op.drop_table("inspection")
