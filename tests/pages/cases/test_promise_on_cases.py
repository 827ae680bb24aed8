"""购买当天有效的承诺 on the case screens: the version of the day of purchase, whatever came after it."""

from collections.abc import Callable
from datetime import date, timedelta

import pytest
from sqlalchemy.orm import Session

from portal.accounts.models import Membership, Organisation
from portal.cases.models import Case
from portal.cases.rules import CaseState
from portal.commitments.at_purchase import promises_of
from portal.commitments.queries import history_of, promisor_of
from portal.commitments.rules import PromiseState
from portal.commitments.rules.body import ScopeRow
from portal.commitments.rules.coverage import Purchase, coverage
from portal.commitments.rules.words import Way
from portal.core.actor import Role
from portal.desk.promise_part import PromisePart, promise_part
from portal.enrolment.models import Merchant
from portal.runtime import Runtime
from tests.conftest import NOW
from tests.factories import disputes, greens, people, promises
from tests.inspector import InspectingClient
from tests.queries import counted

SignIn = Callable[[Membership], InspectingClient]
TODAY = promises.TODAY


@pytest.fixture
def authority(session: Session) -> Organisation:
    return people.authority(session)


@pytest.fixture
def merchant(session: Session, authority: Organisation) -> Merchant:
    """A year of promises: 30 days, then 7, then none."""
    merchant = people.merchant(session, authority)
    promises.promise(
        session, merchant, state=PromiseState.REPLACED, first_on=date(2026, 1, 1), last_on=date(2026, 5, 31), days=30
    )
    promises.promise(
        session, merchant, state=PromiseState.ENDED, first_on=date(2026, 6, 1), last_on=date(2026, 8, 8), days=7
    )
    return merchant


def part(session: Session, authority: Organisation, merchant: Merchant, bought: date | None) -> PromisePart | None:
    case = disputes.case(session, authority, merchant, purchased_on=bought, registered_at=NOW, sold_by="现场购")
    session.refresh(case, ["merchant"])
    return promise_part(session, case, (), (), today=TODAY)


@pytest.mark.parametrize(
    ("bought", "title", "label"),
    [
        (date(2026, 8, 7), "7 天无理由退货", "在期内，第 6 天"),  # of the last version, which has ended since
        (date(2026, 5, 20), "30 天无理由退货", "已过天数"),
        (date(2026, 8, 10), "无理由退货承诺", "承诺已结束"),
        (date(2025, 12, 30), "无理由退货承诺", "当时没有承诺"),
    ],
)
def test_the_version_of_the_day_of_purchase_counts(
    session: Session, authority: Organisation, merchant: Merchant, bought: date, title: str, label: str
) -> None:
    found = part(session, authority, merchant, bought)
    assert found is not None
    assert (found.title, found.label) == (title, label)
    assert found.sentences


def test_without_a_day_of_purchase_the_present_promise_is_shown_with_a_hint(
    session: Session, authority: Organisation
) -> None:
    merchant = people.merchant(session, authority)
    promises.promise(session, merchant, days=15)
    found = part(session, authority, merchant, None)
    assert found is not None
    assert found.title == "15 天无理由退货"
    assert "没有购买日期" in found.hint
    assert not found.covered


def test_a_merchant_that_never_promised_has_no_panel(session: Session, authority: Organisation) -> None:
    assert part(session, authority, people.merchant(session, authority), date(2026, 8, 1)) is None


def test_the_green_channel_names_goods_and_class(session: Session, client_for: SignIn, authority: Organisation) -> None:
    merchant = people.merchant(session, authority)
    promises.promise(session, merchant, days=30, scopes=(ScopeRow(Way.OFFLINE, "clothing", "羽绒服", 60),))
    filed = greens.filed(session, merchant)
    agent = people.member(session, merchant.id)
    session.commit()
    page = client_for(agent).get(f"/merchant/cases/{session.get_one(Case, filed.case_id).reference}").text
    assert "60 天无理由退货" in page
    assert "在期内，第 11 天" in page


def test_the_short_reading_decides_as_the_whole_one(session: Session, merchant: Merchant) -> None:
    promisor = promisor_of(session, merchant.id)
    assert promisor is not None
    whole, short = history_of(session, promisor.id), promises_of(session, merchant.id)
    assert [terms.reference for terms in short] == [terms.reference for terms in whole]
    for bought in (TODAY - timedelta(days=days) for days in range(0, 240, 7)):
        for goods in ("大衣", "泳衣", ""):
            asked = Purchase(Way.OFFLINE, bought, None, "clothing", goods)
            assert coverage(short, asked, today=TODAY).sentences == coverage(whole, asked, today=TODAY).sentences


def test_both_screens_show_it_within_their_budget(
    session: Session, client_for: SignIn, runtime: Runtime, authority: Organisation, merchant: Merchant
) -> None:
    case = disputes.case(
        session,
        authority,
        merchant,
        state=CaseState.NEGOTIATING,
        purchased_on=date(2026, 8, 7),
        registered_at=NOW,
    )
    agent = people.member(session, merchant.id)
    officer = people.member(session, authority.id, Role.OFFICER)
    session.commit()
    for member, desk in ((agent, "merchant"), (officer, "regulator")):
        client = client_for(member)
        client.get(f"/{desk}/")
        with counted(runtime.engine) as said:
            page = client.get(f"/{desk}/cases/{case.reference}").text
        assert "购买时有效的承诺" in page
        assert "在期内，第 6 天" in page
        assert f"/m/{merchant.slug}" in page
        assert len(said) <= 8, "\n".join(one[:300] for one in said.all)


def test_an_offer_by_promise_starts_as_a_full_return(
    session: Session, client_for: SignIn, authority: Organisation, merchant: Merchant
) -> None:
    case = disputes.case(
        session, authority, merchant, state=CaseState.NEGOTIATING, purchased_on=date(2026, 8, 7), registered_at=NOW
    )
    agent = people.member(session, merchant.id)
    session.commit()
    client = client_for(agent)
    page = client.get(f"/merchant/cases/{case.reference}").text
    address = f"/merchant/cases/{case.reference}/settlement?start=promise"
    assert address in page
    form = client.get(address).text
    assert "退货退款" in form
    assert "1280.00" in form
    assert "按购买当天有效的无理由退货承诺办理退货" in form
