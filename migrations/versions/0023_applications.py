"""Applications for enrolment, and what a merchant keeps current of itself."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
JSONS = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    op.add_column("merchant", sa.Column("licence_until_on", sa.Date()))
    op.add_column("merchant", sa.Column("licence_warned_on", sa.Date()))
    op.add_column("merchant", sa.Column("data_confirmed_at", sa.DateTime(timezone=True)))
    op.add_column("merchant", sa.Column("data_warned_at", sa.DateTime(timezone=True)))
    op.create_table(
        "enrolment_application",
        sa.Column("reference", sa.String(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(length=32), nullable=True),
        sa.Column("token_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("key_id", BIG, nullable=False),
        sa.Column("authority_id", BIG, nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "draft",
                "submitted",
                "asked",
                "admitted",
                "refused",
                "withdrawn",
                "lapsed",
                name="applicationstate",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("normalised_name", sa.String(), nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("phone", sa.String(), nullable=False),
        sa.Column("tier", sa.String(), nullable=False),
        sa.Column("licence_until_on", sa.Date(), nullable=True),
        sa.Column("licence_open_ended", sa.Boolean(), nullable=False),
        sa.Column("outlets", JSONS, nullable=False),
        sa.Column("conditions", JSONS, nullable=False),
        sa.Column("contact_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("phone_index", sa.LargeBinary(length=16), nullable=False),
        sa.Column("phone_mask", sa.String(), nullable=False),
        sa.Column("accounts_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("review_by", sa.DateTime(timezone=True), nullable=True),
        sa.Column("concluded_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decider", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("merchant_id", BIG, nullable=True),
        sa.Column("erased_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("invite_hash", sa.LargeBinary(length=32), nullable=True),
        sa.Column("invite_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("invite_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("activated_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", BIG, nullable=False),
        sa.CheckConstraint(
            "(state = 'admitted') = (merchant_id IS NOT NULL)",
            name=op.f("ck_enrolment_application_merchant_iff_admitted"),
        ),
        sa.ForeignKeyConstraint(
            ["authority_id"], ["organisation.id"], name=op.f("fk_enrolment_application_authority_id_organisation")
        ),
        sa.ForeignKeyConstraint(["key_id"], ["data_key.id"], name=op.f("fk_enrolment_application_key_id_data_key")),
        sa.ForeignKeyConstraint(
            ["merchant_id"], ["merchant.id"], name=op.f("fk_enrolment_application_merchant_id_merchant")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_enrolment_application")),
        sa.UniqueConstraint("invite_hash", name=op.f("uq_enrolment_application_invite_hash")),
        sa.UniqueConstraint("reference", name=op.f("uq_enrolment_application_reference")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_enrolment_application_token_hash")),
    )
    op.create_index(
        "ix_enrolment_application_authority", "enrolment_application", ["authority_id", "state", "id"], unique=False
    )
    op.create_index(op.f("ix_enrolment_application_code"), "enrolment_application", ["code"], unique=False)
    op.create_index("ix_enrolment_application_key_id", "enrolment_application", ["key_id"], unique=False)
    op.create_index("ix_enrolment_application_merchant_id", "enrolment_application", ["merchant_id"], unique=False)
    op.create_index(
        op.f("ix_enrolment_application_normalised_name"), "enrolment_application", ["normalised_name"], unique=False
    )
    op.create_index(
        "ix_enrolment_application_phone", "enrolment_application", ["phone_index", "created_at"], unique=False
    )
    op.create_index("ix_enrolment_application_state", "enrolment_application", ["state", "changed_at"], unique=False)
    op.create_index(
        "uq_enrolment_application_under_review",
        "enrolment_application",
        ["code"],
        unique=True,
        postgresql_where=sa.text("state IN ('submitted', 'asked')"),
        sqlite_where=sa.text("state IN ('submitted', 'asked')"),
    )
    op.create_table(
        "merchant_proposal",
        sa.Column("merchant_id", BIG, nullable=False),
        sa.Column("reference", sa.String(), nullable=False),
        sa.Column("changes", JSONS, nullable=False),
        sa.Column("note", sa.String(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "waiting",
                "approved",
                "rejected",
                "withdrawn",
                name="proposalstate",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("proposer", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decider", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("id", BIG, nullable=False),
        sa.ForeignKeyConstraint(
            ["merchant_id"], ["merchant.id"], name=op.f("fk_merchant_proposal_merchant_id_merchant")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_merchant_proposal")),
        sa.UniqueConstraint("reference", name=op.f("uq_merchant_proposal_reference")),
    )
    op.create_index("ix_merchant_proposal_merchant_id", "merchant_proposal", ["merchant_id", "id"], unique=False)
    op.create_index(
        "uq_merchant_proposal_waiting",
        "merchant_proposal",
        ["merchant_id"],
        unique=True,
        postgresql_where=sa.text("state = 'waiting'"),
        sqlite_where=sa.text("state = 'waiting'"),
    )
    op.create_table(
        "enrolment_page",
        sa.Column("application_id", BIG, nullable=False),
        sa.Column("reference", sa.String(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "form",
                "promise",
                "licence",
                "work",
                name="documentkind",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("media_type", sa.String(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("name_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("original", sa.String(), nullable=False),
        sa.Column("shown", sa.String(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", BIG, nullable=False),
        sa.ForeignKeyConstraint(
            ["application_id"],
            ["enrolment_application.id"],
            name=op.f("fk_enrolment_page_application_id_enrolment_application"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_enrolment_page")),
        sa.UniqueConstraint("reference", name=op.f("uq_enrolment_page_reference")),
    )
    op.create_index("uq_enrolment_page_digest", "enrolment_page", ["application_id", "kind", "digest"], unique=True)
    op.create_table(
        "enrolment_request",
        sa.Column("application_id", BIG, nullable=False),
        sa.Column("parts", JSONS, nullable=False),
        sa.Column("words", sa.String(), nullable=False),
        sa.Column("reply_on", sa.Date(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("officer", sa.String(), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answer", sa.String(), nullable=False),
        sa.Column("id", BIG, nullable=False),
        sa.ForeignKeyConstraint(
            ["application_id"],
            ["enrolment_application.id"],
            name=op.f("fk_enrolment_request_application_id_enrolment_application"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_enrolment_request")),
    )
    op.create_index("ix_enrolment_request_application_id", "enrolment_request", ["application_id", "id"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_enrolment_request_application_id", table_name="enrolment_request")
    op.drop_table("enrolment_request")
    op.drop_index("uq_enrolment_page_digest", table_name="enrolment_page")
    op.drop_table("enrolment_page")
    op.drop_index(
        "uq_merchant_proposal_waiting",
        table_name="merchant_proposal",
        postgresql_where=sa.text("state = 'waiting'"),
        sqlite_where=sa.text("state = 'waiting'"),
    )
    op.drop_index("ix_merchant_proposal_merchant_id", table_name="merchant_proposal")
    op.drop_table("merchant_proposal")
    op.drop_index(
        "uq_enrolment_application_under_review",
        table_name="enrolment_application",
        postgresql_where=sa.text("state IN ('submitted', 'asked')"),
        sqlite_where=sa.text("state IN ('submitted', 'asked')"),
    )
    op.drop_index("ix_enrolment_application_state", table_name="enrolment_application")
    op.drop_index("ix_enrolment_application_phone", table_name="enrolment_application")
    op.drop_index(op.f("ix_enrolment_application_normalised_name"), table_name="enrolment_application")
    op.drop_index("ix_enrolment_application_merchant_id", table_name="enrolment_application")
    op.drop_index("ix_enrolment_application_key_id", table_name="enrolment_application")
    op.drop_index(op.f("ix_enrolment_application_code"), table_name="enrolment_application")
    op.drop_index("ix_enrolment_application_authority", table_name="enrolment_application")
    op.drop_table("enrolment_application")
    for column in ("data_warned_at", "data_confirmed_at", "licence_warned_on", "licence_until_on"):
        op.drop_column("merchant", column)
