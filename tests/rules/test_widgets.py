"""Our attributes of inputs are those of WTForms, letter by letter."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from markupsafe import Markup
from wtforms.widgets.core import html_params

from portal.widgets import attributes

NAMES = st.sampled_from(
    ["id", "name", "type", "value", "class_", "data_limit", "aria_describedby", "required", "hx_post"]
)
TEXTS = st.text(max_size=12)
VALUES = st.one_of(st.booleans(), st.integers(), TEXTS, TEXTS.map(Markup), st.none())


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(NAMES, VALUES))
def test_attributes_are_written_as_wtforms_writes_them(given_attributes):
    assert attributes(**given_attributes) == html_params(**given_attributes)
