"""What is typed about a return: by the consumer on the public page, by the clerk, by the officer."""

from collections.abc import Sequence
from typing import Any

from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from flask_wtf.file import MultipleFileField
from werkzeug.datastructures import FileStorage
from wtforms import (
    BooleanField,
    DateField,
    HiddenField,
    IntegerField,
    RadioField,
    SelectField,
    StringField,
    TextAreaField,
)
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length, Optional

from portal.classification.rules import CLASS_NAMES, GoodsClass
from portal.commitments.rules import WAY_NAMES, Way
from portal.commitments.rules.coverage import Exclusion
from portal.core.money import fen_from_yuan
from portal.core.uploads import Upload
from portal.enrolment.models import Outlet
from portal.ledgers.rules.vocabulary import (
    CATEGORY_NAMES,
    CONDITION_NAMES,
    DECISION_NAMES,
    DESTROY_BASIS_NAMES,
    DISPOSITION_NAMES,
    Condition,
    Decision,
    Disposition,
)
from portal.returns.actions import AgreeReturn, FindBreach, ReceiveGoods, RefuseReturn, SettleReturn
from portal.returns.booking import CLERKS
from portal.returns.proofs import ACCEPT, MOST_FILES
from portal.returns.rules import (
    FINDING_NAMES,
    GROUND_NAMES,
    MOST_GOODS,
    MOST_NAME,
    MOST_REFUSAL,
    MOST_WORDS,
    Finding,
    Ground,
    Wanted,
)

NO_DAY = _("日期应写成 2026-10-12。")
NO_SUM = _("请填写金额，单位元，例如 199 或 199.00。")
TYPED = (
    "way", "purchased_on", "received_on", "outlet", "category", "goods", "price", "quantity", "reason", "name", "phone",
)  # fmt: skip
MONEY = {"inputmode": "decimal", "autocomplete": "off"}
GOODS_CLASSES = [SelectChoice(one.value, CLASS_NAMES[one]) for one in GoodsClass]


class AskForm(FlaskForm):
    """A return request on a merchant's public page; nothing is ticked beforehand."""

    way = RadioField(
        _("怎么买的"),
        [InputRequired(_("请选择在门店买的还是网上买的。"))],
        choices=[SelectChoice(way.value, WAY_NAMES[way]) for way in Way],
    )
    purchased_on = DateField(_("购买日期"), [InputRequired(_("请填写购买日期，以小票或订单上的日期为准。"))])
    received_on = DateField(_("签收日期"), [Optional()])
    outlet = SelectField(_("购买的门店"), [Optional()], validate_choice=False)
    category = SelectField(
        _("商品类别"), [InputRequired(_("请选择商品类别。"))], choices=[SelectChoice("", _("请选择")), *GOODS_CLASSES]
    )
    goods = StringField(
        _("商品名称"),
        [InputRequired(_("请填写商品名称。")), Length(max=MOST_GOODS, message=_("商品名称最多 60 个字。"))],
    )
    price = StringField(_("单价（元）"), [InputRequired(NO_SUM)], render_kw=MONEY)
    quantity = IntegerField(
        _("数量"), [InputRequired(_("请填写数量。"))], default=1, render_kw={"inputmode": "numeric", "min": 1}
    )
    reason = TextAreaField(
        _("原因"), [Optional(), Length(max=MOST_WORDS, message=_("原因最多 500 个字。"))], render_kw={"rows": 3}
    )
    name = StringField(
        _("姓名"),
        [InputRequired(_("请填写姓名。")), Length(max=MOST_NAME, message=_("姓名最多 30 个字。"))],
        render_kw={"autocomplete": "name"},
    )
    phone = StringField(
        _("手机号"),
        [InputRequired(_("请填写手机号。")), Length(max=30)],
        render_kw={"inputmode": "tel", "autocomplete": "tel"},
    )
    files = MultipleFileField(_("小票、订单或商品照片"), [Optional()], render_kw={"accept": ACCEPT, "multiple": True})
    as_wish = BooleanField(_("我知道承诺不适用，仍作为意愿发送"))
    again = BooleanField(_("这是另一件，仍要发送"))

    def offer_outlets(self, outlets: Sequence[Outlet]) -> None:
        """Give the outlets to choose from."""
        self.outlet.choices = [
            SelectChoice("", _("不记得，或网上购买")),
            *(SelectChoice(str(one.id), one.name) for one in outlets),
        ]

    def typed(self) -> dict[str, str]:
        """What stands in the form, right or wrong, to be kept."""
        return {name: (self[name].raw_data or [""])[0] for name in TYPED if self[name].raw_data}

    def uploads(self) -> tuple[Upload, ...]:
        """The files that came."""
        return uploads_in(self.files.data)

    def is_sound(self) -> bool:
        """Validate, the amount and the days included."""
        sound: bool = self.validate_on_submit()
        if self.price.data and fen_from_yuan(self.price.data) is None:
            self.price.errors = [NO_SUM]
            sound = False
        return sound

    def wanted(self) -> Wanted | None:
        """What is asked for, as far as days, way and goods are readable; for the check of coverage as well."""
        if self.purchased_on.data is None or self.way.data not in set(Way) or not (self.goods.data or "").strip():
            return None
        outlet = self.outlet.data or ""
        return Wanted(
            way=Way(self.way.data),
            purchased_on=self.purchased_on.data,
            received_on=self.received_on.data,
            outlet_id=int(outlet) if outlet.isdigit() else None,
            category=self.category.data if self.category.data in set(GoodsClass) else "",
            goods=(self.goods.data or "").strip()[:MOST_GOODS],
            price=fen_from_yuan(self.price.data or "") or 0,
            quantity=self.quantity.data or 0,
            reason=self.reason.data or "",
            name=(self.name.data or "").strip(),
            phone=self.phone.data or "",
        )


