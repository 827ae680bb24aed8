"""What is typed about retention."""

from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from wtforms import IntegerField, RadioField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from portal.retention.actions import DecideList

AGREE, REFUSE = "agree", "refuse"


class DecisionForm(FlaskForm):
    """One side's word on a list."""

    decision = RadioField(
        _("审批意见"),
        [InputRequired(_("请选择同意或不同意。"))],
        choices=[SelectChoice(AGREE, _("同意清除")), SelectChoice(REFUSE, _("不同意"))],
    )
    reason = TextAreaField(_("不同意的理由"), [Optional(), Length(max=300)], render_kw={"rows": 2})

    def command(self, reference: str) -> DecideList:
        """The decision."""
        return DecideList(reference, self.decision.data == AGREE, self.reason.data or "")


class HoldForm(FlaskForm):
    """What may not be erased, and why."""

    code = StringField(_("统一社会信用代码"), [InputRequired(_("请填写企业的统一社会信用代码。")), Length(max=18)])
    seq = IntegerField(
        _("第几笔"),
        [Optional(), NumberRange(min=1, message=_("笔数从 1 开始。"))],
        render_kw={"inputmode": "numeric", "min": 1},
    )
    reason = TextAreaField(
        _("冻结理由"),
        [InputRequired(_("请写明冻结理由，例如诉讼或检查的编号。")), Length(max=300)],
        render_kw={"rows": 2},
    )


class PlainForm(FlaskForm):
    """Nothing but the token."""
