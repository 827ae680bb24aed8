"""What a platform says anew is seen: on the officer's list, on both timelines, beside the filing."""

import pytest

from tests.factories.intake import complaint
from tests.factories.joined import joined, take_in
from tests.queries import counted

pytestmark = pytest.mark.parametrize("database", ["sqlite"])
NATIONAL = complaint(1)["登记编号"]


def test_a_changed_filing_is_filtered_and_told(runtime, session, client_for, clock):
    world = joined(runtime, session)
    take_in(runtime, [complaint(2)])
    officer, agent = client_for(world.officer), client_for(world.agent)
    case, other = world.case_of(session, NATIONAL).reference, world.case_of(session, complaint(2)["登记编号"]).reference
    assert case not in officer.get("/regulator/cases?changed=any").text
    clock.advance(hours=1)
    take_in(runtime, [complaint(1, 办理情况状态="已分派")])
    for wanted in ("any", "week"):
        with counted(runtime.engine) as said:
            page = officer.get(f"/regulator/cases?changed={wanted}").text
        assert len(said) <= 8, said
        assert case in page
        assert other not in page
        assert "平台更新：" in page
    told = f"平台更新 {NATIONAL}：状态由“处理中”变为“已分派”"
    file = officer.get(f"/regulator/cases/{case}").text
    assert told in file
    assert "已分派（2026-08-12 10:00 更新）" in file
    assert told in agent.get(f"/merchant/cases/{case}").text
    clock.advance(days=8)
    assert case not in officer.get("/regulator/cases?changed=week").text
    assert case in officer.get("/regulator/cases?changed=any").text
