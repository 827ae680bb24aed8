"""How the consumer's views answer: the page as it stands, one sentence above it, or back to it."""

from collections.abc import Callable
from typing import Any

from flask import g, redirect, url_for
from flask.typing import ResponseReturnValue
from flask_wtf import FlaskForm

from portal import web
from portal.accounts import codes
from portal.accounts.codes import CODE_OBJECTIONS, CodeResult, SendCode, TryCode
from portal.cases import evidence
from portal.core.errors import Refused, RuleBroken
from portal.desk import consumer_page
from portal.desk.consumer_forms import AcceptForm, AnswerForm, CodeForm, CounterForm, EvidenceForm, PayeeForm
from portal.desk.consumer_view import Ask, ConsumerView


def case_id() -> int:
    """The case behind the link."""
    found = web.current_actor().case_id
    assert found is not None
    return found


def link_id() -> int:
    """The link's own key."""
    found = web.current_actor().link_id
    assert found is not None
    return found


def look() -> ConsumerView:
    """The page's contents as they stand now."""
    return consumer_page.consumer_view(web.database(), web.current_actor(), now=web.now())


def answer(action: Callable[..., Any], command: Any, form: FlaskForm, *, said: str = "accepted") -> ResponseReturnValue:
    """Perform one answer; a refusal shows the page as it stands now, with one sentence above it."""
    try:
        web.perform(action, command)
    except Refused as objection:
        return not_taken(objection, form, said)
    return done(said)


def not_taken(objection: Refused, form: FlaskForm, said: str) -> ResponseReturnValue:
    """The same answer twice is harmless; any other refusal is one sentence above the page as it stands now."""
    view = look()
    if consumer_page.is_repetition(view, form, said):
        return done(said)
    return case_page(view, objection=objection.text, status=409)


def done(said: str) -> ResponseReturnValue:
    """Back to the page, which says what was done."""
    return redirect(url_for("desk_consumer.show", token=g.token, done=said), code=303)


def wrong_code(digest: str, code: str) -> str | None:
    """Try the code in a transaction of its own, so that a wrong try is kept; None where it was right."""
    if is_confirmed(digest):
        return None  # given before, and the answer was lost on the way
    result = web.perform(codes.try_code, TryCode(link_id(), digest, code))
    return None if result is CodeResult.RIGHT else CODE_OBJECTIONS[result]


def is_confirmed(digest: str) -> bool:
    """Say whether a right code was given for the round of this digest a few minutes ago."""
    return codes.is_confirmed(web.database(), link_id(), digest, now=web.now())


def sent_code(form: CounterForm | PayeeForm, digest: str) -> bool:
    """Send a code bound to the round of this digest; a refusal stands at the form's own field."""
    try:
        web.perform(codes.send_code, SendCode(link_id(), digest))
    except RuleBroken as objection:
        form.code.errors = [objection.text]
        return False
    return True


def page(template: str, *, status: int = 200, **context: Any) -> ResponseReturnValue:
    """Render one of the consumer's pages."""
    values = {"token": g.token, "failed": False, **context}
    if "view" in values:
        values["authority_name"] = values["view"].authority_name
    return web.page(f"desk/{template}.html", status=status, **values)


def case_page(
    view: ConsumerView | None = None, *, objection: str | None = None, said: str | None = None, status: int = 200
) -> ResponseReturnValue:
    """The page itself."""
    failed = objection is not None
    return page("consumer_case", status=status, view=view or look(), objection=objection, said=said, failed=failed)


def acceptance_page(
    form: CodeForm | AcceptForm | None = None, *, status: int = 200, sent: bool = False
) -> ResponseReturnValue:
    """The accept screen, or the page with a sentence where nothing waits for an answer."""
    view = look()
    if form is None:
        form = CodeForm() if view.needs_code else AcceptForm()
    return answer_page(
        "consumer_accept",
        view,
        form,
        status=status,
        sent=sent,
        **code_words(),
    )


def counter_page(
    view: ConsumerView, form: CounterForm, status: int = 200, *, sent: bool = False
) -> ResponseReturnValue:
    """The counter form, with a code where one is needed and was not given yet."""
    asks = (view.needs_code and not is_confirmed(view.digest)) or bool(form.code.errors)
    return answer_page("consumer_counter", view, form, status=status, sent=sent, asks_code=asks, **code_words())


def code_words() -> dict[str, int]:
    """How long a code is good, and for how many tries."""
    return {"code_minutes": codes.CODE_MINUTES, "code_tries": codes.MAX_TRIES}


def answer_page(
    template: str, view: ConsumerView, form: AnswerForm, *, status: int = 200, **context: Any
) -> ResponseReturnValue:
    """A page on which the waiting offer is answered; without one, or with another one, the page as it stands now."""
    seen = form.digest.data
    if not view.digest or (seen and seen != view.digest):
        return case_page(view, objection=consumer_page.CHANGED if view.digest else consumer_page.NOTHING, status=409)
    return page(template, status=status, view=view, form=form, failed=status != 200, **context)


def confirm_page(ask: Callable[[ConsumerView], Ask | str]) -> ResponseReturnValue:
    """A page that asks before a destructive act, or the reason why it can't be done."""
    view = look()
    question = ask(view)
    if isinstance(question, str):
        return case_page(view, objection=question, status=409)
    return page("consumer_confirm", view=view, ask=question)


def payee_page(form: PayeeForm, status: int = 200, *, sent: bool = False) -> ResponseReturnValue:
    """The form for an account, or the reason why none is taken now."""
    view = look()
    if view.objection_to_payee or view.payee is None:
        return case_page(view, objection=view.objection_to_payee, status=409)
    asks = (view.payee.needs_code and not is_confirmed(view.payee.digest)) or bool(form.code.errors)
    return page(
        "consumer_payee",
        status=status,
        view=view,
        form=form,
        kept_days=consumer_page.payee_kept_days(web.database(), now=web.now()),
        failed=status != 200,
        sent=sent,
        asks_code=asks,
        **code_words(),
    )


def evidence_page(
    form: EvidenceForm, *, objection: str | None = None, added: str | None = None, status: int = 200
) -> ResponseReturnValue:
    """The page on which files are added."""
    if objection:
        form.files.errors = [objection]
    held = consumer_page.files_held(web.database(), case_id())
    return page(
        "consumer_evidence",
        status=status,
        view=look(),
        form=form,
        added=added,
        held=held,
        most=evidence.MAX_AT_ONCE,
        max_bytes=evidence.MAX_REQUEST,
        failed=status != 200,
    )
