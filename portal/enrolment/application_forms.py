"""What an applicant types, a form for each step; whatever is refused keeps what was typed."""

from typing import Any

from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from wtforms import (
    BooleanField,
    DateField,
    FieldList,
    FormField,
    HiddenField,
    PasswordField,
    RadioField,
    SelectField,
    StringField,
    TextAreaField,
)
from wtforms.fields.choices import SelectChoice
from wtforms.form import Form
from wtforms.validators import EqualTo, InputRequired, Length, Optional, Regexp, StopValidation

from portal.accounts.models import Organisation
from portal.core.actor import ROLE_NAMES, Role
from portal.enrolment.application_contents import Contact, outlets_of
from portal.enrolment.application_models import Application
from portal.enrolment.application_rules import CONDITIONS, MAX_STATEMENT, Account, split_outlets
from portal.enrolment.applying import SaveAccounts, SaveConditions, SaveFirm, SubmitApplication
from portal.enrolment.inviting import FirstPassword
from portal.enrolment.rules import MAX_NAME, TIERS
from portal.enrolment.starting import StartApplication

PLAIN = {"autocomplete": "off"}
OPEN_ENDED, LIMITED = "open", "until"
OTHERS = 4  # rows for further people
OTHER_ROLES = (Role.AGENT, Role.SUPERVISOR)
_MAIL = r"^\s*([^@\s]+@[^@\s]+\.[^@\s]+)?\s*$"
_SIGN_IN = r"^\s*[\w.@+-]+\s*$"


class ContactForm(FlaskForm):
    """What every form that asks for the contact person has."""

    authority_code = SelectField(_("企业所在区县的市场监督管理局"), [InputRequired(_("请选择企业所在区县。"))])
    contact_name = StringField(
        _("联系人姓名"),
        [InputRequired(_("请填写联系人姓名。")), Length(max=50, message=_("姓名最多 50 个字。"))],
        render_kw={"autocomplete": "name"},
    )
    contact_phone = StringField(
        _("联系人手机号"),
        [InputRequired(_("请填写联系人手机号。")), Length(max=20, message=_("手机号是 11 位数字。"))],
        description=_("续填链接和结果发到这个手机。加密保存，只有审核人员能看到。"),
        render_kw={"autocomplete": "tel", "inputmode": "tel"},
    )
    contact_mail = StringField(
        _("联系人邮箱"),
        [
            Optional(),
            Length(max=100, message=_("邮箱最多 100 个字。")),
            Regexp(_MAIL, message=_("邮箱应写成 name@example.cn 的样子。")),
        ],
        render_kw={"autocomplete": "email", "inputmode": "email"},
    )

    def offer(self, districts: list[Organisation]) -> Any:
        """Offer these authorities; none is chosen beforehand."""
        self.authority_code.choices = [
            SelectChoice("", _("请选择")),
            *[SelectChoice(one.code, one.name) for one in districts],
        ]
        return self

    def contact(self) -> Contact:
        """The contact person as typed."""
        return Contact(self.contact_name.data or "", self.contact_phone.data or "", self.contact_mail.data or "")


class StartForm(ContactForm):
    """Enough to keep what follows."""

    code = StringField(
        _("统一社会信用代码"),
        [InputRequired(_("请填写统一社会信用代码。")), Length(max=40, message=_("统一社会信用代码是 18 位。"))],
        description=_("营业执照上的 18 位代码。"),
        render_kw={**PLAIN, "spellcheck": "false", "autocapitalize": "characters"},
    )
    name = StringField(
        _("企业名称"),
        [InputRequired(_("请填写企业名称。")), Length(max=MAX_NAME, message=_("企业名称最多 200 个字。"))],
        description=_("和营业执照一致。"),
        render_kw={"autocomplete": "organization"},
    )
    anew = HiddenField()

    def command(self) -> StartApplication:
        """The beginning."""
        return StartApplication(
            code=self.code.data or "",
            name=self.name.data or "",
            authority_code=self.authority_code.data,
            contact=self.contact(),
            anew=self.anew.data == "yes",
        )


class LostLinkForm(FlaskForm):
    """Whose link is lost."""

    code = StringField(
        _("统一社会信用代码"),
        [InputRequired(_("请填写统一社会信用代码。")), Length(max=40, message=_("统一社会信用代码是 18 位。"))],
        render_kw={**PLAIN, "spellcheck": "false"},
    )


