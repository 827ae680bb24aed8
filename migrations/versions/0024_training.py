"""Trainings with who was invited and came, and the practice tenant with its invented cases."""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    with op.batch_alter_table("merchant") as table:
        table.add_column(sa.Column("practice_of_id", BIG, nullable=True))
        table.create_foreign_key("fk_merchant_practice_of_id_merchant", "merchant", ["practice_of_id"], ["id"])
        table.create_unique_constraint("uq_merchant_practice_of_id", ["practice_of_id"])
    op.create_table(
        "training",
        sa.Column("reference", sa.String(), nullable=False),
        sa.Column("authority_id", BIG, nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("held_on", sa.Date(), nullable=False),
        sa.Column("hours", sa.Integer(), nullable=False),
        sa.Column(
            "mode",
            sa.Enum("onsite", "online", "both", name="mode", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("place", sa.String(), nullable=False),
        sa.Column("lecturers", sa.String(), nullable=False),
        sa.Column("topics", sa.String(), nullable=False),
        sa.Column("materials", sa.String(), nullable=False),
        sa.Column(
            "scope",
            sa.Enum("all", "tier", "chosen", name="scope", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("tier", sa.String(), nullable=False),
        sa.Column("invited", sa.Integer(), nullable=False),
        sa.Column("attended", sa.Integer(), nullable=False),
        sa.Column("people", sa.Integer(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("author_name", sa.String(), nullable=False),
        sa.Column("cancelled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cancel_reason", sa.String(), nullable=True),
        sa.Column("id", BIG, nullable=False),
        sa.CheckConstraint("attended <= invited", name=op.f("ck_training_attended_of_invited")),
        sa.CheckConstraint("hours > 0", name=op.f("ck_training_hours_positive")),
        sa.ForeignKeyConstraint(
            ["authority_id"], ["organisation.id"], name=op.f("fk_training_authority_id_organisation")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_training")),
        sa.UniqueConstraint("reference", name=op.f("uq_training_reference")),
    )
    op.create_index("ix_training_authority_held", "training", ["authority_id", "held_on", "id"], unique=False)
    op.create_table(
        "training_invitation",
        sa.Column("training_id", BIG, nullable=False),
        sa.Column("merchant_id", BIG, nullable=False),
        sa.Column(
            "standing",
            sa.Enum(
                "unknown", "attended", "absent", name="standing", native_enum=False, create_constraint=True, length=40
            ),
            nullable=False,
        ),
        sa.Column("others", sa.Integer(), nullable=False),
        sa.Column("people", sa.Integer(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("recorded_by", sa.String(), nullable=True),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("confirmed_by", sa.String(), nullable=True),
        sa.Column("id", BIG, nullable=False),
        sa.CheckConstraint(
            "(confirmed_at IS NULL) = (confirmed_by IS NULL)", name=op.f("ck_training_invitation_confirmed_whole")
        ),
        sa.CheckConstraint("others >= 0", name=op.f("ck_training_invitation_others_not_negative")),
        sa.ForeignKeyConstraint(
            ["merchant_id"], ["merchant.id"], name=op.f("fk_training_invitation_merchant_id_merchant")
        ),
        sa.ForeignKeyConstraint(
            ["training_id"], ["training.id"], name=op.f("fk_training_invitation_training_id_training")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_training_invitation")),
    )
    op.create_index(
        "ix_training_invitation_merchant", "training_invitation", ["merchant_id", "standing", "id"], unique=False
    )
    op.create_index("uq_training_invitation_once", "training_invitation", ["training_id", "merchant_id"], unique=True)
    op.create_table(
        "training_attendee",
        sa.Column("invitation_id", BIG, nullable=False),
        sa.Column("person_id", BIG, nullable=False),
        sa.Column("id", BIG, nullable=False),
        sa.ForeignKeyConstraint(
            ["invitation_id"],
            ["training_invitation.id"],
            name=op.f("fk_training_attendee_invitation_id_training_invitation"),
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_training_attendee_person_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_training_attendee")),
    )
    op.create_index("ix_training_attendee_person_id", "training_attendee", ["person_id"], unique=False)
    op.create_index("uq_training_attendee_once", "training_attendee", ["invitation_id", "person_id"], unique=True)
    op.create_table(
        "practice_case",
        sa.Column("case_id", BIG, nullable=False),
        sa.Column("merchant_id", BIG, nullable=False),
        sa.Column("person_id", BIG, nullable=False),
        sa.Column("plot", sa.String(), nullable=False),
        sa.Column("contact_by", sa.DateTime(timezone=True), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", BIG, nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["dispute_case.id"], name=op.f("fk_practice_case_case_id_dispute_case")),
        sa.ForeignKeyConstraint(["merchant_id"], ["merchant.id"], name=op.f("fk_practice_case_merchant_id_merchant")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_practice_case_person_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_practice_case")),
        sa.UniqueConstraint("case_id", name=op.f("uq_practice_case_case_id")),
    )
    op.create_index(op.f("ix_practice_case_merchant_id"), "practice_case", ["merchant_id"], unique=False)
    op.create_index(
        "ix_practice_case_person", "practice_case", ["person_id", "merchant_id", "ended_at", "id"], unique=False
    )


def downgrade() -> None:
    op.drop_index("ix_practice_case_person", table_name="practice_case")
    op.drop_index(op.f("ix_practice_case_merchant_id"), table_name="practice_case")
    op.drop_table("practice_case")
    op.drop_index("uq_training_attendee_once", table_name="training_attendee")
    op.drop_index("ix_training_attendee_person_id", table_name="training_attendee")
    op.drop_table("training_attendee")
    op.drop_index("uq_training_invitation_once", table_name="training_invitation")
    op.drop_index("ix_training_invitation_merchant", table_name="training_invitation")
    op.drop_table("training_invitation")
    op.drop_index("ix_training_authority_held", table_name="training")
    op.drop_table("training")
    with op.batch_alter_table("merchant") as table:
        table.drop_constraint("uq_merchant_practice_of_id", type_="unique")
        table.drop_constraint("fk_merchant_practice_of_id_merchant", type_="foreignkey")
        table.drop_column("practice_of_id")
