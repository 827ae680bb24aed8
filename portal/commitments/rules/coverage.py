"""Whether a promise covers a purchase, until when, and why: the version in force on the day of purchase decides.

条例 article 12: what a shop promises binds it; later changes, exit and removal leave earlier purchases alone.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from portal.classification.rules import stands_for
from portal.commitments.rules import telling
from portal.commitments.rules.matching import overlaps, says
from portal.commitments.rules.terms import Exclusion as Exclusion
from portal.commitments.rules.terms import Place as Place
from portal.commitments.rules.terms import Scope as Scope
from portal.commitments.rules.terms import Shop as Shop
from portal.commitments.rules.terms import Terms as Terms
from portal.commitments.rules.words import DeliveryStart, PickupStart, Way


@dataclass(frozen=True, slots=True)
class Purchase:
    """What was bought and when; without `received_on` the goods were taken along (or have not come yet, online)."""

    way: Way
    purchased_on: date
    received_on: date | None
    category: str  # of portal.classification; empty: not known
    goods: str
    outlet_id: int | None = None  # where it was bought


class Answer(StrEnum):
    """What the rules say of a purchase."""

    COVERED = "covered"
    NO_PROMISE = "no_promise"  # there never was one
    BEFORE = "before"  # bought before the first version
    AFTER = "after"  # bought after exit, expiry or removal
    WRONG_WAY = "wrong_way"
    NOT_IN_SCOPE = "not_in_scope"
    EXCLUDED = "excluded"
    OTHER_OUTLET = "other_outlet"
    TOO_LATE = "too_late"
    FUTURE = "future"


@dataclass(frozen=True, slots=True)
class Coverage:
    """The answer with its reasons; `last_on` is the last day to ask, `days` the natural days that hold."""

    answer: Answer
    terms: Terms | None = None
    last_on: date | None = None
    days: int | None = None
    exclusion: Exclusion | None = None
    sentences: tuple[str, ...] = ()


def terms_at(history: Sequence[Terms], purchased_on: date) -> Terms | None:
    """The version in force on the day of purchase, also after a change, an exit, an expiry or a removal."""
    held = [terms for terms in history if terms.holds_on(purchased_on)]
    return max(held, key=lambda terms: (terms.first_on, terms.number), default=None)


def coverage(history: Sequence[Terms], purchase: Purchase, *, today: date) -> Coverage:
    """Say whether a purchase is covered, until when it can be asked for, and why; sentences in Chinese."""
    if today < max(purchase.purchased_on, purchase.received_on or purchase.purchased_on):
        return Coverage(Answer.FUTURE, sentences=(telling.FUTURE,))
    if not history:
        return Coverage(Answer.NO_PROMISE, sentences=(telling.NO_PROMISE,))
    terms = terms_at(history, purchase.purchased_on)
    if terms is None:
        return _outside(history, purchase)
    named = (telling.version(terms, purchase.purchased_on),)
    for refuse in (_wrong_way, _other_outlet, _not_in_scope, _excluded):
        if refused := refuse(terms, purchase):
            answer, sentence, exclusion = refused
            return Coverage(answer, terms, exclusion=exclusion, sentences=(*named, sentence))
    return _in_time(terms, purchase, named, today=today)


def fitting_exclusions(terms: Terms, purchase: Purchase) -> tuple[Exclusion, ...]:
    """The exclusions that could be named for these goods: of this way and class, by their words or by text alone."""
    return tuple(
        row
        for row in terms.exclusions
        if _concerns(row, purchase) and (not row.goods or any(overlaps(word, purchase.goods) for word in row.goods))
    )


def days_for(terms: Terms, purchase: Purchase) -> int | None:
    """The natural days for these goods: named goods before a class before everything; None outside the scope.

    Of two rows that fit alike the longer one holds.
    """
    fitting = _closest(terms, purchase)
    return max((row.days or terms.days for row in fitting), default=None)


def last_day(terms: Terms, purchase: Purchase, days: int) -> date | None:
    """The last day to ask: of `days` natural days, the first is the one that the version names.

    Goods taken along: from the receipt; delivered ones: from the signing. None for what was bought online and has
    not come yet.
    """
    if purchase.received_on is not None:
        start = max(purchase.received_on, purchase.purchased_on)
        return start + timedelta(days=days - (terms.delivery_start is DeliveryStart.SIGNING_DAY))
    if purchase.way is Way.ONLINE:
        return None
    return purchase.purchased_on + timedelta(days=days - (terms.pickup_start is PickupStart.RECEIPT_DAY))


Refusal = tuple[Answer, str, Exclusion | None]
Check = Callable[[Terms, Purchase], Refusal | None]


def _outside(history: Sequence[Terms], purchase: Purchase) -> Coverage:
    day = purchase.purchased_on
    earlier = [terms for terms in history if terms.first_on <= day]
    if not earlier:
        first = min(history, key=lambda terms: terms.first_on)
        return Coverage(Answer.BEFORE, sentences=(telling.before(first, day),))
    last = max(earlier, key=lambda terms: (terms.first_on, terms.number))
    return Coverage(Answer.AFTER, sentences=(telling.after(last, day),))


def _wrong_way(terms: Terms, purchase: Purchase) -> Refusal | None:
    ways = {row.way for row in _scopes(terms)}
    if purchase.way in ways:
        return None
    return Answer.WRONG_WAY, telling.wrong_way(terms, ways, purchase.way), None


def _other_outlet(terms: Terms, purchase: Purchase) -> Refusal | None:
    """Only outlets that are known by key can be told apart; 异地异店 is about where goods are brought back."""
    known = {place.outlet_id for place in terms.places}
    if purchase.way is Way.ONLINE or purchase.outlet_id is None or None in known or not known:
        return None
    if purchase.outlet_id in known:
        return None
    return Answer.OTHER_OUTLET, telling.other_outlet(terms), None


def _not_in_scope(terms: Terms, purchase: Purchase) -> Refusal | None:
    if days_for(terms, purchase) is not None:
        return None
    rows = tuple(row for row in _scopes(terms) if row.way is purchase.way)
    return Answer.NOT_IN_SCOPE, telling.not_in_scope(terms, rows), None


def _excluded(terms: Terms, purchase: Purchase) -> Refusal | None:
    """Only a word that the goods' name contains excludes by itself: 大衣 is not yet 定制大衣."""
    for row in terms.exclusions:
        if _concerns(row, purchase) and any(says(word, purchase.goods) for word in row.goods):
            return Answer.EXCLUDED, telling.excluded(terms, row), row
    return None