class FirmForm(ContactForm):
    """The merchant's particulars."""

    name = StringField(
        _("企业名称"),
        [InputRequired(_("请填写企业名称。")), Length(max=MAX_NAME, message=_("企业名称最多 200 个字。"))],
        render_kw={"autocomplete": "organization"},
    )
    address = StringField(
        _("经营地址"),
        [InputRequired(_("请填写经营地址。")), Length(max=300, message=_("经营地址最多 300 个字。"))],
        render_kw={"autocomplete": "street-address"},
    )
    phone = StringField(
        _("对外公开的联系电话"),
        [InputRequired(_("请填写联系电话。")), Length(max=50, message=_("联系电话最多 50 个字。"))],
        description=_("消费者会看到，不要填个人手机号。"),
        render_kw=PLAIN,
    )
    licence = RadioField(
        _("营业执照有效期"),
        [InputRequired(_("请选择营业执照的有效期。"))],
        choices=[SelectChoice(OPEN_ENDED, _("长期")), SelectChoice(LIMITED, _("到下面的日期"))],
    )
    licence_until_on = DateField(_("有效期至"), [Optional()])
    tier = SelectField(_("申请类别"), [Optional()], description=_("不确定的可以不选，由审核人员确定。"))
    outlets = TextAreaField(
        _("门店"),
        [Optional(), Length(max=20_000, message=_("门店最多 20000 个字，其余的入驻后再添加。"))],
        description=_("一行一家：门店名称，地址。例如：江头店，湖里区江头街 1 号。"),
        render_kw={"rows": 4},
    )

    def offer(self, districts: list[Organisation]) -> "FirmForm":
        """Offer authorities and tiers."""
        super().offer(districts)
        self.tier.choices = [SelectChoice("", _("由审核人员确定")), *[SelectChoice(one, one) for one in TIERS]]
        return self

    def fill(self, row: Application, contact: Contact) -> "FirmForm":
        """Show what is known."""
        self.name.data, self.address.data, self.phone.data = row.name, row.address, row.phone
        self.authority_code.data, self.tier.data = row.authority.code, row.tier
        if row.licence_open_ended or row.licence_until_on:
            self.licence.data = OPEN_ENDED if row.licence_open_ended else LIMITED
        self.licence_until_on.data = row.licence_until_on
        self.outlets.data = "\n".join("，".join(part for part in one if part) for one in outlets_of(row))
        self.contact_name.data, self.contact_phone.data = contact.name, contact.phone
        self.contact_mail.data = contact.mail
        return self

    def command(self, token: str) -> SaveFirm:
        """The particulars for the application of this link."""
        return SaveFirm(
            token=token,
            name=self.name.data or "",
            authority_code=self.authority_code.data,
            address=self.address.data or "",
            phone=self.phone.data or "",
            tier=self.tier.data or "",
            licence_until_on=self.licence_until_on.data,
            licence_open_ended=self.licence.data == OPEN_ENDED,
            outlets=split_outlets(self.outlets.data or ""),
            contact=self.contact(),
        )


class ConditionsForm(FlaskForm):
    """四有一健全: a box and a statement for each; both or neither."""

    def pairs(self) -> list[tuple[Any, Any]]:
        """The boxes with their statements, in order."""
        return [(self[one.value], self[f"{one.value}_text"]) for one in CONDITIONS]

    def fill(self, row: Application) -> "ConditionsForm":
        """Show what was said."""
        for one in CONDITIONS:
            statement = row.conditions.get(one.value, "")
            self[one.value].data, self[f"{one.value}_text"].data = bool(statement), statement
        return self

    def command(self, token: str) -> SaveConditions:
        """The statements of what was ticked."""
        said = tuple((one.value, self[f"{one.value}_text"].data or "") for one in CONDITIONS if self[one.value].data)
        return SaveConditions(token, said)


def _statement_goes_with(box: str) -> Any:
    def check(form: FlaskForm, field: Any) -> None:
        ticked, text = form[box].data, (field.data or "").strip()
        if ticked and not text:
            raise StopValidation(_("勾选后请用一两句话说明。"))
        if text and not ticked:
            raise StopValidation(_("写了说明，但没有勾选。具备这一项的请勾选，不具备的请删去说明。"))

    return check


