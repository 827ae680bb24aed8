"""Every door of an authority to the ledgers of its jurisdiction: each is opened with a reason (decisions 19)."""

from flask import Blueprint, flash, get_flashed_messages, redirect, request, send_file, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal import web
from portal.clocks.queries import almanac
from portal.clocks.rules import local_day
from portal.core.actor import Role
from portal.core.errors import RuleBroken
from portal.core.paging import shown_count
from portal.core.permissions import Permission, can
from portal.ledgers import book_views, check_views, firms, onlookers, opening, queries, reading
from portal.ledgers.filters import TITLES, EntryFilter
from portal.ledgers.firms import SORTS, STATES, FirmFilter, TakeFirms
from portal.ledgers.forms import BundleForm, LookForm, OpenForm, ReleaseForm
from portal.ledgers.integrity import integrity, moment
from portal.ledgers.opening import LedgerClosed
from portal.ledgers.page_models import Book
from portal.ledgers.rules.disclosure import REASON_NAMES
from portal.ledgers.taking import TakeBundle, TakeList

bp = Blueprint("ledgers_regulator", __name__, url_prefix="/regulator/ledgers")


@bp.errorhandler(LedgerClosed)
def ask_first(_refusal: LedgerClosed) -> ResponseReturnValue:
    """Without a grant the way leads to the question for the reason."""
    code = (request.view_args or {})["code"]
    return redirect(url_for("ledgers_regulator.ledger", code=code), code=303)


@bp.get("")
def ledgers() -> ResponseReturnValue:
    """List the ledgers of the jurisdiction with their state."""
    wanted = FirmFilter.read(request.args)
    page, count = firms.firms(web.database(), web.current_actor(), wanted, request.args.get("cursor"))
    now, here = web.now(), url_for(".ledgers")
    return web.page(
        "ledgers/regulator_ledgers.html",
        page=page,
        count=shown_count(count),
        wanted=wanted,
        chips=wanted.chips(here),
        states=STATES,
        sorts=SORTS,
        address=wanted.address(here),
        export_to=wanted.address(url_for(".export_ledgers")),
        when=lambda at: moment(at, now),
    )


@bp.post("/export")
def export_ledgers() -> ResponseReturnValue:
    """Give the list as a file, and record it."""
    out = web.perform(firms.take_firms, TakeFirms(FirmFilter.read(request.args)))
    return send_file(out, as_attachment=True, download_name=f"企业台账-{local_day(web.now()).isoformat()}.xlsx")


@bp.get("/<code>")
def ledger(code: str) -> ResponseReturnValue:
    """Show one ledger's state, and ask for the reason unless it is open."""
    return ledger_page(code, OpenForm(formdata=None), BundleForm(formdata=None))


@bp.post("/<code>/open")
def open_ledger(code: str) -> ResponseReturnValue:
    """Open the ledger for thirty minutes, with a reason, on record."""
    form = OpenForm()
    if not form.validate_on_submit():
        return ledger_page(code, form, BundleForm(formdata=None), status=422)
    try:
        web.perform(opening.open_ledger, form.command(code))
    except RuleBroken as objection:
        web.show_objection(form, objection)
        return ledger_page(code, form, BundleForm(formdata=None), status=422)
    return redirect(url_for(".ledger", code=code), code=303)


def ledger_page(code: str, form: OpenForm, bundle_form: BundleForm, status: int = 200) -> ResponseReturnValue:
    """Render one ledger's state."""
    session, actor, now = web.database(), web.current_actor(), web.now()
    firm = opening.firm_of(session, actor, code)
    held = opening.standing(session, actor, firm, now=now)
    head = queries.head(session, actor, firm, Book.RETURNS, now=now)
    return web.page(
        "ledgers/regulator_ledger.html",
        status=status,
        firm=firm,
        form=form,
        bundle_form=bundle_form,
        failed=status != 200,
        held_until=moment(held.until, now) if held else "",
        held_reason=REASON_NAMES[held.reason] if held else "",
        panel=integrity(head, now) if head.size else None,
        books=[(TITLES[book], url_for(f".{book.value}", code=firm.code)) for book in Book],
        verify_to=url_for(".verify", code=firm.code),
        open_to=url_for(".open_ledger", code=firm.code),
        bundle_to=url_for(".bundle", code=firm.code),
        may_take_open=can(actor, Permission.LEDGER_EXPORT_OPEN, firm),
        days=almanac(session).amount("ledger_reads", local_day(now)),
    )


def book_of(code: str, book: Book) -> ResponseReturnValue:
    """Show a book of an opened ledger, masked."""
    session, actor, now = web.database(), web.current_actor(), web.now()
    firm, held = opening.opened_firm(session, actor, code, now=now)
    head = queries.head(session, actor, firm, book, now=now)
    wanted = EntryFilter.read(book, request.args)
    view = book_views.book_list(firm, head, wanted, url_for(f".{book.value}", code=firm.code), reasons=False)
    return web.page(
        "ledgers/regulator_book.html",
        view=view,
        firm=firm,
        held_until=moment(held.until, now),
        ledger_to=url_for(".ledger", code=firm.code),
        entry_to=url_for(".entry", code=firm.code, seq="0").removesuffix("/0"),
        export_to=wanted.address(url_for(f".export_{book.value}", code=firm.code)),
        verify_to=url_for(".verify", code=firm.code),
    )


