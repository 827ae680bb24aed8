"""The name of each merchant's public page."""

import base64
import hashlib

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("merchant", sa.Column("slug", sa.String()))
    name_merchants(op.get_bind())
    with op.batch_alter_table("merchant") as table:
        table.alter_column("slug", existing_type=sa.String(), nullable=False)
        table.create_unique_constraint("uq_merchant_slug", ["slug"])


def downgrade() -> None:
    with op.batch_alter_table("merchant") as table:
        table.drop_constraint("uq_merchant_slug", type_="unique")
        table.drop_column("slug")


def name_merchants(connection: sa.Connection) -> None:
    """As `enrolment.rules.slug_of` names them, here as it stood when this revision was written."""
    codes = connection.execute(
        sa.text(
            "SELECT merchant.id, organisation.code FROM merchant JOIN organisation ON organisation.id = merchant.id"
        )
    ).all()
    for merchant_id, code in codes:
        digest = hashlib.sha256(f"public page of {code}".encode()).digest()
        slug = base64.b32encode(digest)[:12].decode().lower()
        connection.execute(
            sa.text("UPDATE merchant SET slug = :slug WHERE id = :id"), {"slug": slug, "id": merchant_id}
        )