def _in_time(terms: Terms, purchase: Purchase, named: tuple[str, ...], *, today: date) -> Coverage:
    days = days_for(terms, purchase)
    assert days is not None
    last_on = last_day(terms, purchase, days)
    counted = telling.counted(terms, days, last_on, delivered_on=purchase.received_on, bought_on=purchase.purchased_on)
    if last_on is not None and today > last_on:
        late = telling.too_late(last_on, today)
        return Coverage(Answer.TOO_LATE, terms, last_on, days, sentences=(*named, counted, late))
    cautions = telling.cautions(fitting_exclusions(terms, purchase))
    read_as = telling.read_as(_class_words(terms, purchase), purchase.category)
    return Coverage(Answer.COVERED, terms, last_on, days, sentences=(*named, counted, *read_as, *cautions))


def _scopes(terms: Terms) -> Iterable[Scope]:
    """The rows of 适用商品; a version without any (an imported list may have none) holds for all goods of its way."""
    return terms.scopes or (Scope(terms.way, "", (), None),)


def _closest(terms: Terms, purchase: Purchase) -> list[Scope]:
    """The rows that say most exactly what was bought; none outside the scope."""
    fitting = [(_closeness(row, purchase), row) for row in _scopes(terms) if _in_scope(row, purchase)]
    best = max((closeness for closeness, _ in fitting), default=None)
    return [row for closeness, row in fitting if closeness == best]


def _closeness(row: Scope, purchase: Purchase) -> tuple[bool, bool]:
    """Named goods before a class; a word that stands for the class says no more than the class."""
    return _is_named(row, purchase), bool(row.category or row.goods)


def _in_scope(row: Scope, purchase: Purchase) -> bool:
    if row.way is not purchase.way or not _same_class(row.category, purchase.category):
        return False
    return not row.goods or _is_named(row, purchase) or bool(_standing(row, purchase))


def _is_named(row: Scope, purchase: Purchase) -> bool:
    return any(overlaps(word, purchase.goods) for word in row.goods)


def _standing(row: Scope, purchase: Purchase) -> list[str]:
    """The words of a row that stand for the class of what was bought: a shop that writes 服装 means 大衣 too."""
    return [word for word in row.goods if stands_for(word, purchase.category, purchase.goods)]


def _class_words(terms: Terms, purchase: Purchase) -> list[str]:
    """The words because of which alone the goods are covered; none where goods or class are named themselves."""
    rows = _closest(terms, purchase)
    if any(not row.goods or _is_named(row, purchase) for row in rows):
        return []
    return [word for row in rows for word in _standing(row, purchase)]


def _concerns(row: Exclusion, purchase: Purchase) -> bool:
    return row.way is purchase.way and _same_class(row.category, purchase.category)


def _same_class(category: str, bought: str) -> bool:
    """A class that is not known yet speaks against nothing."""
    return not category or not bought or category == bought
