"""`portal messages` prints what was sent, with links only where nothing real is sent, and says who looked."""

import json
from pathlib import Path

import pytest
from sqlalchemy import select

from portal import cli
from portal.accounts import links
from portal.accounts.models import ConsumerLink
from portal.core.access import AccessKind, AccessRecord
from portal.core.actor import OPERATOR, ActorKind
from portal.installing import MakeInstallation, make_installation
from portal.notifications.models import MessageState
from portal.notifications.recipients import case_of
from portal.runtime import Runtime
from tests.factories import disputes, messages, people


@pytest.fixture
def house(own_runtime: Runtime, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Runtime:
    config = own_runtime.config
    own_runtime.perform(OPERATOR, make_installation, MakeInstallation())
    for name, value in {
        "PORTAL_DATA": str(tmp_path),
        "PORTAL_DATABASE_URL": config.database_url,
        "PORTAL_SECRET_KEY": config.secret_key,
        "PORTAL_SEALING_KEYS": config.sealing_keys[0].hex(),
        "PORTAL_INDEX_KEY": config.index_key.hex(),
        "PORTAL_LEDGER_KEYS": config.ledger_keys[0].hex(),
    }.items():
        monkeypatch.setenv(name, value)
    return own_runtime


def two_messages(runtime: Runtime) -> tuple[str, list[str]]:
    """Two messages of one case; its token and the case's reference, twice."""
    with runtime.writing() as session:
        authority = people.authority(session)
        case = case_of(session, disputes.case(session, authority, people.merchant(session, authority)).id)
        messages.message(session, case, state=MessageState.SENT)
        messages.message(session, case, state=MessageState.KEPT)
        token = links.token_of(session, session.scalars(select(ConsumerLink)).one()) or ""
        session.commit()
        return token, [case.reference] * 2


def test_without_a_gateway_the_operator_reads_the_links(house: Runtime, capsys: pytest.CaptureFixture[str]) -> None:
    token, references = two_messages(house)
    assert cli.run(["messages", "--json"]) == 0
    (line,) = capsys.readouterr().out.splitlines()
    printed = json.loads(line)["messages"]
    link = f"http://127.0.0.1:8000/c/{token}"
    assert [one["case"] for one in printed] == references
    assert [one["state"] for one in printed] == ["kept", "sent"]  # newest first
    for one in printed:
        assert (one["to"], one["channel"], one["link"]) == ("138****1234", "sms", link)
        assert link in one["text"]
        assert one["at"] == "2026-08-12T09:00:00+08:00"
    with house.reading() as session:
        seen = session.scalars(select(AccessRecord).where(AccessRecord.kind == AccessKind.MESSAGES_READ)).one()
    assert seen.actor_kind is ActorKind.OPERATOR
    assert seen.detail == {"count": 2, "with_links": True}


def test_with_a_gateway_no_link_is_shown(
    house: Runtime, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    token, _ = two_messages(house)
    monkeypatch.setenv("PORTAL_SMS_URL", "https://key@gateway.example/send")
    for arguments in (["messages", "--json"], ["messages"]):
        assert cli.run(arguments) == 0
        printed = capsys.readouterr().out
        assert token not in printed
        assert "链接不显示" in printed


def test_people_read_it_too(house: Runtime, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["messages"]) == 0
    assert capsys.readouterr().out == "还没有消息。\n"
    token, _ = two_messages(house)
    assert cli.run(["messages", "--limit", "1"]) == 0
    printed = capsys.readouterr().out
    assert printed.count("138****1234") == 1
    assert token in printed
