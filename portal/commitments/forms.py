"""What a merchant types in the steps of its promise; every step reads and writes one part of the same body."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar

from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from wtforms import (
    BooleanField,
    DateField,
    Field,
    FieldList,
    Form,
    FormField,
    IntegerField,
    RadioField,
    SelectChoice,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
)
from wtforms.validators import InputRequired, Length, NumberRange, Optional, StopValidation
from wtforms.widgets import CheckboxInput, ListWidget

from portal.classification.rules import CLASS_NAMES, GoodsClass
from portal.commitments.rules import (
    DELIVERY_START_NAMES,
    FREIGHT_NAMES,
    PICKUP_START_NAMES,
    WAY_NAMES,
    DeliveryStart,
    Freight,
    PickupStart,
    Way,
)
from portal.commitments.rules.body import OutletRow, PromiseBody, ScopeRow, ShopRow
from portal.commitments.rules.matching import split_goods
from portal.commitments.rules.versions import MOST_DAYS

MOST_ROWS = 20  # our limit: a promise that people can still read
LONG, SHORT = 500, 120  # characters
WRONG_DAYS = _("天数应是 1 到 %(most)s 的整数。", most=MOST_DAYS)
EVERYTHING = "all"  # of the field of classes: every class of goods
WAYS = [SelectChoice(way.value, name) for way, name in WAY_NAMES.items()]
CLASSES = [SelectChoice(EVERYTHING, _("全部商品")), *(SelectChoice(one.value, CLASS_NAMES[one]) for one in GoodsClass)]
DAYS = {"inputmode": "numeric", "min": 1, "max": MOST_DAYS, "size": 6}


def longest(most: int) -> Length:
    """A text of at most so many characters."""
    return Length(max=most, message=_("写得太长，最多 %(max)s 字。", max=most))


def whole(missing: str) -> list[Any]:
    """A number of natural days that must be there."""
    return [InputRequired(missing), NumberRange(1, MOST_DAYS, WRONG_DAYS)]


class StepForm(FlaskForm):
    """One step: what it shows of the body, and the body with what was typed."""

    FIELDS: ClassVar[tuple[str, ...]] = ()  # of the body, named alike in the form
    LISTS: ClassVar[tuple[str, ...]] = ()  # fields with rows that are added and removed

    @classmethod
    def values(cls, body: PromiseBody) -> dict[str, Any]:
        """What the form shows of a body."""
        return {name: getattr(body, name) for name in cls.FIELDS}

    def put(self, body: PromiseBody) -> PromiseBody:
        """The body with what was typed."""
        changed: Mapping[str, Any] = {name: _plain(self[name]) for name in self.FIELDS}
        return replace(body, **changed)

    def change_rows(self, asked: Mapping[str, str]) -> bool:
        """Add or drop a row as the buttons ask it; False where no such button was pressed."""
        name, _sign, place = asked.get("drop", "").partition(":")
        if name in self.LISTS:
            rows = self[name].entries
            self[name].entries = [row for at, row in enumerate(rows) if str(at) != place]
            return True
        if (name := asked.get("more", "")) in self.LISTS:
            if len(self[name]) < MOST_ROWS:
                self[name].append_entry()
            return True
        return False


class ScopeRowForm(Form):
    """A row of 适用商品."""

    way = SelectField(_("怎样卖出"), choices=WAYS)
    category = SelectField(_("商品类别"), choices=CLASSES)
    goods = StringField(_("商品名称"), [Optional(), longest(SHORT)])
    days = IntegerField(_("天数"), [Optional(), NumberRange(1, MOST_DAYS, WRONG_DAYS)], render_kw=DAYS)

    def row(self) -> ScopeRow:
        """The row."""
        category = "" if self.category.data == EVERYTHING else self.category.data
        return ScopeRow(Way(self.way.data), category, "、".join(split_goods(self.goods.data or "")), self.days.data)


class ScopeForm(StepForm):
    """① Which goods, sold how."""

    LISTS = ("scopes",)

    way = RadioField(_("这份承诺主要管哪里卖的商品"), [InputRequired(_("请选择一种。"))], choices=WAYS)
    scopes = FieldList(FormField(ScopeRowForm, label=_("适用商品")), max_entries=MOST_ROWS)

    @classmethod
    def values(cls, body: PromiseBody) -> dict[str, Any]:
        """What the form shows of a body; a first row stands ready."""
        rows = body.scopes or (ScopeRow(body.way),)
        shown = [
            {"way": row.way.value, "category": row.category or EVERYTHING, "goods": row.goods, "days": row.days}
            for row in rows
        ]
        return {"way": body.way.value, "scopes": shown}

    def validate_scopes(self, field: FieldList) -> None:
        """Something has to be covered."""
        if not field.entries:
            raise StopValidation(_("至少写一行适用商品；全部商品都可以退的，类别选“全部商品”。"))

    def put(self, body: PromiseBody) -> PromiseBody:
        """The body with the rows as typed, in their order."""
        rows = tuple(entry.form.row() for entry in self.scopes)
        return replace(body, way=Way(self.way.data), scopes=rows)


class DaysForm(StepForm):
    """② How long, from which day on."""

    FIELDS = ("days", "pickup_start", "delivery_start", "days_to_answer", "days_to_refund", "first_on")

    days = IntegerField(_("退货期限（天）"), whole(_("请填写天数，例如 7。")), render_kw=DAYS)
    pickup_start = RadioField(
        _("当场拿走的商品"),
        choices=[SelectChoice(one.value, name) for one, name in PICKUP_START_NAMES.items()],
        coerce=PickupStart,
    )
    delivery_start = RadioField(
        _("送货的商品"),
        choices=[SelectChoice(one.value, name) for one, name in DELIVERY_START_NAMES.items()],
        coerce=DeliveryStart,
    )
    days_to_answer = IntegerField(_("几天内答复退货申请"), whole(_("请填写几天内答复，例如 3。")), render_kw=DAYS)
    days_to_refund = IntegerField(
        _("收到退回的商品后几天内退款"), whole(_("请填写几天内退款，例如 7。")), render_kw=DAYS
    )
    first_on = DateField(_("希望从哪天起生效"), [InputRequired(_("请选择日期，写成 2026-10-12。"))])


class TermsForm(StepForm):
    """③ On which conditions; what is excluded stands in `exclusions.ExclusionsForm`, shown on the same page."""

    FIELDS = ("conditions", "procedure", "freight", "freight_note", "gifts", "receipt_lost")

    conditions = TextAreaField(
        _("退货条件"), [InputRequired(_("请写明退货条件，例如“商品完好，不影响再次销售”。")), longest(LONG)]
    )
    procedure = TextAreaField(_("退货流程"), [Optional(), longest(LONG)], render_kw={"rows": 3})
    freight = RadioField(
        _("退货运费"),
        choices=[SelectChoice(one.value, name) for one, name in FREIGHT_NAMES.items()],
        coerce=Freight,
    )
    freight_note = StringField(_("运费说明"), [Optional(), longest(SHORT)])
    gifts = TextAreaField(_("赠品怎么办"), [Optional(), longest(LONG)], render_kw={"rows": 2})
    receipt_lost = TextAreaField(_("小票遗失怎么办"), [Optional(), longest(LONG)], render_kw={"rows": 2})


class ShopForm(Form):
    """An online shop; a row without any word is not used."""

    platform = StringField(_("平台"), [Optional(), longest(SHORT)])
    name = StringField(_("网店名称"), [Optional(), longest(SHORT)])
    url = StringField(_("网店地址"), [Optional(), longest(300)], render_kw={"inputmode": "url"})

    def row(self) -> ShopRow | None:
        """The row, or None where nothing stands in it."""
        words = [" ".join((self[name].data or "").split()) for name in ("platform", "name", "url")]
        return ShopRow(*words) if any(words) else None

    def validate_url(self, field: StringField) -> None:
        """An address that people can open: nothing but http and https."""
        if field.data and not field.data.strip().startswith(("http://", "https://")):
            raise StopValidation(_("网店地址以 http:// 或 https:// 开头。"))

    def validate_name(self, field: StringField) -> None:
        """A row that was begun has its shop's name."""
        if not (field.data or "").strip() and ((self.platform.data or "").strip() or (self.url.data or "").strip()):
            raise StopValidation(_("请填写网店名称，或者去掉这一行。"))