class ProofsForm(FlaskForm):
    """More photos."""

    files = MultipleFileField(_("小票、订单或商品照片"), [Optional()], render_kw={"accept": ACCEPT, "multiple": True})

    def uploads(self) -> tuple[Upload, ...]:
        """The files that came."""
        return uploads_in(self.files.data)


class ReceivedForm(FlaskForm):
    """收到 or 没收到."""

    received = HiddenField()


class PlainForm(FlaskForm):
    """Nothing but the token."""


class AgreeForm(FlaskForm):
    """How the goods come back, and the refund."""

    words = TextAreaField(
        _("怎么退"), [InputRequired(_("请写明怎么退。")), Length(max=MOST_WORDS)], render_kw={"rows": 4}
    )
    refund = StringField(_("退款金额（元）"), [InputRequired(NO_SUM)], render_kw=MONEY)

    def command(self, reference: str) -> AgreeReturn:
        """The consent; an amount that is none is refused by the action."""
        return AgreeReturn(reference, self.words.data or "", fen_from_yuan(self.refund.data or "") or 0)


class RefuseForm(FlaskForm):
    """On what a refusal rests."""

    ground = RadioField(_("依据"), [InputRequired(_("请选择拒绝的依据。"))])
    exclusion = SelectField(_("承诺里的哪一条不适用"), [Optional()], validate_choice=False)
    why = TextAreaField(
        _("说明"), [Optional(), Length(max=MOST_REFUSAL, message=_("说明最多 150 个字。"))], render_kw={"rows": 3}
    )
    confirmed = HiddenField()

    def offer(self, exclusions: Sequence[Exclusion], *, is_wish: bool) -> None:
        """Give the grounds and exclusions to choose from."""
        grounds = [Ground.OUTSIDE] if is_wish else []
        grounds = [*([Ground.EXCLUSION] if exclusions else []), Ground.CONDITION, *grounds]
        self.ground.choices = [SelectChoice(one.value, GROUND_NAMES[one]) for one in grounds]
        self.exclusion.choices = [
            SelectChoice("", _("请选择")),
            *(SelectChoice(str(one.id), one.text) for one in exclusions),
        ]

    def command(self, reference: str) -> RefuseReturn:
        """The refusal."""
        exclusion = self.exclusion.data or ""
        return RefuseReturn(
            reference,
            Ground(self.ground.data),
            int(exclusion) if exclusion.isdigit() else None,
            self.why.data or "",
            confirmed=self.confirmed.data == "yes",
        )


