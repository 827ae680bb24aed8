"""The consumer's page behind a link: looking changes nothing, every answer is a POST that names what was seen."""

import io
from typing import Any

from flask import Blueprint, g, redirect, request, send_file, url_for
from flask.typing import ResponseReturnValue

from portal import web
from portal.accounts import codes, links
from portal.accounts.codes import SendCode
from portal.accounts.links import AskForLink
from portal.cases import evidence
from portal.core.errors import Refused, RuleBroken
from portal.desk import consumer_asks, consumer_page
from portal.desk.consumer_forms import (
    AcceptForm,
    AnswerForm,
    CodeForm,
    ConfirmForm,
    CounterForm,
    EvidenceForm,
    PayeeForm,
    ReceiptForm,
    RefuseForm,
    SatisfiedForm,
    UnsatisfiedForm,
    filled_counter,
)
from portal.desk.consumer_rendering import (
    acceptance_page,
    answer,
    answer_page,
    case_id,
    case_page,
    confirm_page,
    counter_page,
    done,
    evidence_page,
    link_id,
    look,
    not_taken,
    page,
    payee_page,
    sent_code,
    wrong_code,
)
from portal.documents.rendering import render_agreement_pdf
from portal.extensions import limiter
from portal.mediation import actions as mediation
from portal.settlements import actions as settlements
from portal.settlements.papers import document_of
from portal.settlements.rules import Verdict

bp = Blueprint("desk_consumer", __name__, url_prefix="/c/<token>")

OPEN_TO_ANY_TOKEN = frozenset({"desk_consumer.ask_for_link"})


@bp.url_value_preprocessor
def take_token(endpoint: str | None, values: dict[str, Any] | None) -> None:
    """Keep the token of the address for the request; views need not carry it."""
    g.token = (values or {}).pop("token", "")


@bp.before_request
def open_door() -> ResponseReturnValue | None:
    """Let in the holder of a live link; everyone else gets one and the same page."""
    if request.endpoint in OPEN_TO_ANY_TOKEN:
        return None
    link = links.open_link(web.database(), g.token, now=web.now())
    if link is None:
        return page("consumer_link", status=404, asked=False)
    web.act_as(links.consumer_of(link))
    return None


@bp.after_request
def keep_out_of_indexes(response: Any) -> Any:
    """A link is a key: no search engine keeps it."""
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    return response


@bp.get("")
def show() -> ResponseReturnValue:
    """Where the complaint stands and what is to be answered."""
    view = look()
    return case_page(view, said=consumer_page.what_was_done(view, request.args.get("done")))


@bp.get("/accept")
def show_acceptance() -> ResponseReturnValue:
    """The accept screen: all terms, and what accepting does to the official complaint (decisions 4)."""
    return acceptance_page(sent=request.args.get("code") == "sent")


@bp.post("/accept")
def accept() -> ResponseReturnValue:
    """Accept the offer that was seen, with the phone's code where one is asked for."""
    view = look()
    form = CodeForm() if view.needs_code else AcceptForm()
    if not form.validate_on_submit():
        return acceptance_page(form, status=422, sent=True)
    if (
        isinstance(form, CodeForm)
        and form.digest.data == view.digest
        and (objection := wrong_code(view.digest, form.code.data or ""))
    ):
        form.code.errors = [objection]
        return acceptance_page(form, status=422, sent=True)
    command = settlements.AcceptOffer(case_id(), form.digest.data or "", address=request.remote_addr or "")
    return answer(settlements.accept_offer, command, form)


@bp.post("/code")
@limiter.limit("20 per hour")
def ask_for_code() -> ResponseReturnValue:
    """Send a six-digit code to the registered phone, bound to the offer that was seen."""
    form = AnswerForm()
    form.validate_on_submit()
    view = look()
    if not view.digest or form.digest.data != view.digest:
        return answer_page("consumer_accept", view, form)
    try:
        web.perform(codes.send_code, SendCode(link_id(), form.digest.data or ""))
    except RuleBroken as objection:
        code_form = CodeForm(formdata=None)
        code_form.code.errors = [objection.text]
        return acceptance_page(code_form, status=422, sent=False)
    return redirect(url_for(".show_acceptance", token=g.token, code="sent"), code=303)


