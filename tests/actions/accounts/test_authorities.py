"""The tree of authorities, read from a file's rows."""

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.accounts.authorities import AuthorityRow, ImportAuthorities, import_authorities
from portal.accounts.models import Organisation, OrganisationKind
from portal.accounts.queries import jurisdiction
from portal.core.actor import OPERATOR, VISITOR
from portal.core.errors import NotAllowed
from portal.core.imported import Imported
from tests.conftest import NOW

ROWS = (
    ("350206001", "江头市场监督管理所", "350206", "所"),  # children may come first
    ("350206", "厦门市湖里区市场监督管理局", "350200", "区"),
    ("350200", "厦门市市场监督管理局", "", "市"),
    ("350206X01", "厦门市湖里区消费者权益保护委员会", "", "消委会"),
)


def imported(session: Session, *rows: tuple[str, ...]) -> Imported:
    made = tuple(AuthorityRow(line, *row) for line, row in enumerate(rows, 2))
    return import_authorities(session, OPERATOR, ImportAuthorities(made), now=NOW)


def by_code(session: Session) -> dict[str, Organisation]:
    return {row.code: row for row in session.scalars(select(Organisation))}


def test_each_knows_its_path_and_prefix(session: Session) -> None:
    assert imported(session, *ROWS).created == 4
    found = by_code(session)
    city, district, station = (found[code] for code in ("350200", "350206", "350206001"))
    assert station.path == f"/{city.id}/{district.id}/{station.id}/"
    assert (city.prefix, district.prefix, station.prefix) == ("0200", "0206", None)
    assert jurisdiction(session, district) == {district.id, station.id}
    assert found["350206X01"].kind is OrganisationKind.COUNCIL


def test_a_second_import_changes_what_differs_and_moves_what_lies_below(session: Session) -> None:
    imported(session, *ROWS)
    again = imported(session, *ROWS[:3], ("350203", "厦门市思明区市场监督管理局", "350200", "区"))
    assert (again.created, again.unchanged) == (1, 3)
    moved = imported(session, ("350206001", "江头所", "350203", "所", "jt"))
    assert moved.changed == 1
    found = by_code(session)
    station = found["350206001"]
    assert (station.name, station.prefix) == ("江头所", "JT")
    assert station.path == f"{found['350203'].path}{station.id}/"


@pytest.mark.parametrize(
    ("row", "told"),
    [
        (("", "无代码", "", "所"), "没有代码"),
        (("35 02", "代码不对", "", "所"), "只能有数字和字母"),
        (("350299", "", "", "区"), "没有名称"),
        (("350299", "没有上级", "999999", "区"), "没有代码为 999999 的上级"),
        (("350299", "别的树", "350206X01", "区"), "各自成树"),
        (("350200", "重复", "", "市"), "已经出现过"),
        (("350299", "前缀不对", "", "区", "湖里"), "编号前缀"),
    ],
)
def test_a_faulty_row_is_told_and_the_good_ones_stay(session: Session, row: tuple[str, ...], told: str) -> None:
    result = imported(session, *ROWS, row)
    assert result.created == 4
    assert [problem.line for problem in result.problems] == [6]
    assert told in result.problems[0].text


def test_a_circle_is_refused_also_through_rows_stored_before(session: Session) -> None:
    assert len(imported(session, ("1", "甲局", "2", "市"), ("2", "乙局", "1", "区")).problems) == 2
    imported(session, *ROWS)
    turned = imported(session, ("350200", "厦门市市场监督管理局", "350206001", "市"))
    assert "绕成了圈" in turned.problems[0].text


def test_only_the_house_and_administrators_import(session: Session) -> None:
    with pytest.raises(NotAllowed):
        import_authorities(session, VISITOR, ImportAuthorities(()), now=NOW)
