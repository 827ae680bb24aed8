"""What is typed on 权限与代理: limits, and who stands in for whom."""

from collections.abc import Sequence
from datetime import date

from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from wtforms import DateField, SelectChoice, SelectField
from wtforms.validators import InputRequired, Optional

from portal.cases.queries import Colleague
from portal.cases.substitutes import NameSubstitute
from portal.core.actor import ROLE_NAMES, Role
from portal.core.money import plain_yuan
from portal.settlements.forms import MoneyField
from portal.settlements.limits import SetLimits
from portal.settlements.rules import Limits


class LimitsForm(FlaskForm):
    """Up to which outlay whom may send an offer; an empty field means any amount."""

    agent = MoneyField(_("客服最多可以承诺支出"), [Optional()])
    supervisor = MoneyField(_("部门负责人最多可以承诺支出"), [Optional()])

    def command(self) -> SetLimits:
        """The limits in 分."""
        return SetLimits(self.agent.fen, self.supervisor.fen)


def filled_limits(limits: Limits) -> LimitsForm:
    """The form as the limits stand."""
    return LimitsForm(
        formdata=None,
        agent=plain_yuan(limits.agent) if limits.agent is not None else "",
        supervisor=plain_yuan(limits.supervisor) if limits.supervisor is not None else "",
    )


class SubstituteForm(FlaskForm):
    """Who stands in for whom, on which days."""

    person = SelectField(_("谁不在"), [InputRequired(_("请选择谁不在。"))], validate_choice=False)
    substitute = SelectField(_("由谁代理"), [InputRequired(_("请选择代理人。"))], validate_choice=False)
    starts_on = DateField(_("第一天"), [InputRequired(_("请填写第一天，例如 2026-10-01。"))])
    ends_on = DateField(_("最后一天"), [InputRequired(_("请填写最后一天，例如 2026-10-07。"))])

    def offer(self, away: Sequence[Colleague], everybody: Sequence[Colleague]) -> "SubstituteForm":
        """Offer those for whom the reader may name somebody, and everybody to be named."""
        self.person.choices = [_choice(one) for one in away]
        self.substitute.choices = [SelectChoice("", _("请选择")), *map(_choice, everybody)]
        return self

    def command(self) -> NameSubstitute:
        """The naming."""
        assert isinstance(self.starts_on.data, date)
        assert isinstance(self.ends_on.data, date)
        return NameSubstitute(
            self.person.data or "", self.substitute.data or "", self.starts_on.data, self.ends_on.data
        )


def _choice(one: Colleague) -> SelectChoice:
    return SelectChoice(one.sign_in_name, f"{one.name} · {ROLE_NAMES[Role(one.role)]}")
