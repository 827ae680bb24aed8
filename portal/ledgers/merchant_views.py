"""Every door of a merchant to its own ledgers."""

from flask import Blueprint
from flask.typing import ResponseReturnValue

from portal.ledgers import check_views, entry_views, grid_views, sheet_views
from portal.ledgers.page_models import Book
from portal.ledgers.taking import TakeBundle

bp = Blueprint("ledgers_merchant", __name__, url_prefix="/merchant/ledgers")

for book in Book:
    here, which = f"/{book.value}", {"book": book}
    bp.add_url_rule(here, book.value, grid_views.show_book, defaults=which, methods=["GET"])
    bp.add_url_rule(here, f"enter_{book.value}", grid_views.enter_rows, defaults=which, methods=["POST"])
    bp.add_url_rule(f"{here}/draft", f"keep_{book.value}", grid_views.keep_draft, defaults=which, methods=["POST"])
    bp.add_url_rule(f"{here}/paste", f"paste_{book.value}", grid_views.paste_rows, defaults=which, methods=["POST"])
    bp.add_url_rule(f"{here}/import", f"import_{book.value}", sheet_views.ask_file, defaults=which, methods=["GET"])
    bp.add_url_rule(f"{here}/import", f"start_{book.value}", sheet_views.start_import, defaults=which, methods=["POST"])
    bp.add_url_rule(f"{here}.xlsx", f"export_{book.value}", grid_views.export_book, defaults=which, methods=["POST"])

bp.get("/imports/<reference>")(sheet_views.import_run)
bp.post("/imports/<reference>/corrections.xlsx")(sheet_views.corrections)
bp.get("/entries/<seq>")(entry_views.entry)
bp.post("/entries/<seq>/reveal")(entry_views.reveal)
bp.get("/entries/<seq>/amend")(entry_views.ask_amendment)
bp.post("/entries/<seq>/amend")(entry_views.amend)


@bp.post("/verify")
def verify() -> ResponseReturnValue:
    """Verify the own ledger."""
    return check_views.start_check()


@bp.get("/checks/<reference>")
def check(reference: str) -> ResponseReturnValue:
    """Show what a verification found."""
    return check_views.check_page("ledgers/merchant_check.html", reference)


@bp.post("/bundle.zip")
def bundle() -> ResponseReturnValue:
    """Give a bundle of the own ledger, redacted, that anybody can verify."""
    return check_views.send_bundle(TakeBundle())
