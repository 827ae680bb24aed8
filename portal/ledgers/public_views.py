"""Anyone may fetch a ledger's checkpoints and keys, and prove that an entry he knows is in it."""

from typing import Any

from flask import Blueprint, Response, redirect, request, url_for
from flask.typing import ResponseReturnValue

from portal import web
from portal.clocks.rules import local_day
from portal.ledgers import published
from portal.ledgers.published import Published

bp = Blueprint("ledgers_public", __name__, url_prefix="/verify/ledgers")


@bp.get("")
def ask() -> ResponseReturnValue:
    """Ask whose ledger; with a code, go to its own address."""
    code = request.args.get("code", "").strip().upper()
    if code:
        return redirect(url_for(".show", code=code), code=303)
    return web.page("ledgers/public_ask.html", asked="code" in request.args)


@bp.get("/<code>")
def show(code: str) -> ResponseReturnValue:
    """Show the newest checkpoint, the former ones, the keys; with `leaf`, the proof of one entry."""
    ledger = published.published_ledger(web.database(), code)
    former = published.former_checkpoints(web.database(), ledger, request.args.get("cursor"))
    leaf = request.args.get("leaf", "").strip()
    return web.page(
        "ledgers/public_ledger.html",
        ledger=ledger,
        newest=_line(ledger, ledger.newest),
        former=former,
        lines=[_line(ledger, row) for row in former.rows],
        leaf=leaf,
        proof=_proof(ledger, leaf) if leaf else None,
    )


@bp.get("/<code>/checkpoint")
def newest_checkpoint(code: str) -> ResponseReturnValue:
    """Give the newest signed note as plain text."""
    return _note(published.published_ledger(web.database(), code).newest.note)


@bp.get("/<code>/checkpoints/<int:size>")
def checkpoint(code: str, size: int) -> ResponseReturnValue:
    """Give the signed note of a size as plain text."""
    ledger = published.published_ledger(web.database(), code)
    return _note(published.signed_note(web.database(), ledger, size))


def _note(text: str) -> Response:
    return Response(text, mimetype="text/plain")


def _line(ledger: Published, row: Any) -> dict[str, Any]:
    return {
        "size": row.size,
        "day": local_day(row.signed_at).isoformat(),
        "root": row.root.hex(),
        "note": row.note,
        "key": row.key_id,
        "href": url_for(".checkpoint", code=ledger.merchant_code, size=row.size),
    }


def _proof(ledger: Published, leaf: str) -> dict[str, Any]:
    found = published.inclusion(web.database(), ledger, leaf)
    if found is None:
        return {"found": False, "seq": 0, "size": 0, "hashes": []}
    return {"found": True, "seq": found.seq, "size": found.size, "hashes": [one.hex() for one in found.hashes]}