@bp.get("/counter")
def show_counter() -> ResponseReturnValue:
    """The offer as a form, to be changed into what the consumer wants."""
    view = look()
    return counter_page(view, filled_counter(view.drafts, view.digest, view.in_dispute))


@bp.post("/counter")
def counter() -> ResponseReturnValue:
    """Answer the offer that was seen with terms of one's own."""
    view = look()
    form = CounterForm()
    form.offer_kept(view.drafts)
    if not form.validate_on_submit():
        return counter_page(view, form, status=422)
    if form.code.data and form.digest.data == view.digest and (wrong := wrong_code(view.digest, form.code.data)):
        form.code.errors = [wrong]
        return counter_page(view, form, status=422)
    command = settlements.CounterOffer(
        case_id(), form.digest.data or "", form.terms(view.drafts), (form.message.data or "").strip()
    )
    try:
        web.perform(settlements.counter_offer, command)
    except RuleBroken as objection:
        web.show_objection(form, consumer_page.at_counter_field(objection))
        return counter_page(look(), form, status=422)
    except Refused as objection:
        return not_taken(objection, form, "countered")
    return done("countered")


@bp.post("/counter/code")
@limiter.limit("20 per hour")
def ask_code_for_counter() -> ResponseReturnValue:
    """Send a code for the counter and show the form as it was typed; with a code in it this is the counter itself."""
    view = look()
    form = CounterForm()
    if form.code.data:
        return counter()
    form.offer_kept(view.drafts)
    form.validate_on_submit()
    if not view.digest or form.digest.data != view.digest:
        return counter_page(view, form)
    sent = sent_code(form, view.digest)
    return counter_page(look(), form, 200 if sent else 422, sent=sent)


@bp.get("/refuse")
def show_refusal() -> ResponseReturnValue:
    """Refuse without asking for anything."""
    return answer_page("consumer_refuse", look(), RefuseForm())


@bp.post("/refuse")
def refuse() -> ResponseReturnValue:
    """Refuse the offer that was seen."""
    form = RefuseForm()
    if not form.validate_on_submit():
        return answer_page("consumer_refuse", look(), form, status=422)
    command = settlements.RefuseOffer(case_id(), form.digest.data or "", (form.reason.data or "").strip())
    return answer(settlements.refuse_offer, command, form, said="refused")


@bp.post("/receipt")
def confirm_receipt() -> ResponseReturnValue:
    """收到 or 没收到, in one tap."""
    form = ReceiptForm()
    if not form.validate_on_submit():
        return case_page(objection=consumer_page.UNCLEAR, status=422)
    received = form.received.data == "yes"
    command = settlements.AnswerReceipt(case_id(), received)
    return answer(settlements.answer_receipt, command, form, said="received" if received else "not-received")


@bp.post("/rating")
def rate() -> ResponseReturnValue:
    """满意, in one tap."""
    form = SatisfiedForm()
    form.validate_on_submit()
    command = settlements.RateSettlement(case_id(), Verdict.SATISFIED)
    return answer(settlements.rate_settlement, command, form, said="rated")


@bp.get("/rating")
def show_dissatisfaction() -> ResponseReturnValue:
    """不满意: one reason."""
    return page("consumer_rating", view=look(), form=UnsatisfiedForm())


@bp.post("/rating/unsatisfied")
def rate_unsatisfied() -> ResponseReturnValue:
    """不满意, with its reason."""
    form = UnsatisfiedForm()
    if not form.validate_on_submit():
        return page("consumer_rating", status=422, view=look(), form=form, failed=True)
    command = settlements.RateSettlement(case_id(), Verdict.UNSATISFIED, form.reason.data)
    return answer(settlements.rate_settlement, command, form, said="rated")


@bp.get("/account")
def show_payee() -> ResponseReturnValue:
    """Ask where a transfer is to go."""
    return payee_page(PayeeForm(formdata=None))


