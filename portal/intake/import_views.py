"""Officers' pages of imports: the list, handing in a file, its progress, its result, the refused rows."""

import io
import tempfile

from flask import redirect, request, send_file, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal import web
from portal.cases import lookups
from portal.cases.lookups import RecordExport
from portal.clocks.rules import SHANGHAI
from portal.core.errors import RuleBroken
from portal.core.paging import shown_count
from portal.intake import actions, queries
from portal.intake.actions import ResumeImport, StartImport
from portal.intake.forms import FILE_LIMIT, EmptyForm, UploadForm
from portal.intake.models import ImportRun
from portal.intake.queries import STATE_NAMES, RunFilter, RunView
from portal.intake.rules import blank_column_map

STATE_TONES = {"queued": "theirs", "running": "ours", "done": "good", "failed": "bad"}


def imports() -> ResponseReturnValue:
    """List the imports of the jurisdiction."""
    wanted = RunFilter(text=request.args.get("q", "").strip()[:100], state=request.args.get("state", ""))
    actor, session = web.current_actor(), web.database()
    page = queries.imports(session, actor, wanted, request.args.get("cursor"))
    return web.page(
        "intake/regulator_imports.html",
        rows=page.rows,
        page=page,
        wanted=wanted,
        count_text=shown_count(queries.count_imports(session, actor, wanted)),
        states=[(state.value, name) for state, name in STATE_NAMES.items()],
        tones=STATE_TONES,
        zone=SHANGHAI,
        address=wanted.address(url_for(".imports")),
    )


def new_import() -> ResponseReturnValue:
    """Show the form for a file."""
    return upload_page(UploadForm(formdata=None))


def column_map() -> ResponseReturnValue:
    """Give the column map that a newcomer starts from."""
    content = io.BytesIO(blank_column_map().encode())
    return send_file(content, "text/plain; charset=utf-8", as_attachment=True, download_name="map.toml")


def start_import() -> ResponseReturnValue:
    """Take a file in and let a worker read it; what cannot be read is refused at once and nothing is kept."""
    form = UploadForm()
    if not form.validate_on_submit():
        return upload_page(form, status=422)
    try:
        run = web.perform(actions.start_import, StartImport(form.upload()))
    except RuleBroken as objection:
        web.show_objection(form, objection)
        return upload_page(form, status=422)
    ask_worker(run)
    return redirect(url_for(".run", reference=run.reference), code=303)


def upload_page(form: UploadForm, status: int = 200) -> ResponseReturnValue:
    """Render the form for a file."""
    return web.page("intake/regulator_upload.html", status=status, form=form, limit=FILE_LIMIT, failed=status != 200)


def ask_worker(run: ImportRun) -> None:
    """Queue the run; without Valkey the schedule takes it up within a minute and a half."""
    web.runtime().enqueue("import", job_id=f"import-{run.id}-{run.attempt}", run_id=run.id)


def run(reference: str) -> ResponseReturnValue:
    """Show a run: its progress while it is at work, then its totals and what was refused."""
    return run_page(reference, EmptyForm(formdata=None))


def resume_import(reference: str) -> ResponseReturnValue:
    """Queue a run again that stopped."""
    form = EmptyForm()
    if not form.validate_on_submit():
        return run_page(reference, form, status=422)
    try:
        resumed = web.perform(actions.resume_import, ResumeImport(reference))
    except RuleBroken as objection:
        web.show_objection(form, objection)
        return run_page(reference, form, status=422)
    ask_worker(resumed)
    return redirect(url_for(".run", reference=reference), code=303)


def export_refused(reference: str) -> ResponseReturnValue:
    """Give the refused rows as a file to be corrected and imported again, and record it."""
    view = queries.run_view(web.database(), web.current_actor(), reference, now=web.now())
    if not view.can_download:
        raise RuleBroken(_("退回的行没有了：原件在导入结束 7 天后已按规定删除。请重新上传原文件。"))
    web.perform(lookups.record_export, RecordExport("refused_rows", reference))
    out = tempfile.TemporaryFile(suffix=".xlsx")  # noqa: SIM115  the sender closes it
    queries.write_refused(web.database(), web.current_actor(), reference, out)
    out.seek(0)
    return send_file(out, as_attachment=True, download_name=f"退件-{reference}.xlsx")


def run_page(reference: str, form: EmptyForm, status: int = 200) -> ResponseReturnValue:
    """Render a run, or only what changes while it is at work."""
    view = queries.run_view(web.database(), web.current_actor(), reference, now=web.now())
    return web.page(
        "intake/regulator_run.html",
        fragment="run",
        status=status,
        view=view,
        form=form,
        failed=status != 200,
        bar=progress_bar(view),
        tone=STATE_TONES[view.state.value],
        zone=SHANGHAI,
        figures=figures(view),
    )


def progress_bar(view: RunView) -> dict[str, object]:
    """The figures as `ui.progress` draws them."""
    left = view.seconds_left
    left_text = ""
    if left is not None:
        left_text = _("约剩 %(count)s 秒", count=left) if left < 100 else _("约剩 %(count)s 分钟", count=-(-left // 60))
    return {
        "done": view.done,
        "total": view.total,
        "rate_text": _("每秒 %(count)s 行", count=f"{view.rate:.0f}") if view.rate else "",
        "left_text": left_text,
        "failed": view.refused,
        "unit": _("行"),
    }


def figures(view: RunView) -> list[dict[str, object]]:
    """The totals, each a link to its list."""
    totals = {name: view.totals.get(name, 0) for name in actions.COUNTS}
    cells = [
        (_("新建纠纷"), "created", "/regulator/cases", _("其中并入已有纠纷 %(count)s 件", count=totals["merged"])),
        (_("已派发"), "routed", "/regulator/cases?tab=open", _("企业已能看到")),
        (_("待分流"), "waiting", url_for(".triage"), _("等经办人员指定企业")),
        (_("举报"), "tips", url_for(".tips"), _("只有监管人员能看到")),
        (_("退回"), "refused", f"{url_for('.run', reference=view.reference)}#refused", _("改正后可再导入")),
    ]
    return [
        {
            "label": label,
            "value": f"{totals[name]:,}",
            "unit": _("行") if name == "refused" else _("件"),
            "href": href,
            "note": note,
            "tone": "bad" if name == "refused" and totals[name] else "",
        }
        for label, name, href, note in cells
    ]
