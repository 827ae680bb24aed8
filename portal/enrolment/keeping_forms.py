"""What a merchant's heads type about their own data, and an officer's answer to a proposal."""

from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from flask_wtf.file import FileField
from wtforms import BooleanField, DateField, HiddenField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, Optional

from portal.enrolment.keeping import ChangeOutlet, ConfirmData, DecideProposal, OpenOutlet, ProposeChange
from portal.enrolment.models import Merchant, Outlet
from portal.enrolment.rules import MAX_NAME

PLAIN = {"autocomplete": "off"}


class OutletForm(FlaskForm):
    """A shop."""

    name = StringField(
        _("门店名称"),
        [InputRequired(_("请填写门店名称。")), Length(max=MAX_NAME, message=_("门店名称最多 200 个字。"))],
        description=_("和招牌一致。投诉里写这个名称时，会发给我方。"),
        render_kw=PLAIN,
    )
    address = StringField(
        _("门店地址"), [Optional(), Length(max=300, message=_("地址最多 300 个字。"))], render_kw=PLAIN
    )

    def command(self) -> OpenOutlet:
        """The shop to be added."""
        return OpenOutlet(self.name.data or "", self.address.data or "")


class ChangeOutletForm(FlaskForm):
    """A shop's new particulars; `name` says which."""

    name = HiddenField()
    new_name = StringField(
        _("门店名称"),
        [InputRequired(_("请填写门店名称。")), Length(max=MAX_NAME, message=_("门店名称最多 200 个字。"))],
        render_kw=PLAIN,
    )
    new_address = StringField(
        _("门店地址"), [Optional(), Length(max=300, message=_("地址最多 300 个字。"))], render_kw=PLAIN
    )

    def fill(self, outlet: Outlet) -> "ChangeOutletForm":
        """Show what is known."""
        self.name.data = self.new_name.data = outlet.name
        self.new_address.data = outlet.address
        return self

    def command(self) -> ChangeOutlet:
        """The change."""
        return ChangeOutlet(self.name.data or "", self.new_name.data or "", self.new_address.data or "")


class OutletFileForm(FlaskForm):
    """A list of shops."""

    file = FileField(_("Excel 或 CSV 文件"), render_kw={"accept": ".xlsx,.csv"})


class ProposalForm(FlaskForm):
    """The merchant's data as they should be."""

    name = StringField(
        _("企业名称"),
        [InputRequired(_("请填写企业名称。")), Length(max=MAX_NAME, message=_("企业名称最多 200 个字。"))],
    )
    address = StringField(
        _("经营地址"), [InputRequired(_("请填写经营地址。")), Length(max=300, message=_("经营地址最多 300 个字。"))]
    )
    phone = StringField(
        _("联系电话"), [InputRequired(_("请填写联系电话。")), Length(max=50, message=_("联系电话最多 50 个字。"))]
    )
    licence_until_on = DateField(_("营业执照有效期至"), [Optional()], description=_("执照上写“长期”的不填。"))
    note = TextAreaField(
        _("说明"),
        [Optional(), Length(max=300, message=_("说明最多 300 个字。"))],
        description=_("例如：已换领新营业执照。"),
        render_kw={"rows": 2},
    )

    def fill(self, merchant: Merchant) -> "ProposalForm":
        """Show what is registered."""
        self.name.data, self.address.data, self.phone.data = (
            merchant.organisation.name,
            merchant.address,
            merchant.phone,
        )
        self.licence_until_on.data = merchant.licence_until_on
        return self

    def command(self) -> ProposeChange:
        """The proposal."""
        return ProposeChange(
            self.name.data or "",
            self.address.data or "",
            self.phone.data or "",
            self.licence_until_on.data,
            self.note.data or "",
        )


class ConfirmForm(FlaskForm):
    """The yearly word that the data are right."""

    checked = BooleanField(_("资料和门店都没有变化，或已提出变更"), [InputRequired(_("请核对后勾选。"))])

    def command(self) -> ConfirmData:
        """The confirmation."""
        return ConfirmData(bool(self.checked.data))


class DecideForm(FlaskForm):
    """An officer's answer to a proposal; the button says which."""

    reason = StringField(
        _("不核准的理由"), [Optional(), Length(max=300, message=_("理由最多 300 个字。"))], render_kw=PLAIN
    )
    verdict = HiddenField()

    def command(self, code: str, reference: str) -> DecideProposal:
        """The decision."""
        return DecideProposal(code, reference, self.verdict.data == "approve", self.reason.data or "")
