"""What people type on the desks."""

from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from wtforms import StringField
from wtforms.validators import InputRequired, Length

from portal.cases.lookups import FindConsumer


class ConsumerSearchForm(FlaskForm):
    """A full phone number or a full name to look for."""

    who = StringField(
        _("手机号或姓名"),
        [
            InputRequired(_("请填写完整的手机号或姓名。")),
            Length(max=40, message=_("填写的内容太长。请只填一个号码或一个姓名。")),
        ],
        render_kw={"autocomplete": "off"},
    )

    def command(self) -> FindConsumer:
        """The search."""
        return FindConsumer(self.who.data or "")
