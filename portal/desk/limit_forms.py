"""What a chief types about a limit of the own authority."""

from datetime import date

from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from wtforms import DateField, SelectChoice, SelectField, StringField
from wtforms.validators import InputRequired, Length, Optional

from portal.clocks import rules
from portal.clocks.queries import Almanac
from portal.clocks.rules import Setting
from portal.clocks.setting import SetLimit
from portal.core.errors import RuleBroken


class LimitForm(FlaskForm):
    """A limit from a day on; no amount: as everywhere again."""

    code = SelectField(
        _("期限"),
        choices=[SelectChoice(code, rules.limit_title(code)) for code in rules.OWN_CODES],
    )
    amount = StringField(
        _("数值"), [Optional(), Length(max=12, message=_("数值太长。"))], render_kw={"inputmode": "decimal"}
    )
    first_on = DateField(_("从哪天起"), [InputRequired(_("请填写生效日期，例如 2026-10-12。"))])
    basis = StringField(_("依据"), [Optional(), Length(max=200, message=_("依据太长，最多 200 字。"))])

    def command(self, book: Almanac, authority_id: int) -> SetLimit:
        """The setting; refuses with RuleBroken (field amount) what is no number in the limit's unit."""
        assert isinstance(self.first_on.data, date)
        code, typed = str(self.code.data), (self.amount.data or "").strip()
        unit = next(row.unit for row in book.limits if row.code == code)
        amount = rules.read_amount(typed, unit) if typed else None
        if typed and amount is None:
            words = _("“%(typed)s”不是数值。请填写多少%(unit)s。", typed=typed, unit=rules.UNIT_NAMES[unit])
            raise RuleBroken(str(words), field="amount")
        return SetLimit(Setting(code, amount, self.first_on.data, (self.basis.data or "").strip()), authority_id)
