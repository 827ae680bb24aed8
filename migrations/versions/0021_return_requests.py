"""Consumers' return requests, and short messages about no case."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("message", sa.Column("path_sealed", sa.LargeBinary()))


def downgrade() -> None:
    op.drop_column("message", "path_sealed")
