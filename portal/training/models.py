"""Trainings that authorities hold for their merchants, who was invited, and who came."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.accounts.models import Organisation, Person
from portal.core.db import Model, Ref
from portal.core.privacy import DataKey
from portal.enrolment.models import Merchant
from portal.training.rules import Mode, Scope, Standing


class Training(Model):
    """One training of an authority for merchants of its area."""

    __tablename__ = "training"
    __table_args__ = (
        Index("ix_training_authority_held", "authority_id", "held_on", "id"),
        CheckConstraint("hours > 0", name="hours_positive"),
        CheckConstraint("attended <= invited", name="attended_of_invited"),
    )

    reference: Mapped[str] = mapped_column(unique=True)  # PX2611-0003
    authority_id: Mapped[Ref] = mapped_column(ForeignKey("organisation.id"))
    title: Mapped[str]
    held_on: Mapped[date]
    hours: Mapped[int]  # 学时
    mode: Mapped[Mode]
    place: Mapped[str]  # where, or how to join
    lecturers: Mapped[str]
    topics: Mapped[str]
    materials: Mapped[str]  # what was handed out, or where it lies
    scope: Mapped[Scope]
    tier: Mapped[str]  # where it invites one tier
    invited: Mapped[int] = mapped_column(default=0)  # merchants
    attended: Mapped[int] = mapped_column(default=0)  # of them
    people: Mapped[int] = mapped_column(default=0)  # who came, of all merchants together
    recorded_at: Mapped[datetime]
    author_name: Mapped[str]
    cancelled_at: Mapped[datetime | None]
    cancel_reason: Mapped[str | None]

    authority: Mapped[Organisation] = relationship(lazy="raise_on_sql")


class TrainingInvitation(Model):
    """One merchant invited to one training, and whether it came."""

    __tablename__ = "training_invitation"
    __table_args__ = (
        Index("uq_training_invitation_once", "training_id", "merchant_id", unique=True),
        Index("ix_training_invitation_merchant", "merchant_id", "standing", "id"),
        CheckConstraint("others >= 0", name="others_not_negative"),
        CheckConstraint("(confirmed_at IS NULL) = (confirmed_by IS NULL)", name="confirmed_whole"),
    )

    training_id: Mapped[Ref] = mapped_column(ForeignKey("training.id"))
    merchant_id: Mapped[Ref] = mapped_column(ForeignKey("merchant.id"))
    standing: Mapped[Standing] = mapped_column(default=Standing.UNKNOWN)
    others: Mapped[int] = mapped_column(default=0)  # people who came and have no account here
    people: Mapped[int] = mapped_column(default=0)  # everyone who came, with the others
    recorded_at: Mapped[datetime | None]
    recorded_by: Mapped[str | None]
    confirmed_at: Mapped[datetime | None]  # by the merchant
    confirmed_by: Mapped[str | None]

    training: Mapped[Training] = relationship(lazy="raise_on_sql")
    merchant: Mapped[Merchant] = relationship(lazy="raise_on_sql")


class TrainingAttendee(Model):
    """A person of the merchant who came."""

    __tablename__ = "training_attendee"
    __table_args__ = (
        Index("uq_training_attendee_once", "invitation_id", "person_id", unique=True),
        Index("ix_training_attendee_person_id", "person_id"),
    )

    invitation_id: Mapped[Ref] = mapped_column(ForeignKey("training_invitation.id"))
    person_id: Mapped[Ref] = mapped_column(ForeignKey("person.id"))

    person: Mapped[Person] = relationship(lazy="raise_on_sql")


class TrainingFile(Model):
    """A file that a training hands out, sealed under a key of its own."""

    __tablename__ = "training_file"
    __table_args__ = (
        Index("ix_training_file_training_id", "training_id", "id"),
        Index("ix_training_file_key_id", "key_id"),
    )

    reference: Mapped[str] = mapped_column(unique=True)  # random, for addresses
    training_id: Mapped[Ref] = mapped_column(ForeignKey("training.id"))
    key_id: Mapped[Ref] = mapped_column(ForeignKey("data_key.id"))
    media_type: Mapped[str]  # of what is given out: a picture's clean copy is JPEG
    size: Mapped[int]  # bytes of what is given out
    name_sealed: Mapped[bytes]
    address: Mapped[str]  # in the file store
    at: Mapped[datetime]

    key: Mapped[DataKey] = relationship(lazy="raise_on_sql")
