"""The officer's list: narrowed by jurisdiction, filtered by its address, counted as the board counts."""

import re
from datetime import timedelta
from urllib.parse import unquote

from sqlalchemy.orm import Session

from portal.cases.rules import CaseState, Channel, FailureCause
from portal.core.actor import Role
from portal.indicators.recounting import recount_all
from tests.conftest import NOW
from tests.factories import disputes, people, standings


def references(html: str) -> set[str]:
    return set(re.findall(r"HL2608-\d+", html))


def test_a_station_sees_its_own_and_the_district_sees_all(client_for, session: Session) -> None:
    district = people.authority(session)
    north, south = (people.authority(session, name, parent=district) for name in ("江头所", "殿前所"))
    merchant = people.merchant(session, north)
    first, second = disputes.case(session, north, merchant), disputes.case(session, south, merchant)
    at_north = people.member(session, north.id, Role.OFFICER)
    at_district = people.member(session, district.id, Role.OFFICER)
    session.commit()
    assert references(client_for(at_north).get("/regulator/cases").text) == {first.reference}
    everything = client_for(at_district)
    assert references(everything.get("/regulator/cases").text) == {first.reference, second.reference}
    assert references(everything.get(f"/regulator/cases?area={south.code}").text) == {second.reference}


def test_what_the_board_counts_the_list_holds(client_for, runtime, session: Session) -> None:
    district = people.authority(session)
    merchant = people.merchant(session, district)
    due = NOW - timedelta(days=3)
    late = disputes.case(
        session, district, merchant, state=CaseState.FAILED, cause=FailureCause.MERCHANT_DELAY, respond_by=due,
        concluded_at=due + timedelta(hours=1),
    )  # fmt: skip
    disputes.case(
        session, district, merchant, state=CaseState.AGREED, respond_by=due, concluded_at=due - timedelta(days=1),
        agreed_at=due - timedelta(days=1),
    )  # fmt: skip
    officer = people.member(session, district.id, Role.OFFICER)
    session.commit()
    recount_all(runtime)
    client = client_for(officer)
    links = re.findall(r'href="(/regulator/cases\?[^"]*part=missed[^"]*)"', client.get("/regulator/").text)
    on_time = next(link for link in links if "on_time" in link).replace("&amp;", "&")
    assert references(client.get(on_time).text) == {late.reference}


def test_a_failed_green_case_waits_for_the_consumer(client_for, session: Session) -> None:
    district = people.authority(session)
    merchant = people.merchant(session, district)
    green = disputes.case(session, district, merchant, state=CaseState.FAILED, channel=Channel.GREEN,
                          cause=FailureCause.NO_AGREEMENT)  # fmt: skip
    routed = disputes.case(session, district, merchant, state=CaseState.FAILED, cause=FailureCause.NO_AGREEMENT)
    officer = people.member(session, district.id, Role.OFFICER)
    session.commit()
    client = client_for(officer)
    assert references(client.get("/regulator/cases?tab=choice").text) == {green.reference}
    assert references(client.get("/regulator/cases?tab=failed").text) == {routed.reference}


def test_who_chose_the_authority_or_chose_nothing_waits_no_longer(client_for, session: Session) -> None:
    asked, rested = (standings.made(session, story).dispute for story in (standings.asked, standings.laid_aside))
    for dispute, tab, word in ((asked, "failed", "未和解"), (rested, "all", "未和解结案")):
        client = client_for(people.member(session, dispute.authority.id, Role.OFFICER))
        session.commit()
        page = client.get(f"/regulator/cases?tab={tab}").text
        assert references(page) == {dispute.case.reference}
        assert word in page
        assert "待消费者选择</span>" not in page
        assert references(client.get("/regulator/cases?tab=choice").text) == set()
        assert word in client.get(f"/regulator/cases/{dispute.case.reference}").text


def test_a_full_phone_finds_inside_the_jurisdiction_and_never_stands_in_the_address(
    client_for, session: Session
) -> None:
    district, other = people.authority(session), people.authority(session, "厦门市思明区市场监督管理局", prefix="SM")
    mine = disputes.case(session, district, people.merchant(session, district), phone="13911112222")
    disputes.case(session, other, people.merchant(session, other), phone="13911112222")
    officer = people.member(session, district.id, Role.OFFICER)
    session.commit()
    client = client_for(officer)
    answer = client.submit("/regulator/cases/find", {"who": "139 1111 2222"}, page="/regulator/cases")
    assert answer.status_code == 303
    assert "1391111" not in answer.location
    assert references(client.get(answer.location).text) == {mine.reference}
    refused = client.submit("/regulator/cases/find", {"who": "2222"}, page="/regulator/cases")
    assert refused.status_code == 422
    assert "完整的手机号" in refused.text