class PlacesForm(StepForm):
    """④ In which shops."""

    FIELDS = ("any_outlet", "any_outlet_note")
    LISTS = ("shops",)

    outlets = SelectMultipleField(
        _("在哪些门店有效"),
        widget=ListWidget(prefix_label=False),
        option_widget=CheckboxInput(),
    )
    any_outlet = BooleanField(_("异地异店退换：在任一门店购买，可以到其他门店退换"))
    any_outlet_note = StringField(_("异地异店退换的说明"), [Optional(), longest(SHORT)])
    shops = FieldList(FormField(ShopForm, label=_("网店")), max_entries=MOST_ROWS)

    def offer(self, own: Sequence[OutletRow]) -> "PlacesForm":
        """Let the merchant's own outlets be chosen."""
        self.own = {row.name: row for row in own}
        self.outlets.choices = [SelectChoice(row.name, f"{row.name}（{row.address}）") for row in own]
        return self

    @classmethod
    def values(cls, body: PromiseBody) -> dict[str, Any]:
        """What the form shows of a body."""
        shops = [{"platform": row.platform, "name": row.name, "url": row.url} for row in body.shops]
        return {**super().values(body), "outlets": [row.name for row in body.outlets], "shops": shops}

    def put(self, body: PromiseBody) -> PromiseBody:
        """The body with the outlets ticked and the shops as typed."""
        outlets = tuple(self.own[name] for name in self.outlets.data or () if name in self.own)
        shops = tuple(row for entry in self.shops if (row := entry.form.row()) is not None)
        return replace(super().put(body), outlets=outlets, shops=shops)


