"""Each line of the menus leads to the page that it names."""

import pytest
from flask import Flask

from portal.desk.menus import SECTIONS, Item
from portal.desk.public_nav import LINES

ITEMS = [item for sections in SECTIONS.values() for section in sections for item in section.items]


@pytest.mark.parametrize("item", ITEMS, ids=lambda item: item.href)
def test_a_line_leads_to_its_endpoint(item: Item, built: Flask) -> None:
    endpoint, _values = built.url_map.bind("localhost").match(item.href.partition("?")[0])
    assert endpoint == item.endpoint


@pytest.mark.parametrize("address", LINES)
def test_a_line_of_the_public_pages_leads_to_one(address: str, built: Flask) -> None:
    endpoint, _values = built.url_map.bind("localhost").match(address)
    assert endpoint.partition(".")[0].endswith("_public")
