"""Forms drawn at less cost: the same text as WTForms and the macros write.

WTForms' own way of writing attributes goes through `Markup.format` and `Markup.join` for each; a page with a few radio
fields spent a tenth of its time there. Most forms of a page are empty and look alike in every case: a case's page
spent another tenth on drawing them anew.
"""

from collections.abc import Callable
from functools import cache
from typing import Any, TypeVar

from flask_wtf import FlaskForm
from markupsafe import Markup, escape
from wtforms import FileField, StringField, TextAreaField
from wtforms.widgets.core import Input, clean_key

Typed = TypeVar("Typed", bound=FlaskForm)

DRAWN_KEPT = 500  # sets of options; those of the law and of the house are some fifty
_drawn: dict[tuple[Any, ...], Markup] = {}
_empty: dict[tuple[Any, ...], Markup] = {}
LOOKS_FIXED = (StringField, TextAreaField, FileField)  # nothing but name, label and flags decides how they look


def drawing_empty_once(field_macro: Callable[..., Markup]) -> Callable[..., Markup]:
    """Let the macro `field` draw an empty text or file field once for each label, help and set of attributes."""

    def draw(field: Any, *given: Any, **named: Any) -> Markup:
        if not isinstance(field, LOOKS_FIXED) or field.data or field.raw_data or field.errors or field.render_kw:
            return field_macro(field, *given, **named)
        looks = (str(field.label.text), str(field.description), tuple(sorted(vars(field.flags).items())))
        key = (type(field), type(field.widget), field.id, field.name, *looks, given, tuple(named.items()))
        if (drawn := _empty.get(key)) is None:
            drawn = field_macro(field, *given, **named)
            if len(_empty) < DRAWN_KEPT:
                _empty[key] = drawn
        return drawn

    return draw


def attributes(**given: Any) -> Markup:
    """Write attributes in the order of their names; True stands alone, False is left out."""
    written = []
    for name, value in sorted(given.items()):
        if value is False:
            continue
        key = clean_key(name)
        written.append(key if value is True else f'{key}="{_quoted(value)}"')
    return Markup(" ".join(written))  # noqa: S704 -- each value was escaped, names are ours


def _quoted(value: Any) -> str:
    text = str(escape(value))
    return text.replace('"', "&quot;") if '"' in text else text


def options_markup(field: Any) -> Markup:
    """Draw the options of a choice field as buttons, once for each set of choices and what is chosen."""
    choices = tuple(
        (one.value, str(one.label), one.selected, str(one.render_kw)) for one in getattr(field, "iter_choices", tuple)()
    )
    key = (type(field), field.id, field.name, field.flags.required, choices)
    if field.render_kw or not choices or (drawn := _drawn.get(key)) is None:
        drawn = Markup().join(
            Markup('<label class="btn" for="{}">{} {}</label>').format(option.id, option(), option.label.text)
            for option in field
        )
        if choices and not field.render_kw and len(_drawn) < DRAWN_KEPT:
            _drawn[key] = drawn
    return drawn


@cache
def blank(kind: type[Typed]) -> Typed:
    """The empty form of this kind, made once, to be shown only.

    It has no token: the template writes `ui.csrf()`, and what is sent is read by a form of the request's own.
    """
    return kind(formdata=None, meta={"csrf": False})


def write_inputs_fast() -> None:
    """Let every input of this process be written so."""
    Input.html_params = staticmethod(attributes)
