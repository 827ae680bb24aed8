"""What a consumer fills in on the page behind a link."""

from collections.abc import Sequence
from typing import Any

from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from flask_wtf.file import MultipleFileField
from werkzeug.datastructures import FileStorage
from wtforms import (
    BooleanField,
    HiddenField,
    IntegerField,
    RadioField,
    SelectChoice,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
    ValidationError,
)
from wtforms.validators import InputRequired, Length, NumberRange, Optional, Regexp
from wtforms.widgets import CheckboxInput, ListWidget

from portal.cases.evidence import MAX_AT_ONCE, AddEvidence
from portal.core.money import fen_from_yuan, plain_yuan
from portal.core.uploads import Upload
from portal.settlements import rules
from portal.settlements.rules import PayeeAccount, PayeeKind, Payer, PaymentMethod, RatingReason, TermDraft, TermKind

REMEDIES = tuple(kind for kind in TermKind if kind not in rules.EXTRAS)


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


class CheckboxesField(SelectMultipleField):
    """Several of a list, each with its own box."""

    widget = ListWidget(prefix_label=False)
    option_widget = CheckboxInput()


def code_field() -> StringField:
    """Six digits of a short message, in a form that needs them only above the threshold (decisions 13)."""
    return StringField(
        _("短信验证码"),
        [Regexp(r"^\s*((\d\s*){6})?$", message=_("验证码是 6 位数字。"))],  # empty where none is asked for
        render_kw={"inputmode": "numeric", "autocomplete": "one-time-code", "maxlength": 12},
    )


class AnswerForm(FlaskForm):
    """Every answer names the offer that was seen."""

    digest = HiddenField()


class AcceptForm(AnswerForm):
    """Acceptance of a small offer: nothing to type."""


class CodeForm(AnswerForm):
    """Acceptance of an offer that needs the phone's code."""

    code = StringField(
        _("短信验证码"),
        [InputRequired(_("请填写短信里的 6 位数字。")), Regexp(r"^\s*(\d\s*){6}$", message=_("验证码是 6 位数字。"))],
        render_kw={"inputmode": "numeric", "autocomplete": "one-time-code", "maxlength": 12},
    )


class RefuseForm(AnswerForm):
    """Refusal, with a reason where the consumer likes to give one."""

    reason = TextAreaField(
        _("为什么不接受"),
        [Optional(), Length(max=rules.MAX_REASON, message=_("理由太长，请缩短后再提交。"))],
        render_kw={"rows": 3},
    )


class CounterForm(AnswerForm):
    """What the consumer wants instead, on the typed terms of the offer."""

    kind = SelectField(_("想怎么解决"), choices=[SelectChoice(kind.value, rules.KIND_NAMES[kind]) for kind in REMEDIES])
    amount = MoneyField(_("退给我多少钱"), [Optional()])
    method = SelectField(
        _("钱怎么付"),
        choices=[SelectChoice(method.value, rules.METHOD_NAMES[method]) for method in PaymentMethod],
    )
    freight = SelectField(
        _("寄回商品的运费"),
        choices=[
            SelectChoice(Payer.NONE.value, _("不用寄回")),
            SelectChoice(Payer.MERCHANT.value, _("商家承担")),
            SelectChoice(Payer.CONSUMER.value, _("我承担")),
        ],
    )
    detail = TextAreaField(
        _("具体要求"),
        [Optional(), Length(max=rules.MAX_DETAIL, message=_("具体要求太长，请缩短后再提交。"))],
        render_kw={"rows": 2},
    )
    due_days = IntegerField(
        _("接受后几天内办好"),
        [
            InputRequired(_("请填写天数，例如 7。")),
            NumberRange(0, rules.MAX_DUE_DAYS, message=_("天数请填 0 到 60。")),
        ],
        render_kw={"inputmode": "numeric"},
    )
    compensation = MoneyField(_("另外补偿"), [Optional()])
    apology = BooleanField(_("商家道歉"))
    keep = CheckboxesField(_("商家还提出了"), [Optional()], choices=[])
    message = TextAreaField(
        _("想对商家说的话"),
        [Optional(), Length(max=rules.MAX_MESSAGE, message=_("写得太长，请缩短后再提交。"))],
        render_kw={"rows": 3},
    )
    code = code_field()

    def offer_kept(self, terms: Sequence[TermDraft]) -> None:
        """Offer the further remedies of an offer to be kept as they are."""
        self.keep.choices = [
            SelectChoice(str(position), f"{rules.KIND_NAMES[term.kind]}（{rules.term_line(term).text}）")
            for position, term in enumerate(further_remedies(terms))
        ]

    def terms(self, offered: Sequence[TermDraft]) -> tuple[TermDraft, ...]:
        """The terms that the consumer asks for; the main one first."""
        main = self._main()
        kept = [term for place, term in enumerate(further_remedies(offered)) if str(place) in (self.keep.data or [])]
        return (main, *kept, *self._extras(offered, main.due_days))

    def _main(self) -> TermDraft:
        kind = TermKind(self.kind.data)
        money = self.amount.fen if kind in rules.MAY_PAY else None
        travels = kind in rules.TRAVELS
        return TermDraft(
            kind=kind,
            amount=money,
            method=PaymentMethod(self.method.data) if money is not None else None,
            due_days=self.due_days.data or 0,
            freight=Payer(self.freight.data) if travels else Payer.NONE,
            detail=(self.detail.data or "").strip(),
        )

    def _extras(self, offered: Sequence[TermDraft], due_days: int) -> list[TermDraft]:
        found = []
        if self.compensation.fen:
            before = next((term for term in offered if term.kind is TermKind.COMPENSATE), None)
            method = before.method if before else PaymentMethod.ORIGINAL
            detail = before.detail if before else ""
            found.append(
                TermDraft(TermKind.COMPENSATE, self.compensation.fen, method, due_days=due_days, detail=detail)
            )
        if self.apology.data:
            found.append(TermDraft(TermKind.APOLOGY, due_days=due_days))
        return found


