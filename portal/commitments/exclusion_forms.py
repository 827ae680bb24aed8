"""The rows of 不适用商品 as a form: each rests on something the programme allows, or on where it is declared."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from flask_babel import lazy_gettext as _
from wtforms import FieldList, Form, FormField, SelectChoice, SelectField, StringField
from wtforms.validators import InputRequired, Optional

from portal.commitments.forms import CLASSES, EVERYTHING, LONG, MOST_ROWS, SHORT, TermsForm, longest
from portal.commitments.rules import BASIS_NAMES, WAY_NAMES, BasisKind, Way
from portal.commitments.rules.body import ExclusionRow, PromiseBody
from portal.commitments.rules.matching import split_goods
from portal.commitments.rules.programme import DECLARED, Requirements


@dataclass(frozen=True, slots=True)
class Ground:
    """An exclusion that a programme allows for one way of buying."""

    way: Way
    code: str
    text: str
    basis_kind: BasisKind
    basis: str

    @property
    def key(self) -> str:
        """Its value in the form."""
        return f"{self.way.value}:{self.code}"

    @property
    def label(self) -> str:
        """Its words in the form."""
        named = f"{WAY_NAMES[self.way]} · {self.text}"
        return f"{named}（{BASIS_NAMES[self.basis_kind]}，{self.basis}）" if self.basis else named


def grounds_of(programmes: Iterable[Requirements]) -> list[Ground]:
    """Every exclusion that the programmes allow, and what a merchant may word itself where they leave it free."""
    found: list[Ground] = []
    for one in programmes:
        found += [Ground(one.way, row.code, row.text, row.basis_kind, row.basis) for row in one.allowed]
        if one.free:
            found.append(Ground(one.way, DECLARED, str(_("购买前明示的其他情形")), BasisKind.DECLARED, ""))
    return found


class ExclusionForm(Form):
    """One row; its ground is chosen, its words are the programme's unless it is only declared."""

    ground = SelectField(_("依据"), [InputRequired(_("请选择依据，或者去掉这一行。"))])
    text = StringField(_("消费者看到的说法"), [Optional(), longest(SHORT)])
    basis = StringField(_("在哪里明示"), [Optional(), longest(SHORT)])
    category = SelectField(_("商品类别"), choices=CLASSES)
    goods = StringField(_("列明的商品"), [Optional(), longest(LONG)])


class ExclusionsForm(TermsForm):
    """③ Conditions and exclusions."""

    LISTS = ("exclusions",)

    exclusions = FieldList(FormField(ExclusionForm, label=_("不适用商品")), max_entries=MOST_ROWS)

    def offer(self, grounds: Sequence[Ground]) -> "ExclusionsForm":
        """Let these grounds be chosen; call again when a row was added."""
        self.grounds = {ground.key: ground for ground in grounds}
        choices = [SelectChoice("", _("请选择")), *(SelectChoice(one.key, one.label) for one in grounds)]
        for entry in self.exclusions:
            entry.form.ground.choices = choices
        return self

    @classmethod
    def values(cls, body: PromiseBody) -> dict[str, Any]:
        """What the form shows of a body."""
        rows = [
            {
                "ground": f"{row.way.value}:{row.code}",
                "text": row.text if row.code == DECLARED else "",
                "basis": row.basis if row.code == DECLARED else "",
                "category": row.category or EVERYTHING,
                "goods": row.goods,
            }
            for row in body.exclusions
        ]
        return {**super().values(body), "exclusions": rows}

    def put(self, body: PromiseBody) -> PromiseBody:
        """The body with the rows that name a ground, in their order."""
        rows = tuple(row for entry in self.exclusions if (row := self._row(entry.form)) is not None)
        return replace(super().put(body), exclusions=rows)

    def validate(self, extra_validators: Any = None) -> bool:
        """Besides each field: what is only declared says what it is and where it is declared."""
        fine = super().validate(extra_validators)
        for entry in self.exclusions:
            ground = self.grounds.get(entry.form.ground.data)
            if ground is None or ground.code != DECLARED:
                continue
            for field, sentence in (
                (entry.form.text, _("请写明哪些商品不适用。")),
                (entry.form.basis, _("请写明在哪里明示，例如“店堂公告”“小票背面”。")),
            ):
                if not (field.data or "").strip():
                    field.errors = [*field.errors, sentence]
                    fine = False
        return fine

    def _row(self, form: Form) -> ExclusionRow | None:
        ground = self.grounds.get(form["ground"].data)
        if ground is None:
            return None
        declared = ground.code == DECLARED
        category = form["category"].data
        return ExclusionRow(
            way=ground.way,
            code=ground.code,
            text=(form["text"].data or "").strip() if declared else ground.text,
            basis_kind=ground.basis_kind,
            basis=(form["basis"].data or "").strip() if declared else ground.basis,
            category="" if category == EVERYTHING else category,
            goods="、".join(split_goods(form["goods"].data or "")),
        )
