"""Cases that wait for the consumer's choice, by authority: the officer's lists count them on every page."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

CHOOSING = sa.text("state = 'failed' AND channel = 'green' AND closed_at IS NULL")


def upgrade() -> None:
    op.create_index(
        "ix_dispute_case_choosing",
        "dispute_case",
        ["authority_id", "id"],
        postgresql_where=CHOOSING,
        sqlite_where=CHOOSING,
    )


def downgrade() -> None:
    op.drop_index("ix_dispute_case_choosing", table_name="dispute_case")
