"""The steps in which a merchant writes its promise: which form each has, what it loads, where a fault belongs."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from flask_babel import lazy_gettext as _

from portal.commitments.exclusion_forms import ExclusionsForm, grounds_of
from portal.commitments.forms import DaysForm, ExtrasForm, PlacesForm, ScopeForm, StepForm
from portal.commitments.rules import Way
from portal.commitments.rules.body import OutletRow, PromiseBody
from portal.commitments.rules.programme import Requirements
from portal.commitments.rules.versions import Objection


@dataclass(frozen=True, slots=True)
class Step:
    """One step: its name in the address, its title, its form, and the fields of the body that it writes."""

    name: str
    place: int
    title: Any
    form: type[StepForm]
    fields: tuple[str, ...]


STEPS: tuple[Step, ...] = (
    Step("scope", 1, _("范围"), ScopeForm, ("way", "scopes")),
    Step("days", 2, _("期限与起算"), DaysForm, DaysForm.FIELDS),
    Step("terms", 3, _("条件和不适用商品"), ExclusionsForm, (*ExclusionsForm.FIELDS, "exclusions")),
    Step("places", 4, _("门店与网店"), PlacesForm, (*PlacesForm.FIELDS, "outlets", "shops")),
    Step("extras", 5, _("其他承诺"), ExtrasForm, ExtrasForm.FIELDS),
)
NAMES = ",".join(step.name for step in STEPS)
PREVIEW = _("预览和提交")
GROUND = {"code", "way"}  # of an exclusion: the form asks for both at once


def step_of(name: str) -> Step:
    """The step of this name."""
    return next(step for step in STEPS if step.name == name)


def next_step(step: Step) -> Step | None:
    """The step behind this one; None before the preview."""
    return STEPS[step.place] if step.place < len(STEPS) else None


def step_for(field: str) -> Step:
    """The step in which a field of the body is written."""
    name = field.split("-", maxsplit=1)[0]
    return next((step for step in STEPS if name in step.fields), STEPS[-1])


def offered(form: StepForm, programmes: Mapping[Way, Requirements], outlets: Sequence[OutletRow]) -> StepForm:
    """The form with what may be chosen in it."""
    if isinstance(form, ExclusionsForm):
        form.offer(grounds_of(programmes.values()))
    if isinstance(form, PlacesForm):
        form.offer(outlets)
    return form


def form_for(
    step: Step, body: PromiseBody, programmes: Mapping[Way, Requirements], outlets: Sequence[OutletRow]
) -> StepForm:
    """The step's form, filled from the body."""
    return offered(step.form(formdata=None, data=step.form.values(body)), programmes, outlets)


def with_own_days(body: PromiseBody) -> PromiseBody:
    """The body, whose days are the fewest of its rows where every row has days of its own: lists show and sort by them."""
    days = [row.days for row in body.scopes]
    least = min((one for one in days if one is not None), default=body.days)
    return body if None in days else replace(body, days=least)


def show_faults(form: StepForm, step: Step, found: Iterable[Objection]) -> bool:
    """Put each objection of this step at its field; says whether there was any."""
    mine = [(field, text) for field, text in found if step_for(field) is step]
    for field, text in mine:
        target = _field(form, field)
        target.errors = [*target.errors, text]
    return bool(mine)


def _field(form: StepForm, name: str) -> Any:
    part, _sign, rest = name.partition("-")
    field: Any = form[part]
    if not rest or not hasattr(field, "entries"):
        return field
    place, _sign, cell = rest.partition("-")
    rows = [entry for entry in field.entries if not hasattr(entry.form, "row") or entry.form.row() is not None]
    row = rows[int(place)].form
    return row["ground" if cell in GROUND and "ground" in row else cell]
