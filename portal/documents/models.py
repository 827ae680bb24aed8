"""Papers that left the house, and the running numbers of everything that carries one."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from portal.core.db import Model, Ref


class DocumentKind(StrEnum):
    """The papers we make."""

    AGREEMENT = "agreement"  # 和解协议, a civil contract, not a 调解书
    CONSUMER_LETTER = "consumer_letter"  # 致消费者函（附二维码）
    PROMISE = "promise"  # 无理由退货承诺书, a form of our own
    MEASURE = "measure"  # 监管措施文书, our own form


class DocumentState(StrEnum):
    """What `/verify` answers about a paper."""

    IN_FORCE = "in_force"
    REPLACED = "replaced"


class Document(Model):
    """A numbered paper. Its content is fixed: the digest says so."""

    __tablename__ = "document"
    __table_args__ = (Index("ix_document_case_id", "case_id"),)

    number: Mapped[str] = mapped_column(unique=True)
    kind: Mapped[DocumentKind]
    check_code: Mapped[str]  # eight characters from the QR code (decisions 14)
    digest: Mapped[str]  # SHA-256 of the canonical content, hexadecimal
    case_id: Mapped[Ref | None]  # no foreign key: cases stand above
    key_id: Mapped[Ref] = mapped_column(ForeignKey("data_key.id"), index=True)
    content_sealed: Mapped[bytes]  # the canonical JSON from which HTML and PDF are made
    made_at: Mapped[datetime]
    state: Mapped[DocumentState] = mapped_column(default=DocumentState.IN_FORCE)


class RunningNumber(Model):
    """The last number given out in one series, such as cases of HL in 2609."""

    __tablename__ = "running_number"

    series: Mapped[str] = mapped_column(unique=True)
    last: Mapped[int]
