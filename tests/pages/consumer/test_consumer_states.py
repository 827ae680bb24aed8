"""The consumer's page in every state: right words, light, and without a trace in the database."""

import gzip
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from portal.runtime import Runtime
from tests.conftest import FixedClock
from tests.factories import standings
from tests.inspector import InspectingClient
from tests.queries import counted

STATIC = Path(__file__).parents[3] / "static"
LINKED = ("css/app.css", "js/app.js", "icons.svg", "icon.svg")
BUDGET = 35 * 1024  # bytes, compressed, all in all
MOST_STATEMENTS = 8

Story = Callable[[Session], standings.Made]


@pytest.mark.parametrize("story", standings.TITLES, ids=lambda story: story.__name__)
def test_every_state_has_its_page(
    client: InspectingClient, session: Session, clock: FixedClock, runtime: Runtime, story: Story
) -> None:
    standing = standings.made(session, story)
    clock.moment = standing.now
    client.get("/sign-in")  # fills what is remembered between requests: calendar, limits
    with counted(runtime.engine) as said:
        page = client.get(standing.path)
    assert page.status_code == 200
    assert re.search(r"<title>\s*(.*?) - 消费纠纷和解</title>", page.text, re.DOTALL)
    assert standings.TITLES[story] in page.text
    assert said.writes == []
    assert len(said) <= MOST_STATEMENTS, said
    assert "12315" in page.text
    size = len(gzip.compress(page.data)) + sum(len(gzip.compress((STATIC / one).read_bytes())) for one in LINKED)
    assert size <= BUDGET


OPEN = [one for one in standings.TITLES if one not in (standings.confirmed, standings.rated, standings.withdrawn)]


@pytest.mark.parametrize("story", OPEN, ids=lambda story: story.__name__)
def test_the_way_to_the_authority_is_always_in_sight(
    client: InspectingClient, session: Session, clock: FixedClock, story: Story
) -> None:
    standing = standings.made(session, story)
    clock.moment = standing.now
    page = client.get(standing.path).text
    asked = "请求处理" in page or "已在 8 月" in page or "由市场监督管理部门处理" in page
    reopens = story is standings.unconfirmed  # first 没收到, which opens it again
    assert asked or reopens or f"{standing.path}/escalation" in page
    if story not in (standings.agreed, standings.agreed_goods, standings.agreed_and_asked, standings.breached):
        assert "不答复不等于" in page or "不接受任何方案" in page or "没收到" in page


def test_the_offer_answers_the_five_questions(client: InspectingClient, session: Session, clock: FixedClock) -> None:
    standing = standings.made(session, standings.offered)
    clock.moment = standing.now
    page = re.sub(r"<[^>]+>", "", client.get(standing.path).text)
    for words in (
        "厦门鹭湾百货有限公司",
        "¥800.00",
        "你要求的是退款 ¥800.00，金额一致",
        "原路退回",
        "接受后 7 天内",
        "请在 8 月 15 日（周六）前答复。不答复不等于同意，到期这个方案作废，投诉继续办理。",
        "接受，收到 ¥800",
        "今天接受，8 月 19 日（周三）前到账",
        "不接受，我想要…",
    ):
        assert words in page


def test_nothing_personal_is_shown(client: InspectingClient, session: Session, clock: FixedClock) -> None:
    for story in (standings.offered, standings.performed, standings.failed_to_choose):
        standing = standings.made(session, story)
        clock.moment = standing.now
        page = client.get(standing.path).text
        for word in ("李小明", "13860001234", "嘉禾里", "林晓燕"):
            assert word not in page


def test_an_offer_inside_its_seconds_of_undo_is_not_there(
    client: InspectingClient, session: Session, clock: FixedClock
) -> None:
    standing = standings.made(session, standings.offered_in_undo)
    clock.moment = standing.now
    assert "接受，" not in client.get(standing.path).text
    assert client.get(f"{standing.path}/accept").status_code == 409


def test_the_accept_screen_says_what_becomes_of_the_complaint(
    client: InspectingClient, session: Session, clock: FixedClock
) -> None:
    standing = standings.made(session, standings.offered)
    clock.moment = standing.now
    page = client.get(f"{standing.path}/accept").text
    tail = re.search(r"接受后，款项到账前你的投诉（编号尾号 (\d{4})）不会被撤销；未按期收到，", page)
    assert tail
    assert "可在本页要求市场监管部门处理。" in page
    assert "短信验证码" not in page


def test_an_image_of_the_receipt_leads_to_the_paper(
    client: InspectingClient, session: Session, clock: FixedClock
) -> None:
    standing = standings.made(session, standings.agreed)
    clock.moment = standing.now
    page = client.get(standing.path).text
    assert 'class="qr"' in page
    assert "HJ-HL2608-" in page
    pdf = client.get(f"{standing.path}/agreement.pdf")
    assert pdf.data.startswith(b"%PDF")
    assert pdf.headers["Content-Disposition"].startswith("attachment")