for _condition, (_name, _hint) in CONDITIONS.items():
    setattr(ConditionsForm, _condition.value, BooleanField(_name))
    setattr(
        ConditionsForm,
        f"{_condition.value}_text",
        TextAreaField(
            _("说明"),
            [
                _statement_goes_with(_condition.value),
                Length(max=MAX_STATEMENT, message=_("说明最多 %(most)s 个字。", most=MAX_STATEMENT)),
            ],
            description=_hint,
            render_kw={"rows": 2},
        ),
    )


class PersonRow(Form):
    """A further person; a row without a name is none."""

    role = SelectField(
        _("岗位"),
        choices=[SelectChoice(role.value, ROLE_NAMES[role]) for role in OTHER_ROLES],
        validate_choice=False,  # a row that is none has no role
    )
    name = StringField(_("姓名"), [Optional(), Length(max=50, message=_("姓名最多 50 个字。"))], render_kw=PLAIN)
    sign_in_name = StringField(
        _("登录名"),
        [Optional(), Length(max=50), Regexp(_SIGN_IN, message=_("登录名只能有文字、数字、点、横线、下划线和 @。"))],
        render_kw=PLAIN,
    )


class AccountsForm(FlaskForm):
    """Who is to sign in."""

    name = StringField(
        _("企业负责人姓名"),
        [InputRequired(_("请填写企业负责人姓名。")), Length(max=50, message=_("姓名最多 50 个字。"))],
        render_kw={"autocomplete": "name"},
    )
    sign_in_name = StringField(
        _("企业负责人登录名"),
        [
            InputRequired(_("请填写企业负责人登录名。")),
            Length(max=50, message=_("登录名最多 50 个字符。")),
            Regexp(_SIGN_IN, message=_("登录名只能有文字、数字、点、横线、下划线和 @。")),
        ],
        description=_("邮箱或拼音加单位缩写。和别人重复的，开通时会在后面加数字。"),
        render_kw=PLAIN,
    )
    others = FieldList(FormField(PersonRow), min_entries=OTHERS, max_entries=OTHERS)

    def fill(self, accounts: list[Account]) -> "AccountsForm":
        """Show what was written."""
        for one in accounts[:1]:
            self.name.data, self.sign_in_name.data = one.name, one.sign_in_name
        for row, one in zip(self.others, accounts[1:], strict=False):
            row.form.role.data, row.form.name.data = one.role, one.name
            row.form.sign_in_name.data = one.sign_in_name
        return self

    def is_allowed(self) -> bool:
        """Validate; a further person has both names or none."""
        good = bool(self.validate_on_submit())
        for row in self.others:
            if bool((row.form.name.data or "").strip()) != bool((row.form.sign_in_name.data or "").strip()):
                row.form.name.errors = [*row.form.name.errors, _("姓名和登录名要么都写，要么都不写。")]
                good = False
        return good

    def command(self, token: str) -> SaveAccounts:
        """The people, the principal first."""
        head = Account(Role.PRINCIPAL.value, (self.name.data or "").strip(), (self.sign_in_name.data or "").strip())
        rows = [one.form for one in self.others if (one.form.name.data or "").strip()]
        return SaveAccounts(token, (head, *(_account(one) for one in rows)))


def _account(row: Any) -> Account:
    role = row.role.data if row.role.data in OTHER_ROLES else Role.AGENT
    return Account(Role(role).value, row.name.data.strip(), row.sign_in_name.data.strip())


class SubmitForm(FlaskForm):
    """The declarations, none ticked beforehand, and what was mended."""

    truthful = BooleanField(_("所填内容和所传材料真实、有效。"), [InputRequired(_("请确认内容真实、有效。"))])
    duty = BooleanField(
        _("入驻后按承诺在规定期限内与消费者协商，如实登记处理结果，对消费者信息严格保密。"),
        [InputRequired(_("请确认愿意履行入驻企业的义务。"))],
    )
    public = BooleanField(
        _("知道入驻和退出情况、企业名称和公开联系电话会依法公示。"), [InputRequired(_("请确认知道公示事项。"))]
    )
    answer = TextAreaField(
        _("补正说明"), [Optional(), Length(max=1000, message=_("补正说明最多 1000 个字。"))], render_kw={"rows": 3}
    )

    def command(self, token: str) -> SubmitApplication:
        """The submission."""
        declared = bool(self.truthful.data and self.duty.data and self.public.data)
        return SubmitApplication(token, declared, self.answer.data or "")


class FirstPasswordForm(FlaskForm):
    """The first password, twice."""

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

    def command(self, token: str) -> FirstPassword:
        """The password for the invitation of this link."""
        return FirstPassword(token, self.new.data or "")
