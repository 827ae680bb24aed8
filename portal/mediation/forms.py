"""What officers type about how a consumer is reached."""

from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from wtforms import RadioField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired

from portal.cases.rules import PARTING_REASON_NAMES, PartingReason
from portal.mediation.models import PhoneReason
from portal.mediation.parting import PartFiling
from portal.mediation.phones import UNUSABLE, ChangePhone, DecidePhone
from portal.mediation.reaching import REASON_NAMES

CONFIRM, REFUSE = "confirm", "refuse"
DISPATCH, WAIT = "dispatch", "wait"


class PhoneForm(FlaskForm):
    """The consumer's number and why it is changed."""

    phone = StringField(
        _("新号码"), [InputRequired(UNUSABLE)], render_kw={"inputmode": "tel", "autocomplete": "off", "maxlength": 30}
    )
    reason = RadioField(
        _("更换理由"),
        [InputRequired(_("请选择更换理由。"))],
        choices=[SelectChoice(reason.value, name) for reason, name in REASON_NAMES.items()],
    )

    def command(self, reference: str) -> ChangePhone:
        """The change."""
        return ChangePhone(reference, self.phone.data or "", PhoneReason(self.reason.data))


class DecisionForm(FlaskForm):
    """A second officer's word."""

    decision = RadioField(
        _("复核结果"),
        [InputRequired(_("请选择确认或退回。"))],
        choices=[SelectChoice(CONFIRM, _("确认，启用新号码")), SelectChoice(REFUSE, _("退回，号码不变"))],
    )

    def command(self, reference: str) -> DecidePhone:
        """The decision."""
        return DecidePhone(reference, confirmed=self.decision.data == CONFIRM)


class PartForm(FlaskForm):
    """Which filing leaves its case, why, and where it goes."""

    filing = StringField(_("拆出的登记件"), [InputRequired(_("请选择要拆出的登记件。"))])  # source and number
    reason = RadioField(
        _("拆分理由"),
        [InputRequired(_("请选择拆分理由。"))],
        choices=[SelectChoice(reason.value, name) for reason, name in PARTING_REASON_NAMES.items()],
    )
    then = RadioField(
        _("拆出以后"),
        [InputRequired(_("请选择拆出以后怎么办。"))],
        choices=[
            SelectChoice(DISPATCH, _("派给同一家企业，期限重新起算")),
            SelectChoice(WAIT, _("放进待分流，另行指定企业")),
        ],
    )

    def command(self, reference: str) -> PartFiling:
        """The parting."""
        source, _space, number = str(self.filing.data).partition(" ")
        return PartFiling(
            reference, source, number, PartingReason(self.reason.data), dispatched=self.then.data == DISPATCH
        )


class LetterForm(FlaskForm):
    """Nothing but the token: the letter is made by a POST."""