class ReceiveForm(FlaskForm):
    """How the goods came back."""

    condition = RadioField(
        _("收货状况"),
        [InputRequired(_("请选择收货状况。"))],
        choices=[SelectChoice(one.value, CONDITION_NAMES[one]) for one in Condition],
    )

    def command(self, reference: str) -> ReceiveGoods:
        """The step."""
        return ReceiveGoods(reference, Condition(self.condition.data))


class SettleForm(FlaskForm):
    """The refund or exchange, and what happens to the goods, in the ledger's words."""

    decision = RadioField(
        _("结果"),
        [InputRequired(_("请选择退款还是换货。"))],
        choices=[SelectChoice(one.value, DECISION_NAMES[one]) for one in (Decision.RETURNED, Decision.EXCHANGED)],
    )
    refund = StringField(_("退款金额（元）"), [Optional()], render_kw=MONEY)
    category = SelectField(
        _("台账商品类别"), choices=[SelectChoice(one.value, name) for one, name in CATEGORY_NAMES.items()]
    )
    condition = SelectField(
        _("收货状况"), choices=[SelectChoice(one.value, name) for one, name in CONDITION_NAMES.items()]
    )
    disposition = SelectField(
        _("退换回商品处理方式"),
        choices=[
            SelectChoice("", _("请选择")),
            *(SelectChoice(one.value, DISPOSITION_NAMES[one]) for one in Disposition),
        ],
    )
    label_number = StringField(_("标识号"), [Optional(), Length(max=40)])
    supplier = StringField(_("供货商"), [Optional(), Length(max=100)])
    shelf_life_on = StringField(_("保质期至"), [Optional(), Length(max=20)])
    destroy_basis = SelectField(
        _("销毁依据"),
        choices=[
            SelectChoice("", _("无")),
            *(SelectChoice(one.value, name) for one, name in DESTROY_BASIS_NAMES.items()),
        ],
    )
    witnesses = StringField(_("销毁签字人"), [Optional(), Length(max=50)])
    photo = StringField(_("照片编号"), [Optional(), Length(max=80)])
    barcode = StringField(_("条形码"), [Optional(), Length(max=30)])

    def command(self, reference: str) -> SettleReturn:
        """The settlement; an amount that is none is refused by the action."""
        exchanged = self.decision.data == Decision.EXCHANGED
        refund = None if exchanged else fen_from_yuan(self.refund.data or "") or 0
        cells = {name: (self[name].data or "").strip() for name in CLERKS}
        return SettleReturn(reference, refund, cells)


class RefundForm(FlaskForm):
    """A refund that is recorded again, for the first did not reach the consumer."""

    refund = StringField(_("退款金额（元）"), [InputRequired(NO_SUM)], render_kw=MONEY)

    def command(self, reference: str) -> SettleReturn:
        """The settlement."""
        return SettleReturn(reference, fen_from_yuan(self.refund.data or "") or 0)


class FindingForm(FlaskForm):
    """What the authority found."""

    finding = RadioField(
        _("结论"),
        [InputRequired(_("请选择结论。"))],
        choices=[SelectChoice(one.value, name) for one, name in FINDING_NAMES.items()],
    )
    words = TextAreaField(
        _("核查情况和理由"), [InputRequired(_("请写明核查情况和理由。")), Length(max=MOST_WORDS)], render_kw={"rows": 4}
    )

    def command(self, reference: str) -> FindBreach:
        """The finding."""
        return FindBreach(reference, Finding(self.finding.data), self.words.data or "")


def uploads_in(chosen: Sequence[Any] | None) -> tuple[Upload, ...]:
    """Read the files of a field; no more than one request may have, and one more, so that it can be refused."""
    files = [one for one in chosen or [] if isinstance(one, FileStorage) and one.filename]
    return tuple(Upload(one.filename or "", one.read()) for one in files[: MOST_FILES + 1])
