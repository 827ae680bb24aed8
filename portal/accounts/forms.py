"""What people type to sign in."""

from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from wtforms import HiddenField, PasswordField, StringField
from wtforms.validators import InputRequired, Length

from portal.accounts.actions import SignIn


class SignInForm(FlaskForm):
    """Name and password."""

    sign_in_name = StringField(
        _("登录名"),
        [InputRequired(_("请填写登录名。")), Length(max=100, message=_("登录名太长。"))],
        render_kw={"autocomplete": "username"},
    )
    password = PasswordField(
        _("密码"),
        [InputRequired(_("请填写密码。")), Length(max=200, message=_("密码太长。"))],
        render_kw={"autocomplete": "current-password"},
    )
    next = HiddenField()

    def command(self) -> SignIn:
        """The attempt."""
        assert self.sign_in_name.data is not None
        assert self.password.data is not None
        return SignIn(self.sign_in_name.data, self.password.data)