@bp.post("/account")
def give_payee() -> ResponseReturnValue:
    """Keep the account, in place of the one before."""
    form = PayeeForm()
    if not form.is_allowed():
        return payee_page(form, status=422)
    payee = look().payee
    if form.code.data and payee and (wrong := wrong_code(payee.digest, form.code.data)):
        form.code.errors = [wrong]
        return payee_page(form, status=422)
    try:
        web.perform(settlements.give_payee, settlements.GivePayee(case_id(), form.account()))
    except Refused as objection:
        if objection.field != "code":
            return not_taken(objection, form, "account")
        form.code.errors = [objection.text]
        return payee_page(form, status=422)
    return done("account")


@bp.post("/account/code")
@limiter.limit("20 per hour")
def ask_code_for_payee() -> ResponseReturnValue:
    """Send a code for the account and show the form as it was typed; with a code in it this is the account itself."""
    form = PayeeForm()
    if form.code.data:
        return give_payee()
    form.validate_on_submit()
    payee = look().payee
    if payee is None:
        return payee_page(form)
    sent = sent_code(form, payee.digest)
    return payee_page(form, 200 if sent else 422, sent=sent)


@bp.get("/escalation")
def show_escalation() -> ResponseReturnValue:
    """Ask before the complaint goes to the authority."""
    return confirm_page(consumer_asks.escalation)


@bp.post("/escalation")
def escalate() -> ResponseReturnValue:
    """请求市场监管部门处理."""
    return answer(mediation.escalate, mediation.Escalate(case_id()), ConfirmForm(), said="asked")


@bp.get("/withdrawal")
def show_withdrawal() -> ResponseReturnValue:
    """Ask before the complaint is taken back."""
    return confirm_page(consumer_asks.withdrawal)


@bp.post("/withdrawal")
def withdraw() -> ResponseReturnValue:
    """撤回投诉."""
    return answer(mediation.withdraw_complaint, mediation.WithdrawComplaint(case_id()), ConfirmForm(), said="withdrawn")


@bp.get("/rest")
def show_rest() -> ResponseReturnValue:
    """Ask before a failed complaint is laid aside."""
    return confirm_page(consumer_asks.rest)


@bp.post("/rest")
def lay_aside() -> ResponseReturnValue:
    """不再处理."""
    return answer(mediation.lay_aside, mediation.LayAside(case_id()), ConfirmForm(), said="laid-aside")


@bp.get("/evidence")
def show_evidence() -> ResponseReturnValue:
    """Add photos."""
    return evidence_page(EvidenceForm(), added=consumer_page.files_added(request.args.get("added", "")))


@bp.post("/evidence")
def add_files() -> ResponseReturnValue:
    """Store what was sent; several photos at once."""
    if (request.content_length or 0) > evidence.MAX_REQUEST:
        return evidence_page(EvidenceForm(formdata=None), objection=consumer_page.TOO_BIG, status=413)
    form = EvidenceForm()
    form.validate_on_submit()
    command = form.command(case_id())
    if command is None:
        return evidence_page(form, objection=consumer_page.NO_FILES, status=422)
    try:
        added = web.perform(evidence.add_evidence, command)
    except Refused as objection:
        return evidence_page(form, objection=objection.text, status=422)
    return redirect(url_for(".show_evidence", token=g.token, added=len(added.stored)), code=303)


@bp.get("/agreement.pdf")
def download_agreement() -> ResponseReturnValue:
    """The agreement as a paper; PDF second, for WeChat on Android opens none (decisions 14)."""
    slip = look().slip
    if slip is None:
        return case_page(objection=consumer_page.NO_PAPER, status=404)
    content = render_agreement_pdf(web.database(), document_of(web.database(), web.current_actor(), slip.number))
    return send_file(io.BytesIO(content), "application/pdf", as_attachment=True, download_name=f"{slip.number}.pdf")


@bp.get("/privacy")
def show_privacy() -> ResponseReturnValue:
    """What is done with the consumer's data."""
    return page("consumer_privacy", view=look())


@bp.post("/fresh-link")
@limiter.limit("10 per hour")
def ask_for_link() -> ResponseReturnValue:
    """Ask for a fresh link to the registered phone: the answer is the same for every token."""
    web.perform(links.ask_for_fresh_link, AskForLink(g.token))
    return page("consumer_link", asked=True)
