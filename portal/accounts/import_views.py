"""Staff from a file: the template, the check of each row, and the sheet of first passwords that is shown once."""

import json

from flask import Response, make_response, request, send_file
from flask.typing import ResponseReturnValue

from portal import web
from portal.accounts import importing, passwords, queries
from portal.accounts.forms import StaffFileForm
from portal.accounts.importing import HEADERS, MOST_ROWS, ImportStaff, Password, StaffRow, Verdict
from portal.accounts.models import Organisation
from portal.core.actor import ROLE_NAMES, ActorKind
from portal.core.errors import RuleBroken
from portal.core.sheets import write_sheet
from portal.core.tables import UnreadableFile

LAYOUTS = {
    ActorKind.MERCHANT: "layouts/merchant.html",
    ActorKind.AUTHORITY: "layouts/regulator.html",
    ActorKind.ADMIN: "layouts/admin.html",
}
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
NOT_READ = "没有收到核对过的名单。请重新选择文件。"


def start_import() -> ResponseReturnValue:
    """Show where a file is chosen."""
    return start_page(StaffFileForm(formdata=None))


def staff_template() -> ResponseReturnValue:
    """Give the table to fill in, with an example of each post."""
    organisation = seen()
    names = [ROLE_NAMES[role] for role in importing.offered_roles(web.current_actor(), organisation)]
    rows = [("（示例，请删去）", f"zhangsan{number}", name) for number, name in enumerate(names, 1)]
    content = write_sheet("人员", HEADERS, rows, widths=(18, 24, 16))
    return send_file(content, XLSX, as_attachment=True, download_name="人员导入模板.xlsx")


def check_import() -> ResponseReturnValue:
    """Read a file and show what each row comes to; nothing is stored."""
    form = StaffFileForm()
    if not form.validate_on_submit():
        return start_page(form, status=422)
    try:
        rows = importing.read_staff(form.file.data.stream)
        judged = importing.judge(web.database(), web.current_actor(), seen(), rows)
    except (RuleBroken, UnreadableFile) as objection:
        form.file.errors = [objection.text]
        return start_page(form, status=422)
    return web.page(
        "accounts/staff_import_check.html",
        layout=LAYOUTS[web.current_actor().kind],
        organisation=seen(),
        judged=judged,
        names=importing.VERDICT_NAMES,
        tones=importing.VERDICT_TONES,
        counts={verdict: sum(one.verdict is verdict for one in judged) for verdict in Verdict},
        rows=json.dumps([[row.line, row.name, row.sign_in_name, row.role] for row in rows], ensure_ascii=False),
    )


def carry_out_import() -> ResponseReturnValue:
    """Add the people whose rows are good and show their first passwords, once and in this answer only."""
    organisation = seen()
    try:
        rows = rows_of(request.form.get("rows", ""))
        judged = importing.judge(web.database(), web.current_actor(), organisation, rows)
        fresh = [one.row.sign_in_name.lower() for one in judged if one.verdict is Verdict.NEW]
        command = ImportStaff(organisation.code, rows, {name: new_password() for name in fresh})
        outcome = web.perform(importing.import_staff, command)
    except RuleBroken as objection:
        form = StaffFileForm(formdata=None)
        form.file.errors = [objection.text]
        return start_page(form, status=422)
    response: Response = make_response(
        web.page(
            "accounts/staff_import_done.html",
            layout=LAYOUTS[web.current_actor().kind],
            organisation=organisation,
            added=[(one.row.name, one.row.sign_in_name.lower(), one.row.role, plain) for one, plain in outcome.added],
            left=[one for one in outcome.judged if one.verdict is Verdict.FAULTY],
            same=sum(one.verdict is Verdict.SAME for one in outcome.judged),
        )
    )
    response.headers["Cache-Control"] = "no-store"  # passwords: neither browser nor proxy keeps them
    return response


def rows_of(text: str) -> tuple[StaffRow, ...]:
    """The rows of the check as the page carried them; refuses with RuleBroken what is none."""
    try:
        rows = tuple(
            StaffRow(int(line), str(name), str(sign_in), str(role)) for line, name, sign_in, role in json.loads(text)
        )
    except (ValueError, TypeError) as problem:
        raise RuleBroken(NOT_READ) from problem
    if not rows or len(rows) > MOST_ROWS:
        raise RuleBroken(NOT_READ)
    return rows


def new_password() -> Password:
    """A first password with its hash, made outside the transaction: hashing takes its time."""
    plain = passwords.generated_password()
    return Password(plain, passwords.hash_password(plain))


def seen() -> Organisation:
    """The organisation whose people are imported: one's own, or for an administrator the one named."""
    code = request.values.get("organisation") or None
    return queries.organisation_seen(web.database(), web.current_actor(), code)


def start_page(form: StaffFileForm, status: int = 200) -> ResponseReturnValue:
    """Render where a file is chosen; for those who may add people."""
    actor, organisation = web.current_actor(), seen()
    importing.require_managing(actor, organisation)
    return web.page(
        "accounts/staff_import.html",
        status=status,
        layout=LAYOUTS[actor.kind],
        organisation=organisation,
        roles=[ROLE_NAMES[role] for role in importing.offered_roles(actor, organisation)],
        form=form,
        most=MOST_ROWS,
        failed=status != 200,
    )
