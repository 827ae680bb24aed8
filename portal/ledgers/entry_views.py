"""One entry's pages for the merchant: looking, looking at the consumer, amending."""

from collections.abc import Mapping

from flask import redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal import web
from portal.core.errors import RuleBroken
from portal.ledgers import amending, reading
from portal.ledgers import grid as grids
from portal.ledgers.amending import FIELDS as AMENDABLE
from portal.ledgers.amending import AmendEntry, RowRefused
from portal.ledgers.forms import LookForm, ReasonForm
from portal.ledgers.grid import Input
from portal.ledgers.integrity import moment
from portal.ledgers.opening import own_firm
from portal.ledgers.reading import EntryView
from portal.ledgers.rules.entries import PERSONAL
from portal.ledgers.rules.returns import typed_cells

Texts = Mapping[str, str]


def entry(seq: str) -> ResponseReturnValue:
    """Show one entry: what stands, its amendments, its proof."""
    return entry_page(seq, LookForm(formdata=None))


def reveal(seq: str) -> ResponseReturnValue:
    """Open the consumer's particulars for thirty minutes, with a reason, on record."""
    form = LookForm()
    if not form.validate_on_submit():
        return entry_page(seq, form, status=422)
    web.perform(reading.reveal_entry, form.command(seq))
    return redirect(url_for(".entry", seq=seq), code=303)


def entry_page(seq: str, form: LookForm, status: int = 200) -> ResponseReturnValue:
    """Render one entry."""
    session, actor, now = web.database(), web.current_actor(), web.now()
    view = reading.entry_view(session, actor, own_firm(session, actor), seq, now=now)
    return web.page(
        "ledgers/merchant_entry.html",
        status=status,
        view=view,
        form=form,
        failed=status != 200,
        book_to=url_for(f".{view.book.value}"),
        reveal_to=url_for(".reveal", seq=seq),
        amend_to=url_for(".ask_amendment", seq=seq),
        entry_to=url_for(".entry", seq="0").removesuffix("/0"),
        case_to="/merchant/cases",
        when=lambda at: moment(at, now),
    )


def ask_amendment(seq: str) -> ResponseReturnValue:
    """Show the form of an amendment, filled with what stands."""
    form = ReasonForm(formdata=None, token=grids.new_token())
    return amendment_page(seq, form, None, {})


def amend(seq: str) -> ResponseReturnValue:
    """Correct the entry by a new one; a refusal keeps what was typed and says which rule."""
    form = ReasonForm()
    view = _view(seq)
    typed = {name: request.form.get(name, "") for name in AMENDABLE[view.head.kind] if name in request.form}
    if not form.validate_on_submit():
        return amendment_page(seq, form, typed, {}, status=422)
    command = AmendEntry(int(seq), changed(view, typed), form.reason.data or "", form.token.data or "")
    try:
        made = web.perform(amending.amend_entry, command)
    except RowRefused as refusal:
        problems = {problem.field: problem.sentence for problem in reversed(refusal.problems)}
        return amendment_page(seq, form, typed, problems, status=422)
    except RuleBroken as objection:
        web.show_objection(form, objection)
        return amendment_page(seq, form, typed, {}, status=422)
    return redirect(url_for(".entry", seq=made.seq), code=303)


def changed(view: EntryView, typed: Texts) -> dict[str, str]:
    """What was typed over what stands; a personal field left empty stays as it is."""
    stood = standing_texts(view)
    return {
        name: text for name, text in typed.items() if text.strip() != stood.get(name, "") and (text or name in stood)
    }


def standing_texts(view: EntryView) -> dict[str, str]:
    """The entry's open fields as somebody would type them; personal ones are not written into a form."""
    texts = typed_cells(view.standing)
    return {name: text for name, text in texts.items() if name not in PERSONAL}


def amendment_page(
    seq: str, form: ReasonForm, typed: Texts | None, problems: Texts, status: int = 200
) -> ResponseReturnValue:
    """Render the form of an amendment."""
    view = _view(seq)
    inputs = _inputs(view)
    return web.page(
        "ledgers/merchant_amend.html",
        status=status,
        view=view,
        form=form,
        failed=status != 200,
        inputs=inputs,
        texts=standing_texts(view) if typed is None else typed,
        problems=problems,
        personal=frozenset(PERSONAL),
        titles={one.name: one.title for one in inputs},
        entry_to=url_for(".entry", seq=seq),
        here=url_for(".amend", seq=seq),
        unchanged=_("不改请留空"),
    )


def _inputs(view: EntryView) -> list[Input]:
    outlet = str(view.standing.get("outlet", ""))
    grid = grids.grid_of(view.book, [outlet] if outlet else [])
    inputs = [one for cell in grid.cells for one in cell] + list(grid.wide) + list(grid.more)
    return [one for one in inputs if one.name in AMENDABLE[view.head.kind]]


def _view(seq: str) -> EntryView:
    session, actor = web.database(), web.current_actor()
    return reading.entry_view(session, actor, own_firm(session, actor), seq, now=web.now())
