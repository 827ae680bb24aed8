"""What people type on the desks."""

from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from wtforms import StringField
from wtforms.validators import InputRequired, Length

from portal.cases.lookups import FindByPhone


class PhoneSearchForm(FlaskForm):
    """A full phone number to look for."""

    phone = StringField(
        _("完整手机号"),
        [InputRequired(_("请填写完整的手机号。")), Length(max=20, message=_("号码太长。请只填一个号码。"))],
        render_kw={"inputmode": "tel", "autocomplete": "off"},
    )

    def command(self) -> FindByPhone:
        """The search."""
        return FindByPhone(self.phone.data or "")
