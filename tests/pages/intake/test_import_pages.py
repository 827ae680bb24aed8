"""Officers' pages of imports: handing a file in, watching it, its result, the refused rows."""

import io
import re

import pytest
from openpyxl import load_workbook
from sqlalchemy import func, select

from portal.cases.models import Case
from portal.core.access import AccessKind, AccessRecord
from portal.core.actor import SYSTEM, Role
from portal.intake.importing import run_import
from portal.intake.models import ImportRun, ImportState
from portal.intake.sheets import SIZE_LIMIT
from tests.factories import people
from tests.factories.intake import SAMPLES, complaint, sample_world, workbook
from tests.inspector import PARTIAL


@pytest.fixture
def world(session):
    return sample_world(session)


@pytest.fixture
def officer(session, world, client_for):
    member = people.member(session, world["350206"].id, Role.OFFICER, name="王芳")
    session.commit()
    return client_for(member)


def handed_in(officer, content, name="本周.xlsx", **fields):
    token = officer.token("/regulator/imports/new")
    data = {"csrf_token": token, "source": "auto", "file": (io.BytesIO(content), name), **fields}
    return officer.post("/regulator/imports", data=data, content_type="multipart/form-data")


def one_run(session):
    return session.scalars(select(ImportRun).execution_options(populate_existing=True)).one()


def test_the_list_is_empty_at_first_and_leads_to_the_form(officer):
    page = officer.get("/regulator/imports").text
    assert "还没有导入过文件" in page
    assert "/regulator/imports/new" in page


def test_a_file_is_taken_in_read_by_the_job_and_reported(officer, session, runtime):
    answer = handed_in(officer, (SAMPLES / "12315-export.xlsx").read_bytes(), "12315 本周.xlsx")
    assert answer.status_code == 303
    run = one_run(session)
    waiting = officer.get(answer.location).text
    assert "排队中" in waiting
    assert 'hx-trigger="every 1s"' in waiting
    assert '<noscript><meta http-equiv="refresh"' in waiting
    run_import(runtime, SYSTEM, run.id)
    done = officer.get(answer.location).text
    assert "已完成" in done
    assert "every 1s" not in done
    for figure in ("341", "166", "175", "51"):
        assert figure in done
    assert "登记时间缺失或不是有效的日期时间" in done
    listed = officer.get("/regulator/imports").text
    assert "12315 本周.xlsx" in listed
    assert "王芳" in listed
    assert "12315 本周.xlsx" in officer.get("/regulator/imports?q=本周&state=done").text
    assert "没有符合这些条件的导入" in officer.get("/regulator/imports?q=没有的名字").text


def test_the_fragment_that_is_asked_for_every_second_is_part_of_the_page(officer, session, runtime):
    answer = handed_in(officer, workbook([complaint(1)]))
    fragment = officer.get(answer.location, headers=PARTIAL).text
    assert fragment.strip().startswith('<section id="run"')
    assert fragment.strip() in officer.get(answer.location).text


def test_progress_shows_count_rate_and_what_failed(officer, session, runtime, clock):
    answer = handed_in(officer, workbook([complaint(n) for n in range(1, 601)]))
    run = one_run(session)

    def stopped(done, total, refused):
        clock.advance(seconds=1)
        if done >= 400:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_import(runtime, SYSTEM, run.id, stopped)
    page = officer.get(answer.location).text
    assert 400 <= int(re.search(r"已处理 (\d+) / 600 行", page)[1]) < 600
    assert "每秒" in page
    assert "约剩" in page


def test_a_run_that_lost_its_process_is_resumed_by_a_button(officer, session, runtime, clock):
    answer = handed_in(officer, workbook([complaint(n) for n in range(1, 301)]))
    run = one_run(session)

    def killed(done, total, refused):
        if done >= 200:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_import(runtime, SYSTEM, run.id, killed)
    clock.advance(minutes=3)
    page = officer.get(answer.location).text
    assert "继续导入" in page
    resumed = officer.submit(f"{answer.location}/resume", page=answer.location)
    assert resumed.status_code == 303
    run_import(runtime, SYSTEM, run.id)
    session.expire_all()
    assert one_run(session).totals["created"] == 300
    assert session.scalar(select(func.count()).select_from(Case)) == 300
    assert officer.submit(f"{answer.location}/resume", page="/regulator/imports/new").status_code == 422


