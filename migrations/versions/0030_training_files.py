"""Files that a training hands out, each sealed under a key of its own."""

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "training_file",
        sa.Column("reference", sa.String(), nullable=False),
        sa.Column("training_id", BIG, nullable=False),
        sa.Column("key_id", BIG, nullable=False),
        sa.Column("media_type", sa.String(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("name_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", BIG, nullable=False),
        sa.ForeignKeyConstraint(["training_id"], ["training.id"], name=op.f("fk_training_file_training_id_training")),
        sa.ForeignKeyConstraint(["key_id"], ["data_key.id"], name=op.f("fk_training_file_key_id_data_key")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_training_file")),
        sa.UniqueConstraint("reference", name=op.f("uq_training_file_reference")),
    )
    op.create_index("ix_training_file_training_id", "training_file", ["training_id", "id"], unique=False)
    op.create_index("ix_training_file_key_id", "training_file", ["key_id"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_training_file_key_id", table_name="training_file")
    op.drop_index("ix_training_file_training_id", table_name="training_file")
    op.drop_table("training_file")