def test_a_full_name_finds_inside_the_jurisdiction_only(client_for, session: Session) -> None:
    district, other = people.authority(session), people.authority(session, "厦门市思明区市场监督管理局", prefix="SM")
    mine = disputes.case(session, district, people.merchant(session, district), name="欧阳小雅")
    disputes.case(session, district, people.merchant(session, district))
    disputes.case(session, other, people.merchant(session, other), name="欧阳小雅")
    officer = people.member(session, district.id, Role.OFFICER)
    session.commit()
    client = client_for(officer)
    answer = client.submit("/regulator/cases/find", {"who": "欧阳小雅"}, page="/regulator/cases")
    assert "欧阳" not in unquote(answer.location)
    page = client.get(answer.location).text
    assert references(page) == {mine.reference}
    assert "按手机号或姓名查到的" in page


def test_an_empty_list_says_what_to_do(client_for, session: Session) -> None:
    officer = people.member(session, people.authority(session).id, Role.OFFICER)
    session.commit()
    client = client_for(officer)
    assert "这个视图里没有纠纷" in client.get("/regulator/cases").text
    assert "清除全部条件" in client.get("/regulator/cases?q=净饮机&tab=all").text


def test_the_export_is_masked(client_for, session: Session) -> None:
    district = people.authority(session)
    disputes.case(session, district, people.merchant(session, district))
    officer = people.member(session, district.id, Role.AUDITOR)
    session.commit()
    file = client_for(officer).submit("/regulator/cases/export?tab=all", page="/regulator/cases")
    assert file.status_code == 200
    assert file.mimetype.endswith("spreadsheetml.sheet")


def test_a_list_of_several_states_and_stations_keeps_one_order_from_page_to_page(client_for, session: Session) -> None:
    """Each state of each station is read by itself; together they stand as if they had been read in one piece."""
    district = people.authority(session)
    stations = [district, *(people.authority(session, name, parent=district) for name in ("江头所", "殿前所"))]
    merchants = [people.merchant(session, station) for station in stations]
    states = (CaseState.AGREED, CaseState.PERFORMED, CaseState.OFFERED, CaseState.NEGOTIATING)
    cases = [
        disputes.case(session, stations[n % 3], merchants[n % 3], state=states[n % 4], agreed_at=NOW,
                      registered_at=NOW - timedelta(minutes=7 * n % 120), due_at=NOW + timedelta(hours=5 * n % 120))
        for n in range(120)
    ]  # fmt: skip
    officer = people.member(session, district.id, Role.OFFICER)
    session.commit()
    client = client_for(officer)
    by_due = sorted(cases, key=lambda one: (one.due_at, one.id))
    newest = sorted(cases, key=lambda one: (one.registered_at, one.id), reverse=True)
    for asked, order, kept in (
        ("tab=settled&sort=new", newest, states[:2]),
        ("tab=settled", by_due, states[:2]),
        ("tab=all&sort=new&state=offered&state=agreed", newest, (CaseState.OFFERED, CaseState.AGREED)),
        ("tab=unpaid", by_due, states[:1]),
        ("tab=all", by_due, states),
        ("tab=settled&state=offered", by_due, ()),
    ):
        expected = [case.reference for case in order if case.state in kept]
        assert _walk(client, f"/regulator/cases?{asked}") == expected, asked
    station = [case.reference for case in by_due if case.authority_id == stations[1].id]
    assert _walk(client, f"/regulator/cases?tab=all&area={stations[1].code}") == station


def _walk(client, address: str) -> list[str]:
    """The references of every page, in the order in which they stand."""
    seen: list[str] = []
    while True:
        page = client.get(address).text
        seen += dict.fromkeys(re.findall(r'href="/regulator/cases/([A-Z]+\d+-\d+)', page))
        following = re.search(r'href="([^"]*cursor=[^"]*)"[^>]*>\s*下一页', page)
        if following is None:
            return seen
        address = following.group(1).replace("&amp;", "&")