def test_the_refused_rows_come_as_a_file_that_can_be_imported_again(officer, session, runtime):
    rows = [complaint(1), complaint(2, 登记时间="昨天"), complaint(3, 诉求内容="")]
    answer = handed_in(officer, workbook(rows))
    run_import(runtime, SYSTEM, one_run(session).id)
    refused = officer.submit(f"{answer.location}/refused.xlsx", page=answer.location)
    assert refused.status_code == 200
    sheet = load_workbook(io.BytesIO(refused.data)).active
    refused.close()
    assert [cell.value for cell in sheet["A"]] == ["行号", 3, 4]
    kinds = session.scalars(select(AccessRecord.kind)).all()
    assert AccessKind.EXPORT in kinds
    for line in (2, 3):
        sheet.cell(line, 5).value = "2026-08-10 10:00:00"
        sheet.cell(line, 9).value = "买的瓷砖有裂纹，要求退货。"
    corrected = io.BytesIO()
    sheet.parent.save(corrected)
    second = handed_in(officer, corrected.getvalue(), "退件.xlsx")
    later = session.scalars(select(ImportRun).where(ImportRun.file_name == "退件.xlsx")).one()
    run_import(runtime, SYSTEM, later.id)
    assert "新建 2 件" in officer.get(second.location).text


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "文件是空的"),
        (b"%PDF-1.7 ...", "这是PDF文件"),
        (b"\x89PNG\r\n", "这是图片"),
        (b"PK\x03\x04broken", "文件已损坏"),
        ("日期,天气\n2026-08-01,晴\n".encode(), "没有找到表头"),
    ],
)
def test_a_wrong_file_is_refused_in_one_sentence_and_nothing_is_kept(officer, session, content, words):
    answer = handed_in(officer, content, "x.xlsx")
    assert answer.status_code == 422
    assert words in answer.text
    assert answer.text.startswith("<!doctype html>")
    assert "<title>错误：" in answer.text
    assert session.scalar(select(func.count()).select_from(ImportRun)) == 0


def test_no_file_and_a_file_that_is_too_big_are_refused(officer, session):
    token = officer.token("/regulator/imports/new")
    none = officer.post("/regulator/imports", data={"csrf_token": token, "source": "auto"})
    assert none.status_code == 422
    assert "请选择要导入的" in none.text
    huge = handed_in(officer, b"PK\x03\x04" + bytes(SIZE_LIMIT), "太大.xlsx")
    assert huge.status_code == 422
    assert "最多100MB" in huge.text
    huge.request.input_stream.close()  # the test client spools what a server would read from the socket
    huge.close()


def test_a_file_of_another_district_is_refused(officer, session):
    people.authority(session, "厦门市思明区市场监督管理局", prefix="SM")
    session.commit()
    answer = handed_in(officer, workbook([complaint(1, 处理机构="厦门市思明区市场监督管理局")]))
    assert answer.status_code == 422
    assert "不在你的辖区内" in answer.text


def test_a_post_without_the_token_changes_nothing(officer, session):
    answer = officer.post(
        "/regulator/imports",
        data={"file": (io.BytesIO(workbook([complaint(1)])), "x.xlsx")},
        content_type="multipart/form-data",
    )
    assert answer.status_code == 400
    assert session.scalar(select(func.count()).select_from(ImportRun)) == 0


def test_an_auditor_may_look_but_not_import(session, world, client_for):
    member = people.member(session, world["350206"].id, Role.AUDITOR)
    session.commit()
    auditor = client_for(member)
    assert auditor.get("/regulator/imports").status_code == 200
    assert handed_in(auditor, workbook([complaint(1)])).status_code == 403


def test_hostile_text_stays_text_on_every_page(officer, session, runtime):
    hostile = {
        "企业名称": "<script>alert(1)</script>公司",
        "统一社会信用代码": "",
        "诉求内容": "=cmd|'/c calc'!A1 <img src=x onerror=alert(1)> ${7*7} '; DROP TABLE filing;-- \u202e",
        "客体类别全称": "商品->=1+1<b>",
        "投诉人": "<b>张",
    }
    handed_in(officer, workbook([complaint(1, **hostile), complaint(2, 类型="举报", **hostile)]), "<b>坏.xlsx")
    run = one_run(session)
    run_import(runtime, SYSTEM, run.id)
    session.expire_all()
    assert one_run(session).state is ImportState.DONE
    reference = session.scalars(select(Case.reference)).one()
    number = complaint(2)["登记编号"]
    for path in (
        "/regulator/imports",
        f"/regulator/imports/{run.reference}",
        "/regulator/triage",
        f"/regulator/triage/{reference}",
        "/regulator/tips",
        f"/regulator/tips/12315/{number}",
    ):
        page = officer.get(path)
        assert page.status_code == 200
        assert "<script>alert" not in page.text
        assert "<img src=x" not in page.text
        assert "\u202e" not in page.text


def test_a_list_kept_by_hand_is_imported_by_the_map_that_the_page_offers(officer, session, runtime):
    page = officer.get("/regulator/imports/new").text
    assert "/regulator/imports/map.toml" in page
    blank = officer.get("/regulator/imports/map.toml")
    assert "attachment" in blank.headers["Content-Disposition"]
    filled = blank.text.replace('# number = "登记编号"', 'number = "流水"')
    filled = filled.replace('# text = "诉求内容"', 'text = "怎么回事"').replace("# default_type", "default_type")
    table = "流水,怎么回事,单位名称,登记日期\nA-1,电饭煲坏了要求退款,厦门五缘百货有限公司,2026-08-10\n"
    handed_in(
        officer,
        table.encode("gb18030"),
        "手工登记.csv",
        column_map=(io.BytesIO(filled.encode("utf-8-sig")), "map.toml"),
    )
    run_import(runtime, SYSTEM, one_run(session).id)
    assert one_run(session).totals["created"] == 1
    assert session.scalars(select(Case.source)).one() == "generic"
