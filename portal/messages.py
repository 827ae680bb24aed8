"""The language of the source: what people read is Chinese where it is written, so nothing has to be looked up.

Looking up 80 messages a page in a catalogue that does not exist was an eighth of the page. Where catalogues of other
languages are installed, Flask-Babel's own way is left as it is.
"""

from collections.abc import Iterable, Iterator

from babel.support import NullTranslations
from flask import Flask
from flask_babel import Babel, Domain
from jinja2.ext import Extension
from jinja2.lexer import Token, TokenStream

_SAID = ("name", "lparen", "string", "rparen")  # `_("…")` without variables


class SourceMessages(Extension):
    """Turns `_("…")` into the text itself when a template is compiled; as gettext does, `%%` becomes `%`."""

    def filter_stream(self, stream: TokenStream) -> Iterable[Token]:
        """Replace each message without variables by a constant that is safe as it stands."""
        held: list[Token] = []
        for token in stream:
            held.append(token)
            if token.type != _SAID[len(held) - 1] or held[0].value != "_":
                yield from held
                held = []
            elif len(held) == len(_SAID):
                yield from _constant(held[2])
                held = []
        yield from held


def _constant(message: Token) -> Iterator[Token]:
    line = message.lineno
    yield Token(line, "lparen", "(")
    yield Token(line, "string", message.value % {})
    yield Token(line, "pipe", "|")
    yield Token(line, "name", "safe")
    yield Token(line, "rparen", ")")


class SourceDomain(Domain):
    """Messages of forms and views, given back as they are."""

    def __init__(self) -> None:
        super().__init__()
        self._source = NullTranslations()

    def get_translations(self) -> NullTranslations:
        """Return the catalogue in which every message is its own translation."""
        return self._source


def speak_source(app: Flask, babel: Babel) -> None:
    """Let an application without catalogues say its messages as they are written; before any template is loaded."""
    with app.app_context():
        if len(babel.list_translations()) > 1:  # the source's own language is always among them
            return
    source = SourceDomain()
    babel.domain_instance = source
    environment, catalogue = app.jinja_env, source.get_translations()
    environment.add_extension(SourceMessages)
    environment.install_gettext_callables(catalogue.gettext, catalogue.ngettext, newstyle=True)  # type: ignore[attr-defined]
    environment.globals["_"] = environment.globals["gettext"]
