"""The size of type, without script."""

import pytest

from tests.inspector import InspectingClient


def test_large_type_is_remembered_and_given_back(client: InspectingClient) -> None:
    assert "data-size" not in client.get("/").text

    answer = client.submit("/display-size", {"size": "large", "next": "/sign-in?next=/"}, page="/")
    assert answer.location == "/sign-in?next=/"
    assert 'data-size="large"' in client.get("/").text

    client.submit("/display-size", {"size": "normal", "next": "/"}, page="/")
    assert "data-size" not in client.get("/").text


@pytest.mark.parametrize(
    "elsewhere", ["//other.example/", "https://other.example/", "/\\other.example", "/\t/other.example"]
)
def test_nobody_is_led_to_another_site(client: InspectingClient, elsewhere: str) -> None:
    answer = client.submit("/display-size", {"size": "large", "next": elsewhere}, page="/")
    assert answer.location == "/"


def test_a_missing_page_is_a_page_of_ours(client: InspectingClient) -> None:
    answer = client.get("/nowhere")
    assert answer.status_code == 404
    assert "没有找到这一页" in answer.text
