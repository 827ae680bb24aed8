"""What an officer types about a merchant."""

from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from wtforms import SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length, Optional

from portal.accounts.models import Organisation
from portal.enrolment.actions import AddName, AdmitMerchant, ChangeMerchant
from portal.enrolment.models import Merchant
from portal.enrolment.rules import MAX_NAME, TIERS, split_names

PLAIN = {"autocomplete": "off"}


class ParticularsForm(FlaskForm):
    """What may change of a merchant."""

    name = StringField(
        _("企业名称"),
        [InputRequired(_("请填写企业名称。")), Length(max=MAX_NAME, message=_("企业名称最多 200 个字。"))],
        description=_("和营业执照一致。"),
        render_kw=PLAIN,
    )
    authority_code = SelectField(_("辖区市场监管部门"), [InputRequired(_("请选择辖区市场监管部门。"))])
    tier = SelectField(_("类别"), [Optional()])
    address = StringField(
        _("经营地址"),
        [InputRequired(_("请填写经营地址。")), Length(max=300, message=_("经营地址最多 300 个字。"))],
        render_kw=PLAIN,
    )
    phone = StringField(
        _("联系电话"),
        [InputRequired(_("请填写联系电话。")), Length(max=50, message=_("联系电话最多 50 个字。"))],
        description=_("对外公开的客服电话，不要填个人手机号。"),
        render_kw=PLAIN,
    )

    def offer(self, authorities: list[Organisation], tier: str | None = None) -> "ParticularsForm":
        """Offer these authorities, and the usual tiers beside the one the merchant has."""
        self.authority_code.choices = [SelectChoice(one.code, one.name) for one in authorities]
        tiers = [*TIERS, *([tier] if tier and tier not in TIERS else [])]
        self.tier.choices = [SelectChoice("", _("不分类")), *[SelectChoice(one, one) for one in tiers]]
        return self

    def fill(self, merchant: Merchant, authority: Organisation) -> "ParticularsForm":
        """Show what is known."""
        self.name.data, self.authority_code.data = merchant.organisation.name, authority.code
        self.tier.data, self.address.data, self.phone.data = merchant.tier or "", merchant.address, merchant.phone
        return self

    def change(self, code: str) -> ChangeMerchant:
        """The new particulars of the merchant of this code."""
        return ChangeMerchant(code, *self._texts())

    def _texts(self) -> tuple[str, str, str, str, str]:
        assert self.name.data is not None
        assert self.address.data is not None
        assert self.phone.data is not None
        return self.name.data, self.authority_code.data, self.address.data, self.phone.data, self.tier.data or ""


class AdmissionForm(ParticularsForm):
    """A new merchant."""

    code = StringField(
        _("统一社会信用代码"),
        [InputRequired(_("请填写统一社会信用代码。")), Length(max=40, message=_("统一社会信用代码是 18 位。"))],
        description=_("18 位，按 GB 32100 核对校验码。"),
        render_kw={**PLAIN, "spellcheck": "false", "autocapitalize": "characters"},
    )
    aliases = TextAreaField(
        _("别名"),
        [Optional(), Length(max=1000, message=_("别名最多 1000 个字。"))],
        description=_("投诉里常用的简称、店铺名，一行一个。"),
    )
    outlets = TextAreaField(
        _("门店"),
        [Optional(), Length(max=4000, message=_("门店最多 4000 个字。"))],
        description=_("门店招牌名称，一行一个。"),
    )

    def command(self) -> AdmitMerchant:
        """The admission."""
        assert self.code.data is not None
        name, authority, address, phone, tier = self._texts()
        return AdmitMerchant(
            code=self.code.data,
            name=name,
            authority_code=authority,
            address=address,
            phone=phone,
            tier=tier,
            aliases=split_names(self.aliases.data or ""),
            outlets=split_names(self.outlets.data or ""),
        )


class NameForm(FlaskForm):
    """A further alias or outlet."""

    name = StringField(
        _("名称"),
        [InputRequired(_("请填写名称。")), Length(max=MAX_NAME, message=_("名称最多 200 个字。"))],
        render_kw=PLAIN,
    )
    address = StringField(_("地址"), [Optional(), Length(max=300, message=_("地址最多 300 个字。"))], render_kw=PLAIN)

    def command(self, code: str) -> AddName:
        """The name, for the merchant of this code."""
        assert self.name.data is not None
        return AddName(code, self.name.data, self.address.data or "")
