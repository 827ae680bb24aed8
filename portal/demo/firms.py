"""Invented merchants below a district, and how often each is complained about."""

from dataclasses import dataclass
from datetime import datetime
from random import Random

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal.accounts.models import Organisation, OrganisationKind
from portal.accounts.rules import normalised_company
from portal.core.bulk import load
from portal.core.db import take_ids
from portal.core.errors import RuleBroken
from portal.demo import words
from portal.enrolment.models import Merchant, MerchantState
from portal.enrolment.rules import check_character, slug_of

TRADES = ("百货", "超市", "电子商城", "家居广场", "建材市场", "健身服务", "教育咨询", "网络科技", "服饰", "食品")
NO_AUTHORITY = "还没有监管部门。请先用 portal authorities import 导入，或用 portal demo 新建演示安装。"


@dataclass(frozen=True, slots=True)
class Firm:
    """A merchant as a complaint names it."""

    id: int
    name: str
    code: str


@dataclass(frozen=True, slots=True)
class District:
    """Where the cases lie, and its offices."""

    id: int
    name: str
    prefix: str
    upwards: tuple[int, ...]  # itself first, then those above
    offices: tuple[tuple[int, str], ...]


def find_district(session: Session) -> District:
    """The first authority that numbers cases and has offices below it, else the first; refuses where there is none."""
    authorities = session.scalars(
        select(Organisation).where(Organisation.kind == OrganisationKind.AUTHORITY).order_by(Organisation.id)
    ).all()
    numbering = [one for one in authorities if one.prefix]
    if not numbering:
        raise RuleBroken(NO_AUTHORITY)
    offices_of = {
        one.id: [child for child in authorities if child.parent_id == one.id and not child.prefix] for one in numbering
    }
    district = next((one for one in numbering if offices_of[one.id]), numbering[-1])
    offices = offices_of[district.id] or [district]
    return District(
        id=district.id,
        name=district.name,
        prefix=district.prefix or "",
        upwards=tuple(reversed(district.ancestry())),
        offices=tuple((one.id, one.name) for one in offices),
    )


def found_firms(session: Session, district: District, count: int, random: Random, *, now: datetime) -> None:
    """Admit `count` invented merchants below the district."""
    before = session.scalar(
        select(func.count()).select_from(Organisation).where(Organisation.code.like("91350206MAG%"))
    )
    ids = take_ids(session, Organisation, count)
    organisations, merchants = [], []
    for serial, key in enumerate(ids, (before or 0) + 1):
        name = f"厦门{random.choice(words.STREETS)}{serial}号{random.choice(TRADES)}有限公司"
        body = f"91350206MAG{serial:06d}"
        code = body + check_character(body)
        organisations.append({"id": key, "kind": OrganisationKind.MERCHANT, "code": code, "name": name})
        merchants.append(
            {
                "id": key,
                "slug": slug_of(code),
                "authority_id": random.choice(district.offices)[0],
                "state": MerchantState.ADMITTED,
                "address": words.home(random),
                "phone": f"0592-5{serial % 1_000_000:06d}",
                "normalised_name": normalised_company(name),
                "admitted_at": now,
            }
        )
    load(session, Organisation, organisations)
    load(session, Merchant, merchants)


def all_firms(session: Session, district: District) -> list[Firm]:
    """The admitted merchants below the district, oldest first: the demo's own are complained about most."""
    below = [district.id, *(key for key, _ in district.offices)]
    rows = session.execute(
        select(Merchant.id, Organisation.name, Organisation.code)
        .join(Organisation, Organisation.id == Merchant.id)
        .where(Merchant.authority_id.in_(below), Merchant.state == MerchantState.ADMITTED)
        .order_by(Merchant.id)
    )
    return [Firm(row.id, row.name, row.code) for row in rows]
