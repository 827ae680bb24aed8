"""The figures of promises as a browser without script sees them."""

import io

import openpyxl
import pytest

from portal.core.actor import Role
from tests.factories import people, promises
from tests.queries import counted

PAGE = "/regulator/promise-figures"


@pytest.fixture
def database():
    """The database does not matter to a page."""
    return "sqlite"


@pytest.fixture
def officer(session, client_for):
    district = people.authority(session)
    for number in range(4):
        station = people.authority(session, f"第{number}所", parent=district)
        promises.promise(session, people.merchant(session, station))
    membership = people.member(session, district.id, Role.OFFICER)
    session.commit()
    return client_for(membership)


def test_every_number_opens_its_list(officer):
    page = officer.get(PAGE).text
    assert "第3所" in page
    assert "合计" in page
    href = page.partition(f'href="{PAGE}/rows')[2].partition('"')[0].replace("&amp;", "&")
    assert "百货" in officer.get(f"{PAGE}/rows{href}").text
    assert "没有记录" in officer.get(f"{PAGE}/rows?of=removed&month=2026-07").text


def test_a_table_of_many_authorities_says_as_little_to_the_database(officer, runtime):
    with counted(runtime.engine) as said:
        officer.get(f"{PAGE}?month=2026-07")
    assert len(said) <= 8, said


def test_the_figures_are_exported_with_the_month_before(officer):
    answer = officer.submit(f"{PAGE}/export?month=2026-08", {}, page=PAGE)
    sheet = openpyxl.load_workbook(io.BytesIO(answer.data)).active
    heads = [cell.value for cell in sheet[1]]
    assert heads[:3] == ["单位", "在期承诺单位 2026-08", "在期承诺单位 2026-07"]
    assert sheet.cell(sheet.max_row, 2).value == "4"
