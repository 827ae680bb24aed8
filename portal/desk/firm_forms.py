"""我的东西能退吗: what a visitor says of a purchase, in the address; nobody is asked who he is."""

from collections.abc import Mapping, Sequence

from flask_babel import gettext
from flask_babel import lazy_gettext as _
from werkzeug.datastructures import MultiDict
from wtforms import DateField, RadioField, SelectField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.form import Form
from wtforms.validators import InputRequired, Length, Optional

from portal.classification.rules import CLASS_NAMES, GoodsClass
from portal.commitments.rules import WAY_NAMES, Way
from portal.commitments.rules.coverage import Purchase, Terms

MAX_GOODS = 40  # characters, our limit


class CoverageForm(Form):
    """A purchase; GET, no token, nothing kept."""

    bought = DateField(_("哪天买的"), [InputRequired(_("请写购买日期，小票或订单上有。"))])
    way = RadioField(_("在哪里买的"), validators=[InputRequired(_("请选择在门店买的还是网上买的。"))])
    received = DateField(_("哪天收到的"), [Optional()], description=_("送货或快递的才填：签收那天。当场拿走的不填。"))
    kind = SelectField(_("商品类别"), [Optional()])
    goods = StringField(_("什么商品"), [Optional(), Length(max=MAX_GOODS)], description=_("例如 羊毛大衣、电饭煲"))
    outlet = SelectField(_("哪家门店"), [Optional()])

    def purchase(self, outlets: Mapping[str, int]) -> Purchase:
        """The purchase that was described; valid forms only."""
        assert self.bought.data is not None
        return Purchase(
            way=Way(self.way.data),
            purchased_on=self.bought.data,
            received_on=self.received.data,
            category=self.kind.data or "",
            goods=(self.goods.data or "").strip(),
            outlet_id=outlets.get(self.outlet.data or ""),
        )


def coverage_form(asked: Mapping[str, str], history: Sequence[Terms]) -> tuple[CoverageForm, dict[str, int]]:
    """The form with its choices, and the outlets behind their numbers: addresses carry no keys."""
    form = CoverageForm(MultiDict(asked) if "bought" in asked else None)
    form.way.choices = [SelectChoice(way.value, name) for way, name in WAY_NAMES.items()]
    kinds = [SelectChoice(one.value, CLASS_NAMES[one]) for one in GoodsClass]
    form.kind.choices = [SelectChoice("", gettext("不清楚")), *kinds]
    places = {place.outlet_id: place.name for terms in history for place in terms.places if place.outlet_id is not None}
    numbered = {str(number): key for number, key in enumerate(sorted(places), 1)}
    form.outlet.choices = [
        SelectChoice("", gettext("不清楚")),
        *(SelectChoice(number, places[key]) for number, key in numbered.items()),
    ]
    return form, numbered
