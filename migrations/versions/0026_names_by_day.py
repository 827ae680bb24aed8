"""Complaints of one name by their day: hints look at a span of days, and a common name has thousands."""

from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_index("ix_dispute_case_name", table_name="dispute_case")
    op.create_index("ix_dispute_case_name", "dispute_case", ["name_index", "registered_at"])


def downgrade() -> None:
    op.drop_index("ix_dispute_case_name", table_name="dispute_case")
    op.create_index("ix_dispute_case_name", "dispute_case", ["name_index", "merchant_id"])
