"""What people type to sign in, and about people."""

from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from flask_wtf.file import FileField, FileRequired
from wtforms import HiddenField, PasswordField, RadioField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import EqualTo, InputRequired, Length, Regexp

from portal.accounts.actions import AddPerson, SignIn
from portal.accounts.people import ChangePassword
from portal.accounts.second_factor import ConfirmSecondFactor, SetSecondFactor
from portal.core.actor import ROLE_NAMES, Role


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


class CodeForm(FlaskForm):
    """Six digits of an authenticator."""

    code = StringField(
        _("验证码"),
        [
            InputRequired(_("请填写验证器显示的 6 位数字。")),
            Regexp(r"^\s*\d{3}\s*\d{3}\s*$", message=_("验证码是 6 位数字。")),
        ],
        render_kw={"autocomplete": "one-time-code", "inputmode": "numeric", "maxlength": "9"},
    )
    next = HiddenField()

    def command(self, at: int) -> ConfirmSecondFactor:
        """The code, typed at a moment in seconds since 1970."""
        assert self.code.data is not None
        return ConfirmSecondFactor(self.code.data, at)

    def setting(self, secret: str, at: int) -> SetSecondFactor:
        """The code as the proof that an authenticator has learnt the secret."""
        assert self.code.data is not None
        return SetSecondFactor(secret, self.code.data, at)


class NewPasswordForm(FlaskForm):
    """The present password, and the new one twice."""

    current = PasswordField(
        _("现在的密码"),
        [InputRequired(_("请填写现在的密码。")), Length(max=200, message=_("密码太长。"))],
        render_kw={"autocomplete": "current-password"},
    )
    new = PasswordField(
        _("新密码"),
        [InputRequired(_("请填写新密码。")), Length(max=200, message=_("密码太长，最多 200 个字符。"))],
        description=_("至少 10 个字符，字母、数字、符号中至少两类，不能包含登录名。"),
        render_kw={"autocomplete": "new-password"},
    )
    again = PasswordField(
        _("再输一次新密码"),
        [InputRequired(_("请再输一次新密码。")), EqualTo("new", message=_("两次输入的新密码不一样。请重新输入。"))],
        render_kw={"autocomplete": "new-password"},
    )

    def command(self) -> ChangePassword:
        """The change."""
        assert self.current.data is not None
        assert self.new.data is not None
        return ChangePassword(self.current.data, self.new.data)


class StaffFileForm(FlaskForm):
    """A file of people."""

    file = FileField(_("人员名单"), [FileRequired(_("请选择文件。"))])


class PersonForm(FlaskForm):
    """A new member of staff; the first password is made, not typed."""

    sign_in_name = StringField(
        _("登录名"),
        [
            InputRequired(_("请填写登录名。")),
            Length(max=50, message=_("登录名最多 50 个字符。")),
            Regexp(r"^[\w.-]+$", message=_("登录名只能有文字、数字、点、横线和下划线，不能有空格。")),
        ],
        description=_("不能和别人的相同，如姓名拼音加单位缩写。"),
        render_kw={"autocomplete": "off"},
    )
    name = StringField(
        _("姓名"),
        [InputRequired(_("请填写姓名。")), Length(max=50, message=_("姓名最多 50 个字。"))],
        render_kw={"autocomplete": "off"},
    )
    role = RadioField(_("岗位"), [InputRequired(_("请选择岗位。"))])

    def offer(self, roles: tuple[Role, ...]) -> "PersonForm":
        """Offer these roles."""
        self.role.choices = [SelectChoice(role.value, ROLE_NAMES[role]) for role in roles]
        return self

    def command(self, organisation_code: str, password: str) -> AddPerson:
        """The new person, with the password made for the first sign-in."""
        assert self.sign_in_name.data is not None
        assert self.name.data is not None
        return AddPerson(
            self.sign_in_name.data, self.name.data, Role(self.role.data), organisation_code, password, must_change=True
        )
