"""Checkpoints are mailed to merchant and superior authority, each once, and can be verified from the mail."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from portal.core.actor import SYSTEM, Role
from portal.ledgers.checkpoints import SignCheckpoint, sign_checkpoint
from portal.notifications.checkpoint_mails import TellAuthority, tell_authorities, tell_authority
from portal.notifications.contents import outgoing_of
from portal.notifications.models import Message, MessageChannel
from portal.worker import dispatch
from tests.conftest import NOW
from tests.factories import ledgers, people


@pytest.fixture
def city(session):
    return people.authority(session, "厦门市市场监督管理局", prefix="XM")


@pytest.fixture
def district(session, city):
    return people.authority(session, parent=city)


def with_mail(session, organisation_id, role, mail):
    member = people.member(session, organisation_id, role)
    member.person.sign_in_name = mail
    session.flush()


def signed(session, district, count=1):
    merchant = people.merchant(session, district)
    ledgers.entered(session, merchant.id, list(ledgers.mixed(count)))
    return merchant, sign_checkpoint(session, SYSTEM, SignCheckpoint(merchant.id), now=NOW)


def mails(session):
    return session.scalars(select(Message).where(Message.channel == MessageChannel.MAIL).order_by(Message.id)).all()


def test_a_merchants_heads_get_each_checkpoint(runtime, session, district):
    merchant, checkpoint = signed(session, district)
    with_mail(session, merchant.id, Role.PRINCIPAL, "boss@example.cn")
    with_mail(session, merchant.id, Role.AGENT, "clerk@example.cn")
    session.commit()
    dispatch(runtime)
    dispatch(runtime)
    [mail] = mails(session)
    outgoing = outgoing_of(session, mail, base_url="https://odr.example.cn", now=NOW)
    assert outgoing.to == "boss@example.cn"
    assert checkpoint.note in outgoing.text
    assert f"https://odr.example.cn/verify/ledgers/{merchant.organisation.code}" in outgoing.text


def test_the_authority_above_gets_one_list_of_all(runtime, session, city, district):
    notes = [signed(session, district)[1].note for _ in range(3)]
    with_mail(session, city.id, Role.CHIEF, "chief@example.cn")
    with_mail(session, district.id, Role.CHIEF, "below@example.cn")
    session.commit()
    assert tell_authorities(runtime) == 3
    assert tell_authorities(runtime) == 0
    [mail] = mails(session)
    outgoing = outgoing_of(session, mail, base_url="https://odr.example.cn", now=NOW)
    assert outgoing.to == "chief@example.cn"
    assert all(note in outgoing.text for note in notes)


def test_an_authority_without_one_above_gets_its_own(session):
    alone = people.authority(session, "平潭综合实验区市场监督管理局", prefix="PT")
    with_mail(session, alone.id, Role.OFFICER, "officer@example.cn")
    signed(session, alone)
    assert tell_authority(session, SYSTEM, TellAuthority(alone.id), now=NOW) == 1
    assert len(mails(session)) == 1


def test_only_what_is_new_is_told_the_next_day(session, city, district):
    merchant, _first = signed(session, district)
    assert tell_authority(session, SYSTEM, TellAuthority(city.id), now=NOW) == 1
    ledgers.entered(session, merchant.id, [ledgers.complaint(9)])
    tomorrow = NOW + timedelta(days=1)
    sign_checkpoint(session, SYSTEM, SignCheckpoint(merchant.id), now=tomorrow)
    assert tell_authority(session, SYSTEM, TellAuthority(city.id), now=tomorrow) == 1
    assert tell_authority(session, SYSTEM, TellAuthority(city.id), now=tomorrow) == 0
