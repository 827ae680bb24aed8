"""Rows written down ahead of being stored: every character arrives, search finds across the seam, the clock counts."""

import pytest
from sqlalchemy import select

from portal.cases.models import Case
from portal.core import search
from portal.core.actor import OPERATOR
from portal.core.bulk import form_of
from portal.core.privacy import vault_of
from portal.intake.actions import StartImport, start_import
from portal.intake.importing import LARGEST, run_import
from portal.intake.models import Filing, Tip
from portal.intake.uploads import read_upload
from tests.conftest import NOW
from tests.factories.intake import complaint, sample_world, workbook

AWKWARD = "窗口\\N \\x41\\\n二层\t柜台\\t\\"  # what COPY would read as NULL, a byte, ends of field and line


@pytest.fixture
def take_in(runtime, session):
    sample_world(session)

    def import_rows(rows, told=lambda *_figures: None):
        upload = read_upload("本周.xlsx", workbook(rows))
        run = runtime.perform(OPERATOR, start_import, StartImport(upload))
        return run_import(runtime, OPERATOR, run.id, told)

    return import_rows


def test_every_character_of_a_row_arrives(take_in, session):
    take_in([
        complaint(1, 接收方式=AWKWARD, 诉求内容=AWKWARD),
        complaint(2, 类型="举报", 接收方式=AWKWARD, 诉求内容=AWKWARD),
    ])  # fmt: skip
    for model, purpose in ((Filing, "filing.text"), (Tip, "tip.text")):
        row = session.scalars(select(model)).one()
        session.refresh(row, ["key"])
        assert row.reception == AWKWARD
        assert vault_of(session).open(row.key, row.text_sealed, purpose) == AWKWARD


def test_a_case_is_found_by_its_reference_and_by_its_text(take_in, session):
    take_in([complaint(1), complaint(2, 诉求内容="柜门合不上，要求修理。")])
    cases = session.scalars(select(Case).join(Filing, Filing.case_id == Case.id).order_by(Filing.row)).all()
    scope = search.authority_scope(cases[0].authority_id)
    assert [search.matching_ids(session, search.CASE_SEARCH, one.reference, scope) for one in cases] == [
        [one.id] for one in cases
    ]
    assert search.matching_ids(session, search.CASE_SEARCH, "柜门合不上", scope) == [cases[1].id]
    assert search.matching_ids(session, search.CASE_SEARCH, f"{cases[0].headline[-1]}{cases[0].reference}", scope) == []


def test_a_moment_without_a_zone_is_not_written_down(session):
    form = form_of(Case, ("id",), session.get_bind().dialect)
    with pytest.raises(ValueError, match="naive"):
        form.line({"opened_at": NOW.replace(tzinfo=None)})


def test_rows_drafted_ahead_are_opened_as_of_when_they_were_asked_for(take_in, runtime, session, clock):
    def a_day_later(done, total, refused):
        if done == LARGEST:
            clock.advance(days=1)

    take_in([complaint(n) for n in range(1, 3 * LARGEST + 1)], a_day_later)
    opened = session.execute(select(Filing.row, Case.opened_at).join(Case, Case.id == Filing.case_id)).all()
    by_batch = [{at for row, at in opened if (row - 2) // LARGEST == batch} for batch in range(3)]
    assert [len(moments) for moments in by_batch] == [1, 1, 1]
    first, second, third = (moments.pop() for moments in by_batch)
    assert (first, second) == (NOW, NOW)
    assert (third - NOW).days == 1
