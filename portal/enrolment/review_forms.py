"""What an officer types about an application."""

from datetime import date

from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from wtforms import DateField, RadioField, SelectField, SelectMultipleField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length, Optional
from wtforms.widgets import CheckboxInput, ListWidget

from portal.accounts.models import Organisation
from portal.enrolment.application_rules import PARTS, Part
from portal.enrolment.reviewing import Admit, AskForMore, OpenApplication, RefuseApplication
from portal.enrolment.rules import TIERS

REASONS = {
    "review": _("审核申请"),
    "contact": _("联系申请人"),
    "check": _("复查"),
}


class OpenForm(FlaskForm):
    """Why contact person and documents are looked at."""

    purpose = RadioField(
        _("查看理由"),
        [InputRequired(_("请选择查看理由。"))],
        choices=[SelectChoice(code, label) for code, label in REASONS.items()],
    )

    def command(self, reference: str) -> OpenApplication:
        """The reveal."""
        return OpenApplication(reference, self.purpose.data)


class AskForm(FlaskForm):
    """What is to be added."""

    parts = SelectMultipleField(
        _("要补正的部分"),
        [InputRequired(_("请勾选要补正的部分。"))],
        choices=[SelectChoice(part.value, name) for part, name in PARTS.items()],
        option_widget=CheckboxInput(),
        widget=ListWidget(prefix_label=False),
    )
    words = TextAreaField(
        _("补正要求"),
        [InputRequired(_("请写明要补什么。")), Length(max=1000, message=_("补正要求最多 1000 个字。"))],
        description=_("申请人会看到，也会收到短信。"),
        render_kw={"rows": 3},
    )
    reply_on = DateField(_("请在这一天前补正"), [InputRequired(_("请填写日期，如 2026-12-01。"))])

    def command(self, reference: str) -> AskForMore:
        """The request."""
        parts = tuple(Part(one) for one in self.parts.data or ())
        assert isinstance(self.reply_on.data, date)
        return AskForMore(reference, parts, self.words.data or "", self.reply_on.data)


class AdmitForm(FlaskForm):
    """The decision for the applicant."""

    tier = SelectField(_("类别"), [Optional()])
    authority_code = SelectField(_("由谁监督"), [InputRequired(_("请选择监督它的部门。"))])

    def offer(self, authorities: list[Organisation]) -> "AdmitForm":
        """Offer the authorities of the officer's jurisdiction, and the tiers."""
        self.authority_code.choices = [SelectChoice(one.code, one.name) for one in authorities]
        self.tier.choices = [SelectChoice("", _("不分类")), *[SelectChoice(one, one) for one in TIERS]]
        return self

    def command(self, reference: str) -> Admit:
        """The admission."""
        return Admit(reference, self.tier.data or "", self.authority_code.data)


class RefuseForm(FlaskForm):
    """The decision against."""

    reason = TextAreaField(
        _("理由"),
        [InputRequired(_("请写明不予入驻的理由。")), Length(max=1000, message=_("理由最多 1000 个字。"))],
        description=_("申请人会看到，可以修改后重新申请。"),
        render_kw={"rows": 3},
    )

    def command(self, reference: str) -> RefuseApplication:
        """The refusal."""
        return RefuseApplication(reference, self.reason.data or "")
