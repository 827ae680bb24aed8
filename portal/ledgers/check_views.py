"""Verifying, and taking lists and bundles, from either desk: `code` is empty for the merchant's own ledger."""

import tempfile
from typing import Any

from flask import redirect, send_file, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal import web
from portal.clocks.rules import local_day
from portal.ledgers import bundles, checking, taking
from portal.ledgers.checking import AT_ONCE, AskCheck
from portal.ledgers.filters import TITLES
from portal.ledgers.integrity import moment, trouble
from portal.ledgers.opening import firm_of, own_firm
from portal.ledgers.page_models import CheckState
from portal.ledgers.taking import TakeBundle, TakeList


def start_check(code: str = "") -> ResponseReturnValue:
    """Verify a ledger: a short one at once, a long one in the background."""
    check = web.perform(checking.ask_check, AskCheck(code))
    if check.state is CheckState.QUEUED:
        queued = check.total > AT_ONCE and web.runtime().enqueue(
            "ledger-check", job_id=f"ledger-check-{check.id}", check_id=check.id
        )
        if not queued:
            checking.run_check(web.runtime(), check_id=check.id)
    where: dict[str, Any] = {"code": code} if code else {}
    return redirect(url_for(".check", reference=check.reference, **where), code=303)


def check_page(template: str, reference: str, code: str = "") -> ResponseReturnValue:
    """Show a verification: that it is at work, then what it found."""
    session, actor, now = web.database(), web.current_actor(), web.now()
    check, _merchant = checking.check_of(session, actor, code, reference)
    firm = firm_of(session, actor, code) if code else own_firm(session, actor)
    where: dict[str, Any] = {"code": code} if code else {}
    return web.page(
        template,
        fragment="check",
        check=check,
        firm=firm,
        is_busy=check.state in (CheckState.QUEUED, CheckState.RUNNING),
        is_done=check.state is CheckState.DONE,
        trouble=trouble(check),
        asked=moment(check.asked_at, now),
        ended=moment(check.ended_at, now),
        bar={"done": 0, "total": 0, "rate_text": "", "left_text": "", "failed": 0, "unit": _("笔")},
        here=url_for(".check", reference=reference, **where),
        verify_to=url_for(".verify", **where),
        bundle_to=url_for(".bundle", **where),
    )


def send_list(command: TakeList) -> ResponseReturnValue:
    """Give a list as a file; that it was taken is on record."""
    out = web.perform(taking.take_list, command)
    name = f"{TITLES[command.wanted.book]}-{local_day(web.now()).isoformat()}.xlsx"
    return send_file(out, as_attachment=True, download_name=name)


def send_bundle(command: TakeBundle) -> ResponseReturnValue:
    """Give the bundle as a file; that it was taken is on record first."""
    firm = web.perform(taking.take_bundle, command)
    out = tempfile.TemporaryFile(suffix=".zip")  # noqa: SIM115  the sender closes it
    bundles.write_bundle(web.database(), firm.id, out, opened=command.opened)
    out.seek(0)
    day = local_day(web.now()).isoformat()
    return send_file(out, as_attachment=True, download_name=f"台账-{firm.code}-{day}.zip", mimetype="application/zip")
