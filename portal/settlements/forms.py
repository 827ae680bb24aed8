"""What a merchant's people type to settle, and what an officer writes down after a call."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from flask_wtf.file import FileField
from werkzeug.datastructures import FileStorage
from wtforms import (
    BooleanField,
    DateField,
    FieldList,
    Form,
    FormField,
    HiddenField,
    IntegerField,
    RadioField,
    SelectChoice,
    SelectField,
    StringField,
    TextAreaField,
    ValidationError,
)
from wtforms.validators import DataRequired, InputRequired, Length, Optional

from portal.cases.rules import FailureCause
from portal.cases.wording import CAUSE_NAMES
from portal.core.money import fen_from_yuan, plain_yuan
from portal.core.uploads import Upload
from portal.settlements import rules
from portal.settlements.actions import (
    GiveBack,
    GiveUp,
    MakeOffer,
    RecordCallback,
    RecordOutside,
    RecordPerformance,
    RefuseCounter,
)
from portal.settlements.actions.calling import MAX_NOTE
from portal.settlements.rules import CALLBACK_RESULT_NAMES, CallbackResult, Payer, PaymentMethod, TermDraft, TermKind

MAX_PROOF = 20 * 1024 * 1024  # bytes


class MoneyField(StringField):
    """An amount in 元 as people type it; `fen` is None where nothing was typed."""

    def pre_validate(self, form: Any) -> None:  # noqa: ARG002  WTForms' own signature
        """Refuse what is no amount."""
        if self.data and self.data.strip() and fen_from_yuan(self.data) is None:
            raise ValidationError(_("金额只写数字，最多两位小数，例如 128.50。"))

    @property
    def fen(self) -> int | None:
        """The amount in 分."""
        return fen_from_yuan(self.data) if self.data else None


class TermForm(Form):
    """One term; its kind was chosen when it was added, and the template shows only what the kind needs."""

    kind = HiddenField()
    amount = MoneyField(_("金额"))
    method = SelectField(
        _("付款方式"),
        choices=[SelectChoice("", _("请选择")), *(SelectChoice(m.value, n) for m, n in rules.METHOD_NAMES.items())],
    )
    freight = SelectField(
        _("运费"),
        choices=[SelectChoice(p.value, n) for p, n in rules.PAYER_NAMES.items()],
        default=Payer.NONE.value,
    )
    due_days = IntegerField(
        _("接受后几天内完成"),
        [InputRequired(_("请填写天数，例如 7。"))],
        default=7,
        render_kw={"inputmode": "numeric", "min": 0, "max": rules.MAX_DUE_DAYS},
    )
    detail = TextAreaField(_("具体怎么做"), render_kw={"rows": 2})

    @property
    def title(self) -> str:
        """The kind's name."""
        return rules.KIND_NAMES.get(self.kind.data, "")

    @property
    def pays(self) -> bool:
        """Say whether money may belong to it."""
        return self.kind.data in rules.MAY_PAY

    @property
    def travels(self) -> bool:
        """Say whether goods go back, so that somebody pays the freight."""
        return self.kind.data in rules.TRAVELS

    @property
    def detail_help(self) -> str:
        """What the free words are for."""
        if self.kind.data in rules.NEEDS_DETAIL:
            return str(_("型号、数量、怎么取送，最多 200 字"))
        return str(_("选填，例如怎么取件，最多 200 字"))

    def draft(self) -> TermDraft | None:
        """The term, or None for a row that is not used or names no kind of ours."""
        if self.kind.data not in set(TermKind):
            return None
        return TermDraft(
            kind=TermKind(self.kind.data),
            amount=self.amount.fen,
            method=PaymentMethod(self.method.data) if self.method.data in set(PaymentMethod) else None,
            due_days=self.due_days.data if self.due_days.data is not None else 0,
            freight=Payer(self.freight.data) if self.freight.data in set(Payer) else Payer.NONE,
            detail=" ".join((self.detail.data or "").split()),
        )


class OfferForm(FlaskForm):
    """An offer: its terms, words to the consumer, and whether he asked for it at the last moment."""

    terms = FieldList(FormField(TermForm, label=_("条款")), max_entries=rules.MAX_TERMS)
    message = TextAreaField(
        _("写给消费者的话"),
        [Optional(), Length(max=rules.MAX_MESSAGE, message=_("写得太长，最多 500 字。"))],
        render_kw={"rows": 3},
    )
    consumer_asked = BooleanField(_("消费者要求现在提方案（已记在沟通记录里）"))

    def drafts(self) -> tuple[TermDraft, ...]:
        """The terms as typed."""
        return tuple(draft for entry in self.terms if (draft := entry.form.draft()) is not None)

    def command(self, reference: str) -> MakeOffer:
        """The offer."""
        return MakeOffer(reference, self.drafts(), (self.message.data or "").strip(), bool(self.consumer_asked.data))

    def is_allowed(self, in_dispute: int | None) -> bool:
        """Validate shape and rules; every objection is shown at its field."""
        if not self.validate_on_submit():
            return False
        used = [entry.form for entry in self.terms if entry.form.draft() is not None]
        found = rules.objections_to_terms(self.drafts(), in_dispute)
        for objection in found:
            if objection.position is None:
                self.form_errors.append(objection.text)
            else:
                field = used[objection.position][objection.field]
                field.errors = [*field.errors, objection.text]
        return not found

    def add_row(self, kind: str) -> None:
        """One more term as its template has it; a kind that is there already, or none of ours, adds nothing."""
        taken = {entry.form.kind.data for entry in self.terms}
        if kind in set(TermKind) - taken and len(self.terms) < rules.MAX_TERMS:
            self.terms.append_entry(_entry(rules.usual(TermKind(kind), 7)))

    def drop_row(self, kind: str) -> None:
        """Leave a term out."""
        self.terms.entries = [entry for entry in self.terms if entry.form.kind.data != kind]


