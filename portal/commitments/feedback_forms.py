"""What is typed about a promise that was not kept, and what an officer writes about it."""

from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from wtforms import BooleanField, DateField, RadioField, SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length, Optional

from portal.commitments.feedback import LEAST_TEXT, MOST_TEXT, GiveFeedback, HandleFeedback, RevealFeedback
from portal.commitments.feedback_models import REASON_NAMES, FeedbackReason

TEXT_LENGTH = Length(LEAST_TEXT, MOST_TEXT, _("请写 %(min)d 至 %(max)d 字。"))
LOOKS = {"verify": _("核实反馈内容"), "contact": _("联系反馈人")}


class FeedbackForm(FlaskForm):
    """A visitor's word on a promise; nothing is ticked beforehand."""

    reason = RadioField(
        _("是什么事"),
        [InputRequired(_("请选择是什么事。"))],
        choices=[SelectChoice(one.value, name) for one, name in REASON_NAMES.items()],
    )
    place = SelectField(_("哪家店"), [Optional()])
    happened_on = DateField(_("哪天的事"), [Optional()])
    text = TextAreaField(
        _("情况"),
        [InputRequired(_("请写明情况。")), TEXT_LENGTH],
        description=_("买了什么、哪天去退、商家怎么说。不要写身份证号和银行卡号。"),
    )
    phone = StringField(
        _("联系电话"),
        [Optional(), Length(max=20)],
        description=_("愿意让监管人员联系你时才填；不给商家看。"),
        render_kw={"inputmode": "tel", "autocomplete": "tel"},
    )
    consent = BooleanField(
        _("我同意把以上内容交给监督这家商家的市场监管部门核实；必要时，他们可以隐去我的电话后把内容转给商家。"),
        [InputRequired(_("要勾选同意，才能交给市场监管部门。"))],
    )
    website = StringField(_("这一格请空着"), [Optional()], render_kw={"autocomplete": "off", "tabindex": "-1"})

    def command(self, promisor_id: int) -> GiveFeedback:
        """The feedback."""
        return GiveFeedback(
            promisor_id,
            FeedbackReason(self.reason.data),
            self.text.data or "",
            (self.phone.data or "").strip(),
            self.place.data or "",
            self.happened_on.data,
        )


class HandleForm(FlaskForm):
    """The result of looking into it."""

    result = TextAreaField(_("处理结果"), [InputRequired(_("请写明怎么核实、怎么处理。")), TEXT_LENGTH])
    pass_on = BooleanField(_("转交商家：商家可以看到隐去号码的内容和处理结果，看不到电话"))

    def command(self, reference: str) -> HandleFeedback:
        """The result."""
        return HandleFeedback(reference, self.result.data or "", self.pass_on.data)


class LookForm(FlaskForm):
    """Why an officer looks at the unmasked words."""

    reason = RadioField(
        _("查看理由"),
        [InputRequired(_("请选择查看理由。"))],
        choices=[SelectChoice(code, name) for code, name in LOOKS.items()],
    )

    def command(self, reference: str) -> RevealFeedback:
        """The look."""
        return RevealFeedback(reference, self.reason.data)
