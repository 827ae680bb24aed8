"""The parts of a complaint of the green channel, as a phone sends them; what is wrong is said by `rules.greens`."""

from collections.abc import Sequence
from typing import Any

from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from flask_wtf.file import MultipleFileField
from werkzeug.datastructures import FileStorage
from wtforms import BooleanField, HiddenField, RadioField, SelectChoice, SelectField, StringField, TextAreaField
from wtforms.fields import SelectMultipleField
from wtforms.validators import Optional
from wtforms.widgets import CheckboxInput, ListWidget

from portal.cases.evidence import MAX_AT_ONCE
from portal.classification.rules import CLASS_NAMES
from portal.core.uploads import Upload
from portal.intake.rules.greens import MAX_TEXT, NATURE_NAMES, BoughtBy, Nature, Objections, Said, Step
from portal.intake.rules.headlines import DEMAND_NAMES
from portal.intake.rules.words import Demand

TRAP = "homepage"  # a field that no person sees: what fills it in is a program

BOUGHT_BY_CHOICES = {BoughtBy.SHOP: _("在店里买"), BoughtBy.ONLINE: _("网上买"), BoughtBy.OTHER: _("其他")}


class PartForm(FlaskForm):
    """A part: typed, kept, and only then judged."""

    homepage = StringField(_("这一栏请留空"), render_kw={"autocomplete": "off", "tabindex": "-1"})

    def typed(self) -> dict[str, Any]:
        """What stands in the fields of this part."""
        return {name: field.data for name, field in self._fields.items() if name not in ("csrf_token", TRAP)}

    @property
    def trapped(self) -> bool:
        """Say whether the field was filled in that no person sees."""
        return bool(self.homepage.data)

    def object_to(self, objections: Objections) -> None:
        """Put each sentence at its field."""
        for name, text in objections:
            self[name].errors = [*self[name].errors, text]


class YouForm(PartForm):
    """Who complains (令121第十条)."""

    name = StringField(_("姓名"), render_kw={"autocomplete": "name", "maxlength": 40})
    phone = StringField(_("手机号"), render_kw={"autocomplete": "tel", "inputmode": "tel", "maxlength": 20})
    address = StringField(_("通讯地址"), render_kw={"autocomplete": "street-address", "maxlength": 120})


class MatterForm(PartForm):
    """What happened."""

    category = SelectField(
        _("买的是哪一类"),
        choices=[SelectChoice("", _("请选择")), *(SelectChoice(code, name) for code, name in CLASS_NAMES.items())],
        validate_choice=False,
    )
    goods = StringField(_("商品或服务名称"), render_kw={"maxlength": 60, "autocomplete": "off"})
    nature = SelectField(
        _("主要是什么问题"),
        choices=[
            SelectChoice("", _("请选择")),
            *(SelectChoice(one.value, NATURE_NAMES[one]) for one in Nature if one is not Nature.OTHER),
            SelectChoice(Nature.OTHER.value, NATURE_NAMES[Nature.OTHER]),
        ],
        validate_choice=False,
    )
    bought_by = RadioField(
        _("怎么买的"),
        choices=[SelectChoice(one.value, name) for one, name in BOUGHT_BY_CHOICES.items()],
        validate_choice=False,
    )
    outlet = SelectField(_("哪家门店"), choices=[], validate_choice=False)
    purchased_on = StringField(_("购买日期"), [Optional()], render_kw={"type": "date", "autocomplete": "off"})
    amount = StringField(_("涉及金额"), [Optional()], render_kw={"autocomplete": "off", "maxlength": 20})
    order = StringField(_("订单号或小票号"), [Optional()], render_kw={"autocomplete": "off", "maxlength": 60})
    text = TextAreaField(_("经过"), render_kw={"rows": 6, "maxlength": MAX_TEXT + 200})

    def offer_outlets(self, names: Sequence[str]) -> None:
        """Let one of the merchant's shops be chosen."""
        self.outlet.choices = [SelectChoice("", _("不清楚或不是门店")), *(SelectChoice(name, name) for name in names)]


class WishForm(PartForm):
    """What is asked for: the words of the official form."""

    demands = SelectMultipleField(
        _("你想要"),
        choices=[SelectChoice(one.value, DEMAND_NAMES[one]) for one in Demand],
        widget=ListWidget(prefix_label=False),
        option_widget=CheckboxInput(),
        validate_choice=False,
    )
    detail = TextAreaField(_("补充说明"), [Optional()], render_kw={"rows": 3, "maxlength": 600})


class ConsentForm(PartForm):
    """What is consented to, each by itself; nothing is ticked beforehand."""

    settle = BooleanField(_("同意先行和解"))
    share = BooleanField(_("同意提供个人信息"))
    publish = BooleanField(_("同意公示"))


class CodeForm(FlaskForm):
    """The six digits of the message."""

    code = StringField(
        _("短信验证码"), render_kw={"inputmode": "numeric", "autocomplete": "one-time-code", "maxlength": 12}
    )


class FilesForm(FlaskForm):
    """Several photos from a phone."""

    files = MultipleFileField(
        _("照片、视频或 PDF"), render_kw={"accept": "image/*,application/pdf,video/mp4", "multiple": True}
    )

    def uploads(self) -> list[Upload]:
        """What was chosen; one more than allowed is enough to refuse, the rest need not be read."""
        chosen = [one for one in self.files.data or [] if isinstance(one, FileStorage) and one.filename]
        return [Upload(one.filename or "", one.read()) for one in chosen[: MAX_AT_ONCE + 1]]


class FileForm(FlaskForm):
    """The last button: what was looked through is named."""

    seen = HiddenField()


FORMS: dict[Step, type[PartForm]] = {
    Step.YOU: YouForm,
    Step.MATTER: MatterForm,
    Step.WISH: WishForm,
    Step.CONSENT: ConsentForm,
}


def filled(step: Step, said: Said) -> PartForm:
    """A part as it was typed before."""
    form = FORMS[step](formdata=None)
    for name in form.typed():
        value = getattr(said, name)
        form[name].data = list(value) if isinstance(value, tuple) else value
    return form
