"""Complaints from the green channel."""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "filing_consent",
        sa.Column("filing_id", BIG, nullable=False),
        sa.Column(
            "kind",
            sa.Enum("settle", "share", "publish", name="consentkind", native_enum=False, length=60),
            nullable=False,
        ),
        sa.Column("given", sa.Boolean(), nullable=False),
        sa.Column("words", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", BIG, nullable=False),
        sa.ForeignKeyConstraint(["filing_id"], ["filing.id"], name=op.f("fk_filing_consent_filing_id_filing")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_filing_consent")),
    )
    op.create_index("uq_filing_consent_kind", "filing_consent", ["filing_id", "kind"], unique=True)
    op.create_table(
        "green_draft",
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("merchant_id", BIG, nullable=False),
        sa.Column("key_id", BIG, nullable=False),
        sa.Column("said_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("phone_index", sa.LargeBinary(length=16), nullable=True),
        sa.Column("proved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("apart", sa.Boolean(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("touched_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("filed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("case_id", BIG, nullable=True),
        sa.Column("filing_id", BIG, nullable=True),
        sa.Column("id", BIG, nullable=False),
        sa.CheckConstraint("(filed_at IS NULL) = (case_id IS NULL)", name=op.f("ck_green_draft_case_iff_filed")),
        sa.CheckConstraint("(filed_at IS NULL) = (filing_id IS NULL)", name=op.f("ck_green_draft_filing_iff_filed")),
        sa.ForeignKeyConstraint(["case_id"], ["dispute_case.id"], name=op.f("fk_green_draft_case_id_dispute_case")),
        sa.ForeignKeyConstraint(["filing_id"], ["filing.id"], name=op.f("fk_green_draft_filing_id_filing")),
        sa.ForeignKeyConstraint(["key_id"], ["data_key.id"], name=op.f("fk_green_draft_key_id_data_key")),
        sa.ForeignKeyConstraint(["merchant_id"], ["merchant.id"], name=op.f("fk_green_draft_merchant_id_merchant")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_green_draft")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_green_draft_token_hash")),
    )
    op.create_index(
        "ix_green_draft_case_id",
        "green_draft",
        ["case_id"],
        unique=False,
        postgresql_where=sa.text("case_id IS NOT NULL"),
        sqlite_where=sa.text("case_id IS NOT NULL"),
    )
    op.create_index(
        "ix_green_draft_filing_id",
        "green_draft",
        ["filing_id"],
        unique=False,
        postgresql_where=sa.text("filing_id IS NOT NULL"),
        sqlite_where=sa.text("filing_id IS NOT NULL"),
    )
    op.create_index("ix_green_draft_key_id", "green_draft", ["key_id"], unique=False)
    op.create_index("ix_green_draft_merchant_id", "green_draft", ["merchant_id"], unique=False)
    op.create_index("ix_green_draft_touched_at", "green_draft", ["touched_at"], unique=False)
    op.create_table(
        "green_file",
        sa.Column("reference", sa.String(), nullable=False),
        sa.Column("draft_id", BIG, nullable=False),
        sa.Column("media_type", sa.String(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("name_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("original_file", sa.String(), nullable=False),
        sa.Column("shown_file", sa.String(), nullable=True),
        sa.Column("thumbnail_file", sa.String(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", BIG, nullable=False),
        sa.ForeignKeyConstraint(["draft_id"], ["green_draft.id"], name=op.f("fk_green_file_draft_id_green_draft")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_green_file")),
        sa.UniqueConstraint("reference", name=op.f("uq_green_file_reference")),
    )
    op.create_index("uq_green_file_content", "green_file", ["draft_id", "digest"], unique=True)

    guard_consents()
    bind_codes_to_phones()


def downgrade() -> None:
    with op.batch_alter_table("phone_code") as table:
        table.drop_index("ix_phone_code_bound_to")
        table.drop_index("ix_phone_code_phone")
    op.execute("UPDATE message SET code_id = NULL WHERE code_id IN (SELECT id FROM phone_code WHERE link_id IS NULL)")
    op.execute("DELETE FROM phone_code WHERE link_id IS NULL")
    with op.batch_alter_table("phone_code") as table:
        table.drop_column("phone_index")
        table.alter_column("link_id", existing_type=BIG, nullable=False)
    op.drop_index("uq_green_file_content", table_name="green_file")
    op.drop_table("green_file")
    op.drop_index("ix_green_draft_touched_at", table_name="green_draft")
    op.drop_index("ix_green_draft_merchant_id", table_name="green_draft")
    op.drop_index("ix_green_draft_key_id", table_name="green_draft")
    op.drop_index(
        "ix_green_draft_filing_id",
        table_name="green_draft",
        postgresql_where=sa.text("filing_id IS NOT NULL"),
        sqlite_where=sa.text("filing_id IS NOT NULL"),
    )
    op.drop_index(
        "ix_green_draft_case_id",
        table_name="green_draft",
        postgresql_where=sa.text("case_id IS NOT NULL"),
        sqlite_where=sa.text("case_id IS NOT NULL"),
    )
    op.drop_table("green_draft")
    op.drop_index("uq_filing_consent_kind", table_name="filing_consent")
    op.drop_table("filing_consent")


def guard_consents() -> None:
    """What was consented to is never changed (as 0007 guards facts)."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "CREATE TRIGGER filing_consent_append_only BEFORE UPDATE OR DELETE ON filing_consent "
            "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
        )
        return
    for word in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER filing_consent_no_{word.lower()} BEFORE {word} ON filing_consent "
            f"BEGIN SELECT RAISE(ABORT, 'append-only: {word} on filing_consent'); END"
        )


def bind_codes_to_phones() -> None:
    """A number is proved before there is a case, and so before there is a link."""
    op.add_column("phone_code", sa.Column("phone_index", sa.LargeBinary(16)))
    with op.batch_alter_table("phone_code") as table:
        table.alter_column("link_id", existing_type=BIG, nullable=True)
    op.create_index(
        "ix_phone_code_phone",
        "phone_code",
        ["phone_index", "sent_at"],
        postgresql_where=sa.text("phone_index IS NOT NULL"),
        sqlite_where=sa.text("phone_index IS NOT NULL"),
    )
    op.create_index(
        "ix_phone_code_bound_to",
        "phone_code",
        ["bound_to"],
        postgresql_where=sa.text("link_id IS NULL"),
        sqlite_where=sa.text("link_id IS NULL"),
    )