class ExtrasForm(StepForm):
    """⑤ What is promised beside it."""

    FIELDS = ("easy_exchange", "easy_exchange_note", "advances", "advances_note", "other")

    easy_exchange = BooleanField(_("无障碍退换货"))
    easy_exchange_note = TextAreaField(_("无障碍退换货怎么办理"), [Optional(), longest(LONG)], render_kw={"rows": 2})
    advances = BooleanField(_("先行赔付"))
    advances_note = TextAreaField(_("先行赔付怎么办理"), [Optional(), longest(LONG)], render_kw={"rows": 2})
    other = TextAreaField(_("其他承诺"), [Optional(), longest(LONG)], render_kw={"rows": 3})


class DeclarationForm(FlaskForm):
    """⑥ The merchant's word; never ticked beforehand."""

    declared = BooleanField(
        _("我已核对以上内容。承诺公开后，在有效期内购买的商品按它办理，以后改动或退出也不影响。"),
        [InputRequired(_("请先勾选声明，再提交审核。"))],
    )


class EndForm(FlaskForm):
    """Why and from when the promise is given no longer."""

    reason = TextAreaField(
        _("退出的原因"),
        [InputRequired(_("请写明原因，监管部门和消费者会看到。")), longest(LONG)],
        render_kw={"rows": 3},
    )
    on = DateField(_("最后一个有效的购买日期"), [InputRequired(_("请选择日期，写成 2026-10-12。"))])
    sure = BooleanField(
        _("我知道：这天和以前购买的商品，仍按承诺办理退货"),
        [InputRequired(_("请先勾选，确认以前的购买仍受承诺约束。"))],
    )


class PlainForm(FlaskForm):
    """Nothing but the token."""


def _plain(field: Field) -> Any:
    return (field.data or "").strip() if isinstance(field, StringField) else field.data
