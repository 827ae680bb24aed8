"""Consumers' return requests, and short messages about no case."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
JSONS = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    op.add_column("message", sa.Column("path_sealed", sa.LargeBinary()))
    op.create_table(
        "return_draft",
        sa.Column("token_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("merchant_id", BIG, nullable=False),
        sa.Column("key_id", BIG, nullable=False),
        sa.Column("typed_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("kept_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", BIG, nullable=False),
        sa.ForeignKeyConstraint(["key_id"], ["data_key.id"], name=op.f("fk_return_draft_key_id_data_key")),
        sa.ForeignKeyConstraint(["merchant_id"], ["merchant.id"], name=op.f("fk_return_draft_merchant_id_merchant")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_return_draft")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_return_draft_token_hash")),
    )
    op.create_index("ix_return_draft_kept_at", "return_draft", ["kept_at", "id"], unique=False)
    op.create_index("ix_return_draft_key_id", "return_draft", ["key_id"], unique=False)
    op.create_index("ix_return_draft_merchant_id", "return_draft", ["merchant_id"], unique=False)
    op.create_table(
        "return_request",
        sa.Column("reference", sa.String(), nullable=False),
        sa.Column("merchant_id", BIG, nullable=False),
        sa.Column("authority_id", BIG, nullable=False),
        sa.Column("version_id", BIG, nullable=True),
        sa.Column("key_id", BIG, nullable=False),
        sa.Column("token_hash", sa.LargeBinary(length=32), nullable=True),
        sa.Column("token_sealed", sa.LargeBinary(), nullable=True),
        sa.Column(
            "state",
            sa.Enum(
                "asked",
                "agreed",
                "received",
                "refunded",
                "exchanged",
                "refused",
                "withdrawn",
                "lapsed",
                name="returnstate",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column(
            "way",
            sa.Enum("offline", "online", name="way", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("purchased_on", sa.Date(), nullable=False),
        sa.Column("received_on", sa.Date(), nullable=True),
        sa.Column("outlet_id", BIG, nullable=True),
        sa.Column("category", sa.String(), nullable=False),
        sa.Column("goods", sa.String(), nullable=False),
        sa.Column("price", sa.BigInteger(), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("name_mask", sa.String(), nullable=False),
        sa.Column("phone_mask", sa.String(), nullable=False),
        sa.Column("name_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("phone_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("phone_index", sa.LargeBinary(length=16), nullable=True),
        sa.Column("reason_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("verdict", sa.String(), nullable=False),
        sa.Column("sentences", JSONS, nullable=False),
        sa.Column("last_on", sa.Date(), nullable=True),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answer_by", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answer_name", sa.String(), nullable=True),
        sa.Column("answer_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("agreed_refund", sa.BigInteger(), nullable=True),
        sa.Column(
            "ground",
            sa.Enum(
                "exclusion", "condition", "outside", name="ground", native_enum=False, create_constraint=True, length=40
            ),
            nullable=True,
        ),
        sa.Column("exclusion_id", BIG, nullable=True),
        sa.Column("goods_back_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("condition", sa.String(), nullable=True),
        sa.Column("pay_by", sa.DateTime(timezone=True), nullable=True),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("refund", sa.BigInteger(), nullable=True),
        sa.Column("entry_seq", sa.Integer(), nullable=True),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("denied_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lapses_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("warned_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "breach",
            sa.Enum(
                "refused",
                "unanswered",
                "unpaid",
                "denied",
                name="breach",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=True,
        ),
        sa.Column("breach_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "finding",
            sa.Enum("broken", "kept", name="finding", native_enum=False, create_constraint=True, length=40),
            nullable=True,
        ),
        sa.Column("found_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("found_name", sa.String(), nullable=True),
        sa.Column("found_words", sa.String(), nullable=True),
        sa.Column("erased_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", BIG, nullable=False),
        sa.CheckConstraint(
            "state != 'refunded' OR refund IS NOT NULL", name=op.f("ck_return_request_refunded_says_how_much")
        ),
        sa.CheckConstraint("state != 'refused' OR ground IS NOT NULL", name=op.f("ck_return_request_refused_says_why")),
        sa.CheckConstraint(
            "(breach IS NULL) = (breach_at IS NULL)", name=op.f("ck_return_request_breach_at_iff_breach")
        ),
        sa.CheckConstraint(
            "(finding IS NULL) = (found_at IS NULL)", name=op.f("ck_return_request_found_at_iff_finding")
        ),
        sa.CheckConstraint("price > 0", name=op.f("ck_return_request_price_positive")),
        sa.CheckConstraint("quantity > 0", name=op.f("ck_return_request_quantity_positive")),
        sa.ForeignKeyConstraint(
            ["authority_id"], ["organisation.id"], name=op.f("fk_return_request_authority_id_organisation")
        ),
        sa.ForeignKeyConstraint(
            ["exclusion_id"], ["promise_exclusion.id"], name=op.f("fk_return_request_exclusion_id_promise_exclusion")
        ),
        sa.ForeignKeyConstraint(["key_id"], ["data_key.id"], name=op.f("fk_return_request_key_id_data_key")),
        sa.ForeignKeyConstraint(["merchant_id"], ["merchant.id"], name=op.f("fk_return_request_merchant_id_merchant")),
        sa.ForeignKeyConstraint(["outlet_id"], ["outlet.id"], name=op.f("fk_return_request_outlet_id_outlet")),
        sa.ForeignKeyConstraint(
            ["version_id"], ["promise_version.id"], name=op.f("fk_return_request_version_id_promise_version")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_return_request")),
        sa.UniqueConstraint("reference", name=op.f("uq_return_request_reference")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_return_request_token_hash")),
    )
    op.create_index("ix_return_request_asked_at", "return_request", ["authority_id", "asked_at"], unique=False)
    op.create_index("ix_return_request_authority_id", "return_request", ["authority_id", "breach", "id"], unique=False)
    op.create_index("ix_return_request_closed_at", "return_request", ["closed_at", "id"], unique=False)
    op.create_index("ix_return_request_exclusion_id", "return_request", ["exclusion_id"], unique=False)
    op.create_index("ix_return_request_key_id", "return_request", ["key_id"], unique=False)
    op.create_index("ix_return_request_merchant_id", "return_request", ["merchant_id", "state", "id"], unique=False)
    op.create_index("ix_return_request_next_at", "return_request", ["next_at", "id"], unique=False)
    op.create_index("ix_return_request_outlet_id", "return_request", ["outlet_id"], unique=False)
    op.create_index("ix_return_request_phone_index", "return_request", ["merchant_id", "phone_index"], unique=False)
    op.create_index("ix_return_request_version_id", "return_request", ["version_id"], unique=False)
    op.create_table(
        "return_file",
        sa.Column("reference", sa.String(), nullable=False),
        sa.Column("request_id", BIG, nullable=True),
        sa.Column("draft_id", BIG, nullable=True),
        sa.Column("media_type", sa.String(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("name_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("original", sa.String(), nullable=False),
        sa.Column("shown", sa.String(), nullable=True),
        sa.Column("thumbnail", sa.String(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", BIG, nullable=False),
        sa.CheckConstraint("(request_id IS NULL) != (draft_id IS NULL)", name=op.f("ck_return_file_of_one")),
        sa.ForeignKeyConstraint(["draft_id"], ["return_draft.id"], name=op.f("fk_return_file_draft_id_return_draft")),
        sa.ForeignKeyConstraint(
            ["request_id"], ["return_request.id"], name=op.f("fk_return_file_request_id_return_request")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_return_file")),
        sa.UniqueConstraint("reference", name=op.f("uq_return_file_reference")),
    )
    op.create_index("ix_return_file_draft_id", "return_file", ["draft_id", "id"], unique=False)
    op.create_index("ix_return_file_request_id", "return_file", ["request_id", "id"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_return_file_request_id", table_name="return_file")
    op.drop_index("ix_return_file_draft_id", table_name="return_file")
    op.drop_table("return_file")
    op.drop_index("ix_return_request_version_id", table_name="return_request")
    op.drop_index("ix_return_request_phone_index", table_name="return_request")
    op.drop_index("ix_return_request_outlet_id", table_name="return_request")
    op.drop_index("ix_return_request_next_at", table_name="return_request")
    op.drop_index("ix_return_request_merchant_id", table_name="return_request")
    op.drop_index("ix_return_request_key_id", table_name="return_request")
    op.drop_index("ix_return_request_exclusion_id", table_name="return_request")
    op.drop_index("ix_return_request_closed_at", table_name="return_request")
    op.drop_index("ix_return_request_authority_id", table_name="return_request")
    op.drop_index("ix_return_request_asked_at", table_name="return_request")
    op.drop_table("return_request")
    op.drop_index("ix_return_draft_merchant_id", table_name="return_draft")
    op.drop_index("ix_return_draft_key_id", table_name="return_draft")
    op.drop_index("ix_return_draft_kept_at", table_name="return_draft")
    op.drop_table("return_draft")
    op.drop_column("message", "path_sealed")
