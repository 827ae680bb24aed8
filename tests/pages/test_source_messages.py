"""What templates say in the language of the source is text when they are compiled, and reads as gettext would say it."""

from pathlib import Path

import pytest
from babel.messages import Catalog
from babel.messages.mofile import write_mo
from flask import Flask
from flask_babel import Babel, force_locale, lazy_gettext

from portal.messages import speak_source


@pytest.fixture
def app() -> Flask:
    return spoken_in()


def spoken_in(**settings: str) -> Flask:
    made, babel = Flask(__name__), Babel()
    made.config.update(BABEL_DEFAULT_LOCALE="zh_CN", **settings)
    babel.init_app(made)
    speak_source(made, babel)
    return made


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ('{{ _("已完成 50%%") }}', "已完成 50%"),
        ('{{ _("<b>粗</b>") }}', "<b>粗</b>"),
        ('{{ [_("一"), _("二")] | join(_("、")) }}', "一、二"),
        ("<a title=\"{{ _('前后') }}\">", '<a title="前后">'),
        ('{{ _("转给") ~ name }}', "转给&lt;张&gt;"),
        ('{{ _("%(count)s 件", count=3) }}', "3 件"),
        ('{{ _("经办 %(name)s", name=name) }}', "经办 &lt;张&gt;"),
        ("{{ _(words) }}", "算出来的"),
    ],
)
def test_a_message_reads_as_it_is_written(app: Flask, source: str, said: str) -> None:
    with app.test_request_context():
        assert app.jinja_env.from_string(source).render(name="<张>", words="算出来的") == said


def test_a_message_without_variables_is_not_looked_up_when_a_page_is_made(app: Flask) -> None:
    assert "gettext" not in app.jinja_env.compile('{{ _("工作台") }}', raw=True)
    assert "'_'" not in app.jinja_env.compile('{{ _("工作台") }}', raw=True)


def test_words_of_forms_and_views_are_given_back_as_they_are(app: Flask) -> None:
    with app.test_request_context():
        assert str(lazy_gettext("最多 %(max)s 字", max=20)) == "最多 20 字"


def test_catalogues_of_other_languages_are_left_to_babel(tmp_path: Path) -> None:
    folder = tmp_path / "en" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    catalogue = Catalog("en")
    catalogue.add("工作台", "Worklist")
    with (folder / "messages.mo").open("wb") as file:
        write_mo(file, catalogue)
    app = spoken_in(BABEL_TRANSLATION_DIRECTORIES=str(tmp_path))
    with app.test_request_context(), force_locale("en"):
        assert app.jinja_env.from_string('{{ _("工作台") }}').render() == "Worklist"
