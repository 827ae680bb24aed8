"""The preview is what the consumer then reads: the same words, in the same order."""

import re
from html.parser import HTMLParser

import pytest

from portal.accounts import links
from portal.cases import access
from portal.settlements.preview import preview
from tests.conftest import NOW
from tests.factories import settling


class Words(HTMLParser):
    """The text of a page without its tags."""

    def __init__(self):
        super().__init__()
        self.parts = []

    def handle_data(self, data):
        self.parts.append(data)


def words(html):
    reader = Words()
    reader.feed(str(html))
    return re.sub(r"\s+", "", "".join(reader.parts))


OFFERS = (
    (settling.refund(),),
    (settling.refund(80_000),),
    (settling.refund(90_000),),
    (settling.exchange(), settling.voucher()),
    (settling.exchange(),),
)


@pytest.mark.parametrize("terms", OFFERS)
@pytest.mark.parametrize("changes", [{}, {"amount": None}, {"demands": "exchange,apology"}, {"amount": 128_000}])
def test_the_consumer_reads_what_was_previewed(session, runtime, client, clock, terms, changes):
    dispute = settling.dispute(session, **{"amount": 90_000, **changes})
    session.commit()
    with runtime.reading() as reading:
        case = access.fetched(reading, dispute.agent, dispute.case.reference)
        seen = preview(reading, case, terms, "抱歉给您添麻烦了。", now=NOW)
    settling.offered(session, dispute, *terms, message="抱歉给您添麻烦了。")
    token = links.token_of(session, dispute.link)
    session.commit()
    clock.advance(minutes=1)
    page = words(client.get(f"/c/{token}").get_data(as_text=True))
    shown = [seen.title, seen.compared, *(part for pair in seen.facts for part in pair), seen.note]
    shown += [seen.accept_label, seen.accept_result, *(part for pair in seen.terms for part in pair), seen.message]
    missing = [one for one in map(words, shown) if one not in page]
    assert missing == []