class GiveUpForm(FlaskForm):
    """That a negotiation came to nothing, and why."""

    cause = RadioField(
        _("未和解的原因"),
        [InputRequired(_("请选择未和解的原因。"))],
        choices=[SelectChoice(cause.value, CAUSE_NAMES[cause]) for cause in rules.GIVING_UP_CAUSES],
    )
    explanation = TextAreaField(
        _("协商过程"),
        [InputRequired(_("请写明协商过程。")), Length(max=1000, message=_("写得太长，最多 1000 字。"))],
        render_kw={"rows": 4},
    )

    def command(self, reference: str) -> GiveUp:
        """The word of the merchant."""
        return GiveUp(reference, FailureCause(self.cause.data), (self.explanation.data or "").strip())


class OutsideForm(OfferForm):
    """An agreement reached outside: its terms as usual, and the paper that shows it."""

    message = TextAreaField(
        _("另外写明的事"),
        [Optional(), Length(max=rules.MAX_MESSAGE, message=_("写得太长，最多 500 字。"))],
        render_kw={"rows": 3},
    )
    proof = FileField(_("协议凭证"), render_kw={"accept": "image/*,application/pdf"})

    def record(self, reference: str) -> RecordOutside:
        """What was agreed, with the file as it came."""
        return RecordOutside(reference, self.drafts(), upload_of(self.proof.data), (self.message.data or "").strip())


def filled_outside(terms: Sequence[TermDraft]) -> OutsideForm:
    """A form that starts from these terms."""
    form = OutsideForm(formdata=None)
    for term in terms:
        form.terms.append_entry(_entry(term))
    return form


def upload_of(given: object) -> Upload | None:
    """The file that was chosen; None where none was."""
    if isinstance(given, FileStorage) and given.filename:
        return Upload(given.filename, given.read())
    return None


def filled_offer(terms: Sequence[TermDraft], *, asked: bool = False, message: str = "") -> OfferForm:
    """A form that starts from these terms."""
    form = OfferForm(formdata=None, consumer_asked=asked, message=message)
    for term in terms:
        form.terms.append_entry(_entry(term))
    return form


def _entry(term: TermDraft) -> dict[str, object]:
    return {
        "kind": term.kind.value,
        "amount": plain_yuan(term.amount) if term.amount is not None else "",
        "method": term.method.value if term.method else "",
        "freight": term.freight.value,
        "due_days": term.due_days,
        "detail": term.detail,
    }


class CounterAnswerForm(FlaskForm):
    """Which counter is answered: the one that was seen."""

    digest = HiddenField()


class RefuseCounterForm(CounterAnswerForm):
    """Why the consumer's counter is not accepted."""

    reason = TextAreaField(
        _("不接受的理由"),
        [
            DataRequired(_("请写明不接受的理由，消费者会看到。")),
            Length(max=rules.MAX_REASON, message=_("理由最多 200 字。")),
        ],
        render_kw={"rows": 3},
    )

    def command(self, reference: str) -> RefuseCounter:
        """The refusal."""
        return RefuseCounter(reference, self.digest.data or "", self.reason.data or "")


class GiveBackForm(FlaskForm):
    """Why a draft is not sent so, and which one: the one that was seen."""

    digest = HiddenField()
    reason = TextAreaField(
        _("退回的理由"),
        [
            DataRequired(_("请写明退回的理由，提交的人据此修改。")),
            Length(max=rules.MAX_REASON, message=_("理由最多 200 字。")),
        ],
        render_kw={"rows": 3},
    )

    def command(self, reference: str) -> GiveBack:
        """The draft with the reason."""
        return GiveBack(reference, self.digest.data or "", self.reason.data or "")


class PerformanceForm(FlaskForm):
    """What was done, when, with proof."""

    performed_on = DateField(_("履行日期"), [InputRequired(_("请填写实际完成的日期，例如 2026-08-15。"))])
    proof = FileField(_("履行凭证"), [Optional()], render_kw={"accept": "image/*,application/pdf"})
    remark = TextAreaField(
        _("说明"),
        [Optional(), Length(max=rules.MAX_MESSAGE, message=_("说明最多 500 字。"))],
        render_kw={"rows": 3},
    )

    def command(self, reference: str) -> RecordPerformance:
        """The record."""
        assert isinstance(self.performed_on.data, date)
        upload = upload_of(self.proof.data)
        return RecordPerformance(reference, self.performed_on.data, upload, self.remark.data or "")


class CallbackForm(FlaskForm):
    """Result and course of one call."""

    result = RadioField(
        _("结果"),
        [InputRequired(_("请选择回访结果。"))],
        choices=[SelectChoice(result.value, name) for result, name in CALLBACK_RESULT_NAMES.items()],
    )

    def offer(self, results: Sequence[CallbackResult]) -> "CallbackForm":
        """Offer what the call can bring."""
        self.result.choices = [SelectChoice(result.value, CALLBACK_RESULT_NAMES[result]) for result in results]
        return self

    note = TextAreaField(
        _("经过"), [Optional(), Length(max=MAX_NOTE, message=_("经过最多 %(max)s 字。", max=MAX_NOTE))]
    )

    def command(self, reference: str) -> RecordCallback:
        """The call."""
        return RecordCallback(reference, CallbackResult(self.result.data), self.note.data or "")
