"""Organisations and people, what joins them, and the links that consumers hold."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.accounts.rules import PRACTICE
from portal.core.actor import Role
from portal.core.db import Model, Ref


class OrganisationKind(StrEnum):
    """The kinds of organisations that people belong to."""

    MERCHANT = "merchant"  # 企业
    AUTHORITY = "authority"  # 市场监管部门
    COUNCIL = "council"  # 消委会, a tree of its own (decisions 34)
    OPERATOR = "operator"  # 运维单位


class Organisation(Model):
    """A merchant, an authority or a council; authorities form a tree."""

    __tablename__ = "organisation"
    __table_args__ = (
        Index("ix_organisation_parent_id", "parent_id"),
        Index("ix_organisation_name", "name"),
        Index("ix_organisation_path", "path"),
    )

    kind: Mapped[OrganisationKind]
    code: Mapped[str] = mapped_column(unique=True)  # 统一社会信用代码, or the authority's code
    name: Mapped[str]
    level: Mapped[str | None]  # 省 市 区 所 消委会, as the import file says
    parent_id: Mapped[Ref | None] = mapped_column(ForeignKey("organisation.id"))
    path: Mapped[str] = mapped_column(default="")  # "/1/3/7/": ids from the root down to this one
    prefix: Mapped[str | None]  # of public references, such as HL; districts only
    odr_before_acceptance: Mapped[bool] = mapped_column(default=False)  # decisions 2

    @property
    def is_practice(self) -> bool:
        """Whether it exists for learning on invented cases only."""
        return self.code.startswith(PRACTICE)

    def ancestry(self) -> list[int]:
        """The ids from the root down to this organisation."""
        return [int(part) for part in self.path.split("/") if part]


class Person(Model):
    """Someone who signs in."""

    __tablename__ = "person"
    __table_args__ = (CheckConstraint("failures >= 0", name="failures_not_negative"),)

    sign_in_name: Mapped[str] = mapped_column(unique=True)  # lower case
    name: Mapped[str]
    password_hash: Mapped[str]  # argon2id
    password_set_at: Mapped[datetime]
    must_change_password: Mapped[bool] = mapped_column(default=False)
    second_factor: Mapped[bytes | None]  # TOTP secret, sealed
    second_factor_step: Mapped[int | None]  # last time step used: a code works once (RFC 6238 5.2)
    failures: Mapped[int] = mapped_column(default=0)
    locked_until: Mapped[datetime | None]
    session_stamp: Mapped[str]  # changed to end every session of the person
    active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime]


class Membership(Model):
    """One person's role in one organisation."""

    __tablename__ = "membership"
    __table_args__ = (
        Index("uq_membership_person_organisation", "person_id", "organisation_id", unique=True),
        Index("ix_membership_organisation_id", "organisation_id"),
    )

    person_id: Mapped[Ref] = mapped_column(ForeignKey("person.id"))
    organisation_id: Mapped[Ref] = mapped_column(ForeignKey("organisation.id"))
    role: Mapped[Role]

    person: Mapped[Person] = relationship(lazy="raise_on_sql")
    organisation: Mapped[Organisation] = relationship(lazy="raise_on_sql")


class ConsumerLink(Model):
    """A consumer's way in: one per case and recipient, 100 random bits (decisions 12).

    `case_id` carries no foreign key, for cases stand above this capability.
    """

    __tablename__ = "consumer_link"
    __table_args__ = (
        Index(
            "uq_consumer_link_live",
            "case_id",
            "recipient",
            unique=True,
            postgresql_where=text("revoked_at IS NULL"),
            sqlite_where=text("revoked_at IS NULL"),
        ),
        Index(
            "ix_consumer_link_to_wipe",
            "expires_at",
            postgresql_where=text("token_sealed IS NOT NULL"),
            sqlite_where=text("token_sealed IS NOT NULL"),
        ),
    )

    case_id: Mapped[Ref]
    recipient: Mapped[bytes]  # blind index of the phone it was made for; empty for a paper letter
    token_hash: Mapped[bytes] = mapped_column(unique=True)  # SHA-256
    token_sealed: Mapped[bytes | None]  # wiped at expiry
    issued_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]  # set when the case closes
    revoked_at: Mapped[datetime | None]


class PhoneCode(Model):
    """A six-digit code to a phone, bound to what it confirms: an offer behind a link, or that a number is one's own.

    Without a link there is no case yet; then `phone_index` says how often a number was sent one (decisions 13).
    """

    __tablename__ = "phone_code"
    __table_args__ = (
        Index("ix_phone_code_link_id", "link_id"),
        Index(
            "ix_phone_code_phone",
            "phone_index",
            "sent_at",
            postgresql_where=text("phone_index IS NOT NULL"),
            sqlite_where=text("phone_index IS NOT NULL"),
        ),
        Index(
            "ix_phone_code_bound_to",
            "bound_to",
            postgresql_where=text("link_id IS NULL"),
            sqlite_where=text("link_id IS NULL"),
        ),
        Index(
            "ix_phone_code_to_wipe",
            "expires_at",
            postgresql_where=text("code_sealed IS NOT NULL"),
            sqlite_where=text("code_sealed IS NOT NULL"),
        ),
    )

    link_id: Mapped[Ref | None] = mapped_column(ForeignKey("consumer_link.id"))
    phone_index: Mapped[bytes | None] = mapped_column(LargeBinary(16))
    bound_to: Mapped[str]  # hash of the offer; without a link the name of what is being written
    code_hash: Mapped[bytes]  # keyed
    code_sealed: Mapped[bytes | None]  # so that a message can be composed; wiped when used or late
    sent_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    tries: Mapped[int] = mapped_column(default=0)
    used_at: Mapped[datetime | None]