def export_book(code: str, book: Book) -> ResponseReturnValue:
    """Give the list under its filters as a file, masked as on the page; recorded."""
    return check_views.send_list(TakeList(EntryFilter.read(book, request.args), code))


for _book in Book:
    _which, _name = {"book": _book}, f"export_{_book.value}"
    bp.add_url_rule(f"/<code>/{_book.value}", _book.value, book_of, defaults=_which, methods=["GET"])
    bp.add_url_rule(f"/<code>/{_book.value}.xlsx", _name, export_book, defaults=_which, methods=["POST"])


@bp.get("/<code>/entries/<seq>")
def entry(code: str, seq: str) -> ResponseReturnValue:
    """Show one entry of an opened ledger, masked."""
    return entry_page(code, seq, LookForm(formdata=None))


@bp.post("/<code>/entries/<seq>/reveal")
def reveal(code: str, seq: str) -> ResponseReturnValue:
    """Open the consumer's particulars of one entry for thirty minutes, with a reason, on record."""
    form = LookForm()
    if not form.validate_on_submit():
        return entry_page(code, seq, form, status=422)
    web.perform(reading.reveal_entry, form.command(seq, code))
    return redirect(url_for(".entry", code=code, seq=seq), code=303)


def entry_page(code: str, seq: str, form: LookForm, status: int = 200) -> ResponseReturnValue:
    """Render one entry."""
    session, actor, now = web.database(), web.current_actor(), web.now()
    firm, _held = opening.opened_firm(session, actor, code, now=now)
    view = reading.entry_view(session, actor, firm, seq, now=now)
    return web.page(
        "ledgers/regulator_entry.html",
        status=status,
        view=view,
        firm=firm,
        form=form,
        failed=status != 200,
        book_to=url_for(f".{view.book.value}", code=firm.code),
        ledger_to=url_for(".ledger", code=firm.code),
        entry_to=url_for(".entry", code=firm.code, seq="0").removesuffix("/0"),
        reveal_to=url_for(".reveal", code=firm.code, seq=seq),
        case_to="/regulator/cases",
        when=lambda at: moment(at, now),
    )


@bp.post("/<code>/verify")
def verify(code: str) -> ResponseReturnValue:
    """Verify an opened ledger."""
    return check_views.start_check(code)


@bp.get("/<code>/checks/<reference>")
def check(code: str, reference: str) -> ResponseReturnValue:
    """Show what a verification found."""
    return check_views.check_page("ledgers/regulator_check.html", reference, code)


@bp.post("/<code>/bundle.zip")
def bundle(code: str) -> ResponseReturnValue:
    """Give a bundle of an opened ledger; with personal values for officers, for a reason, on record."""
    form = BundleForm()
    if not form.validate_on_submit():
        return ledger_page(code, OpenForm(formdata=None), form, status=422)
    try:
        return check_views.send_bundle(TakeBundle(code, opened=bool(form.opened.data), why=form.why.data or ""))
    except RuleBroken as objection:
        web.show_objection(form, objection)
        return ledger_page(code, OpenForm(formdata=None), form, status=422)


@bp.get("/releases")
def releases() -> ResponseReturnValue:
    """List reads that the audited do not see yet: for the chief to release."""
    return releases_page(ReleaseForm(formdata=None))


@bp.post("/releases")
def release() -> ResponseReturnValue:
    """Let the audited merchant know of one read; cannot be taken back."""
    form = ReleaseForm()
    if not form.validate_on_submit():
        return releases_page(form, status=422)
    try:
        web.perform(onlookers.release_read, form.command())
    except RuleBroken as objection:
        web.show_objection(form, objection)
        return releases_page(form, status=422)
    flash(_("已公开。企业在查阅满规定天数后可以看到。"))
    return redirect(url_for(".releases"), code=303)


def releases_page(form: ReleaseForm, status: int = 200) -> ResponseReturnValue:
    """Render the list of reads that are held back."""
    session, actor, now = web.database(), web.current_actor(), web.now()
    told = [str(text) for text in get_flashed_messages()]
    return web.page(
        "ledgers/regulator_releases.html",
        status=status,
        page=onlookers.held_back(session, actor, request.args.get("cursor")),
        form=form,
        failed=status != 200,
        is_chief=actor.role is Role.CHIEF,
        days=almanac(session).amount("ledger_reads", local_day(now)),
        when=lambda at: moment(at, now),
        toast={"text": " ".join(told), "undo": "", "seconds": 0} if told else None,
    )