class ReceiptForm(FlaskForm):
    """收到 or 没收到, one tap each."""

    received = RadioField(
        _("收到了吗"), [InputRequired()], choices=[SelectChoice("yes", _("收到")), SelectChoice("no", _("没收到"))]
    )


class SatisfiedForm(FlaskForm):
    """满意, one tap."""


class UnsatisfiedForm(FlaskForm):
    """不满意, with one reason."""

    reason = RadioField(
        _("哪里不满意"),
        [InputRequired(_("请选一个最主要的原因。"))],
        choices=[SelectChoice(reason.value, rules.RATING_REASON_NAMES[reason]) for reason in RatingReason],
    )


class PayeeForm(FlaskForm):
    """The account to which a transfer goes; starts empty each time, for a whole number is never shown again."""

    kind = RadioField(
        _("收款方式"),
        [InputRequired(_("请选择收款方式。"))],
        choices=[SelectChoice(kind.value, name) for kind, name in rules.PAYEE_KIND_NAMES.items()],
    )
    holder = StringField(
        _("户名"), [InputRequired(_("请填写户名。"))], render_kw={"autocomplete": "name", "maxlength": 40}
    )
    number = StringField(
        _("账号"), [InputRequired(_("请填写账号。"))], render_kw={"autocomplete": "off", "maxlength": 80}
    )
    bank = StringField(_("开户银行"), render_kw={"autocomplete": "off", "maxlength": 40})
    code = code_field()

    def account(self) -> PayeeAccount:
        """The account as typed, tidied."""
        return rules.tidied(
            PayeeAccount(
                PayeeKind(self.kind.data), self.holder.data or "", self.number.data or "", self.bank.data or ""
            )
        )

    def is_allowed(self) -> bool:
        """Validate shape and rules; every objection is shown at its field."""
        if not self.validate_on_submit():
            return False
        found = list(rules.objections_to_account(self.account()))
        for name, text in found:
            self[name].errors = [*self[name].errors, text]
        return not found


class EvidenceForm(FlaskForm):
    """Several photos from a phone."""

    files = MultipleFileField(
        _("照片、视频或 PDF"), render_kw={"accept": "image/*,application/pdf,video/mp4", "multiple": True}
    )

    def command(self, case_id: int) -> AddEvidence | None:
        """The files that were chosen; None where there are none."""
        chosen = [one for one in self.files.data or [] if isinstance(one, FileStorage) and one.filename]
        if not chosen:
            return None
        # One more than allowed is enough for the action to refuse; the rest need not be read.
        uploads = tuple(Upload(one.filename or "", one.read()) for one in chosen[: MAX_AT_ONCE + 1])
        return AddEvidence(uploads, case_id=case_id)


class ConfirmForm(FlaskForm):
    """A destructive act on its own page: nothing but the button."""


def filled_counter(terms: Sequence[TermDraft], digest: str, in_dispute: int | None) -> CounterForm:
    """A counter form as the offer stands, so that only what differs is typed; sums start from what is in dispute."""
    main = next((term for term in terms if term.kind in REMEDIES), TermDraft(TermKind.REFUND))
    compensation = next((term for term in terms if term.kind is TermKind.COMPENSATE), None)
    money = main.amount if main.amount is not None else in_dispute
    form = CounterForm(
        formdata=None,
        digest=digest,
        kind=main.kind.value,
        amount=plain_yuan(money) if money else "",
        method=(main.method or PaymentMethod.ORIGINAL).value,
        freight=main.freight.value,
        detail=main.detail,
        due_days=main.due_days,
        compensation=plain_yuan(compensation.amount) if compensation and compensation.amount else "",
        apology=any(term.kind is TermKind.APOLOGY for term in terms),
        keep=[str(place) for place, _term in enumerate(further_remedies(terms))],
    )
    form.offer_kept(terms)
    return form


def further_remedies(terms: Sequence[TermDraft]) -> list[TermDraft]:
    """The remedies of an offer beside its first one."""
    return [term for term in terms if term.kind in REMEDIES][1:]
