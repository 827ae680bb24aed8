"""A complaint of the green channel at every stage of being written."""

import io
import itertools
from datetime import datetime
from typing import Any

from PIL import Image
from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.accounts import codes
from portal.accounts.codes import CodeResult
from portal.accounts.models import PhoneCode
from portal.core.actor import Actor, ActorKind
from portal.core.uploads import Upload
from portal.enrolment.models import Merchant
from portal.intake import green_access, green_drafts, green_files, green_filing, green_proofs
from portal.intake.green_access import Place
from portal.intake.green_filing import Filed
from portal.intake.rules.greens import Said
from tests.conftest import NOW

CONSUMER = Actor(ActorKind.CONSUMER)
PHONE = "13959201234"
_serial = itertools.count(1)

SAID: dict[str, Any] = {
    "name": "陈小满",
    "phone": PHONE,
    "address": "厦门市湖里区嘉禾路 321 号 5 楼",
    "category": "clothing",
    "goods": "羽绒服",
    "nature": "quality",
    "bought_by": "shop",
    "outlet": "",
    "purchased_on": "2026-08-02",
    "amount": "499",
    "order": "20260802-0017",
    "text": "8 月 2 日在店里买的羽绒服，穿两次就跑绒，商家说穿过不能退。",
    "demands": ["return", "refund"],
    "detail": "退 499 元。",
    "settle": True,
    "share": True,
    "publish": False,
}


def written(session: Session, merchant: Merchant, *, now: datetime = NOW, **changes: Any) -> Place:
    """A draft in which everything stands; the number is not proved."""
    saved = green_drafts.save_part(
        session, CONSUMER, green_drafts.SavePart(Place(merchant.slug, ""), {**SAID, **changes}), now=now
    )
    session.flush()
    return Place(merchant.slug, saved.token)


def code_of(session: Session, *, now: datetime = NOW) -> str:
    """The digits of the newest code."""
    row = session.scalars(select(PhoneCode).order_by(PhoneCode.id.desc())).first()
    assert row is not None
    digits = codes.digits_of(session, row, now=now)
    assert digits is not None
    return digits


def proved(session: Session, merchant: Merchant, *, now: datetime = NOW, **changes: Any) -> Place:
    """A draft that could be filed."""
    place = written(session, merchant, now=now, **changes)
    green_proofs.ask_proof(session, CONSUMER, green_proofs.AskProof(place), now=now)
    result = green_proofs.prove(session, CONSUMER, green_proofs.Prove(place, code_of(session, now=now)), now=now)
    assert result is CodeResult.RIGHT
    return place


def said(session: Session, place: Place, *, now: datetime = NOW) -> Said:
    """What stands in a draft."""
    draft = green_access.found_draft(session, place, now=now)
    assert draft is not None
    return green_access.said_in(session, draft)


def file_it(session: Session, place: Place, *, now: datetime = NOW) -> Filed:
    """File a draft as it stands."""
    command = green_filing.FileComplaint(place, said(session, place, now=now).digest)
    return green_filing.file_complaint(session, CONSUMER, command, now=now)


def filed(session: Session, merchant: Merchant, *, now: datetime = NOW, **changes: Any) -> Filed:
    """A complaint that has been filed."""
    return file_it(session, proved(session, merchant, now=now, **changes), now=now)


def photo(name: str = "小票.jpg") -> Upload:
    """A photo unlike any other."""
    picture = io.BytesIO()
    Image.new("RGB", (60, 40), (next(_serial) * 37 % 256, 80, 90)).save(picture, "JPEG")
    return Upload(name, picture.getvalue())


def with_photo(session: Session, place: Place, *, now: datetime = NOW) -> None:
    """Put a photo into a draft."""
    assert green_files.add_file(session, CONSUMER, green_files.AddFile(place, photo()), now=now)
