"""Our attributes of inputs are those of WTForms, letter by letter."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from markupsafe import Markup
from wtforms import Form, RadioField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired
from wtforms.widgets.core import html_params

from portal.widgets import attributes, options_markup

NAMES = st.sampled_from(
    ["id", "name", "type", "value", "class_", "data_limit", "aria_describedby", "required", "hx_post"]
)
TEXTS = st.text(max_size=12)
VALUES = st.one_of(st.booleans(), st.integers(), TEXTS, TEXTS.map(Markup), st.none())


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(NAMES, VALUES))
def test_attributes_are_written_as_wtforms_writes_them(given_attributes):
    assert attributes(**given_attributes) == html_params(**given_attributes)


class Asked(Form):
    reason = RadioField("理由", choices=[SelectChoice("a", "甲<"), SelectChoice("b", "乙")])


class MustAnswer(Form):
    reason = RadioField("理由", [InputRequired()], choices=[SelectChoice("a", "甲<"), SelectChoice("b", "乙")])


def test_options_are_drawn_for_what_is_chosen_and_what_must_be():
    for form in (Asked(), Asked(reason="a"), Asked(reason="b"), MustAnswer(reason="b"), Asked(reason="a"), Asked()):
        plain = "".join(
            f'<label class="btn" for="{one.id}">{one()} {Markup.escape(one.label.text)}</label>' for one in form.reason
        )
        assert options_markup(form.reason) == plain
