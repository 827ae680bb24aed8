"""The public list of promises, its search, and what consumers tell about a promise."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


SEARCH = "promise_search"


def upgrade() -> None:
    op.create_table(
        "promise_listing_tally",
        sa.Column("area", sa.String(), nullable=False),
        sa.Column("category", sa.String(), nullable=False),
        sa.Column("band", sa.String(), nullable=False),
        sa.Column("city", sa.String(), nullable=False),
        sa.Column("district", sa.String(), nullable=False),
        sa.Column("shops", sa.Integer(), nullable=False),
        sa.Column("id", BIG, nullable=False),
        sa.CheckConstraint("shops >= 0", name=op.f("ck_promise_listing_tally_shops_not_negative")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_promise_listing_tally")),
    )
    op.create_index("ix_promise_listing_tally_category", "promise_listing_tally", ["category", "area"], unique=False)
    op.create_index("uq_promise_listing_tally_cell", "promise_listing_tally", ["area", "category", "band"], unique=True)
    op.create_table(
        "promise_feedback",
        sa.Column("reference", sa.String(), nullable=False),
        sa.Column("promisor_id", BIG, nullable=False),
        sa.Column("authority_id", BIG, nullable=False),
        sa.Column(
            "state",
            sa.Enum("waiting", "handled", name="feedbackstate", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column(
            "reason",
            sa.Enum(
                "refused",
                "slow",
                "not_shown",
                "extra",
                "not_there",
                "praise",
                "other",
                name="feedbackreason",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("place", sa.String(), nullable=False),
        sa.Column("happened_on", sa.Date(), nullable=True),
        sa.Column("key_id", BIG, nullable=False),
        sa.Column("text_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("phone_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("result_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("given_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("handled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("handled_by", sa.String(), nullable=True),
        sa.Column("passed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", BIG, nullable=False),
        sa.CheckConstraint(
            "(state = 'handled') = (handled_at IS NOT NULL)", name=op.f("ck_promise_feedback_handled_at_iff_handled")
        ),
        sa.CheckConstraint(
            "passed_at IS NULL OR handled_at IS NOT NULL", name=op.f("ck_promise_feedback_passed_on_when_handled")
        ),
        sa.ForeignKeyConstraint(
            ["authority_id"], ["organisation.id"], name=op.f("fk_promise_feedback_authority_id_organisation")
        ),
        sa.ForeignKeyConstraint(["key_id"], ["data_key.id"], name=op.f("fk_promise_feedback_key_id_data_key")),
        sa.ForeignKeyConstraint(
            ["promisor_id"], ["promisor.id"], name=op.f("fk_promise_feedback_promisor_id_promisor")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_promise_feedback")),
        sa.UniqueConstraint("reference", name=op.f("uq_promise_feedback_reference")),
    )
    op.create_index(
        "ix_promise_feedback_authority_id", "promise_feedback", ["authority_id", "state", "id"], unique=False
    )
    op.create_index("ix_promise_feedback_key_id", "promise_feedback", ["key_id"], unique=False)
    op.create_index("ix_promise_feedback_promisor_id", "promise_feedback", ["promisor_id", "id"], unique=False)
    op.create_table(
        "promise_listing",
        sa.Column("promisor_id", BIG, nullable=False),
        sa.Column("version_id", BIG, nullable=False),
        sa.Column("slug", sa.String(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("registered", sa.String(), nullable=False),
        sa.Column("enrolled", sa.Boolean(), nullable=False),
        sa.Column("shop", sa.String(), nullable=False),
        sa.Column("platform", sa.String(), nullable=False),
        sa.Column("url", sa.String(), nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("area", sa.String(), nullable=False),
        sa.Column("city", sa.String(), nullable=False),
        sa.Column("district", sa.String(), nullable=False),
        sa.Column(
            "way",
            sa.Enum("offline", "online", name="way", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.Column("classes", sa.String(), nullable=False),
        sa.Column("goods", sa.String(), nullable=False),
        sa.Column("excluded", sa.String(), nullable=False),
        sa.Column(
            "freight",
            sa.Enum(
                "consumer", "merchant", "in_shop", name="freight", native_enum=False, create_constraint=True, length=40
            ),
            nullable=False,
        ),
        sa.Column("since_on", sa.Date(), nullable=True),
        sa.Column("expires_on", sa.Date(), nullable=True),
        sa.Column("listed_on", sa.Date(), nullable=False),
        sa.Column("id", BIG, nullable=False),
        sa.CheckConstraint("days > 0", name=op.f("ck_promise_listing_days_positive")),
        sa.ForeignKeyConstraint(["promisor_id"], ["promisor.id"], name=op.f("fk_promise_listing_promisor_id_promisor")),
        sa.ForeignKeyConstraint(
            ["version_id"], ["promise_version.id"], name=op.f("fk_promise_listing_version_id_promise_version")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_promise_listing")),
    )
    op.create_index("ix_promise_listing_promisor_id", "promise_listing", ["promisor_id", "id"], unique=False)
    op.create_index("ix_promise_listing_version_id", "promise_listing", ["version_id"], unique=False)
    op.create_table(
        "promise_listing_spot",
        sa.Column("listing_id", BIG, nullable=False),
        sa.Column("spot", sa.String(), nullable=False),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.Column("shop", sa.String(), nullable=False),
        sa.Column("id", BIG, nullable=False),
        sa.ForeignKeyConstraint(
            ["listing_id"], ["promise_listing.id"], name=op.f("fk_promise_listing_spot_listing_id_promise_listing")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_promise_listing_spot")),
    )
    op.create_index(
        "ix_promise_listing_spot_days", "promise_listing_spot", ["spot", "days", "listing_id"], unique=False
    )
    op.create_index("ix_promise_listing_spot_listing_id", "promise_listing_spot", ["listing_id"], unique=False)
    op.create_index(
        "ix_promise_listing_spot_newest", "promise_listing_spot", ["spot", "listing_id", "days"], unique=False
    )
    op.create_index(
        "ix_promise_listing_spot_shop", "promise_listing_spot", ["spot", "shop", "listing_id", "days"], unique=False
    )
    if op.get_bind().dialect.name == "postgresql":
        op.execute(f"CREATE TABLE {SEARCH} (id BIGINT PRIMARY KEY, grams TSVECTOR NOT NULL)")
        op.execute(f"CREATE INDEX ix_{SEARCH}_grams ON {SEARCH} USING gin (grams)")
    else:
        op.execute(f"CREATE VIRTUAL TABLE {SEARCH} USING fts5(scopes, grams, tokenize = 'unicode61')")


def downgrade() -> None:
    op.drop_table(SEARCH)
    op.drop_index("ix_promise_listing_spot_shop", table_name="promise_listing_spot")
    op.drop_index("ix_promise_listing_spot_newest", table_name="promise_listing_spot")
    op.drop_index("ix_promise_listing_spot_listing_id", table_name="promise_listing_spot")
    op.drop_index("ix_promise_listing_spot_days", table_name="promise_listing_spot")
    op.drop_table("promise_listing_spot")
    op.drop_index("ix_promise_listing_version_id", table_name="promise_listing")
    op.drop_index("ix_promise_listing_promisor_id", table_name="promise_listing")
    op.drop_table("promise_listing")
    op.drop_index("ix_promise_feedback_promisor_id", table_name="promise_feedback")
    op.drop_index("ix_promise_feedback_key_id", table_name="promise_feedback")
    op.drop_index("ix_promise_feedback_authority_id", table_name="promise_feedback")
    op.drop_table("promise_feedback")
    op.drop_index("uq_promise_listing_tally_cell", table_name="promise_listing_tally")
    op.drop_index("ix_promise_listing_tally_category", table_name="promise_listing_tally")
    op.drop_table("promise_listing_tally")
