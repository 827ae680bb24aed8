"""Bringing a directory list in, and what became of it: progress, totals, the rows that were not taken."""

import io

from flask import redirect, send_file, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal import web
from portal.commitments import list_runs
from portal.commitments.list_files import COLUMNS, REQUIRED, SIZE_LIMIT, read_list
from portal.commitments.list_runs import IN_REQUEST, UNFINISHED, StartList, TakeProblems
from portal.commitments.overview import day
from portal.commitments.review_forms import ListForm
from portal.commitments.run_models import ListRun, ListState
from portal.core.errors import RuleBroken
from portal.core.permissions import Permission, require
from portal.core.workbooks import UnreadableFile
from portal.enrolment.actions import Under

STATES = {
    ListState.QUEUED: ("等待导入", "theirs"),
    ListState.RUNNING: ("正在导入", "ours"),
    ListState.DONE: ("已导入", "good"),
    ListState.FAILED: ("没有完成", "bad"),
}
SHOWN = 50  # rows on the page; all of them stand in the file


def ask_file() -> ResponseReturnValue:
    """Show the form for a list and the lists before."""
    return upload_page(ListForm(formdata=None))


def start_import() -> ResponseReturnValue:
    """Take a list in; a short one is imported at once, a long one by a worker."""
    form = ListForm()
    if not form.validate_on_submit():
        return upload_page(form, status=422)
    try:
        name, content = form.upload()
        rows = sum(len(firm) for firm in read_list(io.BytesIO(content)))
        run = web.perform(list_runs.start_list, StartList(name, content, rows))
    except (RuleBroken, UnreadableFile) as objection:
        web.show_objection(form, RuleBroken(objection.text, field=objection.field or "file"))
        return upload_page(form, status=422)
    if run.state is ListState.QUEUED:
        queued = run.total_rows > IN_REQUEST and web.runtime().enqueue(
            "promise-list", job_id=f"promise-list-{run.id}", run_id=run.id
        )
        if not queued and run.total_rows <= IN_REQUEST:
            list_runs.run_list(web.runtime(), run.id)
    return redirect(url_for(".show_import", reference=run.reference), code=303)


def show_import(reference: str) -> ResponseReturnValue:
    """Show an import: its progress while it is at work, then its totals and what was not taken."""
    run = list_runs.seen_run(web.database(), web.current_actor(), reference)
    return web.page(
        "commitments/regulator_run.html",
        fragment="run",
        run=run,
        state=STATES[run.state],
        is_at_work=run.state in UNFINISHED,
        bar={
            "done": run.read,
            "total": run.total_rows,
            "rate_text": "",
            "left_text": "",
            "failed": len(run.problems),
            "unit": _("行"),
        },
        problems=problems_of(run)[:SHOWN],
        here=url_for(".show_import", reference=reference),
        day=day,
    )


def problems(reference: str) -> ResponseReturnValue:
    """Give the rows that were not taken as a file, and record it."""
    out = web.perform(list_runs.take_problems, TakeProblems(reference))
    return send_file(out, as_attachment=True, download_name=f"没有导入的行-{reference}.xlsx")


def upload_page(form: ListForm, status: int = 200) -> ResponseReturnValue:
    """Render the form for a list."""
    actor = web.current_actor()
    require(actor, Permission.PROMISE_IMPORT, Under(actor.organisation_id))
    return web.page(
        "commitments/regulator_import.html",
        status=status,
        failed=status != 200,
        form=form,
        required="、".join(COLUMNS[name][0] for name in REQUIRED),
        others="、".join(titles[0] for name, titles in COLUMNS.items() if name not in REQUIRED),
        limit=SIZE_LIMIT,
        runs=list_runs.own_runs(web.database(), actor),
        states=STATES,
        day=day,
    )


def problems_of(run: ListRun) -> list[tuple[int, str, str]]:
    """Line, code and sentence, in the order of the sheet."""
    return sorted((int(line), code, text) for line, (code, text) in run.problems.items())
