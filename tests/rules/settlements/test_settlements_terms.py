"""What terms may hold, what they cost, and how two sets of them differ."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.settlements import rules
from portal.settlements.rules import Payer, PaymentMethod, TermDraft, TermKind

K, M = TermKind, PaymentMethod
REFUND = TermDraft(K.REFUND, 50_000, M.ORIGINAL)
EXCHANGE = TermDraft(K.EXCHANGE, freight=Payer.MERCHANT, detail="换新机一台")
APOLOGY = TermDraft(K.APOLOGY)


def said(*terms, in_dispute=80_000):
    return [(one.position, one.field) for one in rules.objections_to_terms(terms, in_dispute)]


@pytest.mark.parametrize(
    ("term", "field"),
    [
        (TermDraft(K.REFUND, None, None), "amount"),
        (TermDraft(K.REFUND, 0, M.CASH), "amount"),
        (TermDraft(K.REFUND, 80_001, M.CASH), "amount"),
        (TermDraft(K.ADVANCE, 80_001, M.CASH), "amount"),
        (TermDraft(K.APOLOGY, 100, M.CASH), "amount"),
        (TermDraft(K.REFUND, 100, None), "method"),
        (TermDraft(K.APOLOGY, None, M.CASH), "method"),
        (TermDraft(K.REFUND, 100, M.CASH, due_days=61), "due_days"),
        (TermDraft(K.REFUND, 100, M.CASH, due_days=-1), "due_days"),
        (TermDraft(K.RETURN_REFUND, 100, M.CASH), "freight"),
        (TermDraft(K.REFUND, 100, M.CASH, freight=Payer.MERCHANT), "freight"),
        (TermDraft(K.EXCHANGE, freight=Payer.MERCHANT, detail=" "), "detail"),
        (TermDraft(K.REFUND, 100, M.CASH, detail="长" * 201), "detail"),
    ],
)
def test_each_kind_says_what_it_lacks(term, field):
    assert said(term) == [(0, field)]


def test_a_set_is_neither_empty_nor_double_nor_contradictory():
    assert said() == [(None, "terms")]
    assert said(REFUND, REFUND) == [(1, "kind")]
    assert said(TermDraft(K.RETURN_REFUND, 100, M.CASH, freight=Payer.MERCHANT), REFUND) == [(1, "kind")]
    every = [TermDraft(kind) for kind in K]
    assert (None, "terms") in said(*every)


def test_an_unknown_sum_in_dispute_limits_nothing_and_compensation_is_never_limited():
    assert said(TermDraft(K.REFUND, 9_000_000, M.CASH), in_dispute=None) == []
    assert said(TermDraft(K.COMPENSATE, 9_000_000, M.CASH)) == []


money = st.integers(1, 10_000_000)
texts = st.text(alphabet="换新机一台 取件", max_size=12)
drafts = st.builds(
    TermDraft,
    kind=st.sampled_from(K),
    amount=st.none() | money,
    method=st.none() | st.sampled_from(M),
    due_days=st.integers(-1, 62),
    freight=st.sampled_from(Payer),
    detail=texts,
)


@given(st.lists(drafts, max_size=7), st.none() | money)
def test_every_objection_is_a_sentence_at_a_known_field(terms, in_dispute):
    for one in rules.objections_to_terms(terms, in_dispute):
        assert one.text.endswith("。")
        assert one.position is None or 0 <= one.position < len(terms)
        assert one.field in {"terms", "kind", "amount", "method", "due_days", "freight", "detail"}


@given(st.lists(drafts, max_size=6))
def test_an_offer_differs_from_itself_in_nothing(terms):
    found = rules.compare(terms, terms)
    assert found.moved == 0
    assert found.foot.change == "不变"


@given(st.lists(drafts, max_size=6), st.lists(drafts, max_size=6))
def test_the_difference_mirrors_and_its_foot_adds_up(ours, theirs):
    there, back = rules.compare(ours, theirs), rules.compare(theirs, ours)
    opposite = {"修改": "修改", "新增": "删除", "删除": "新增", "不变": "不变"}
    mirrored = [(row.term, row.theirs, row.ours, opposite[row.change]) for row in there.rows]
    assert mirrored == [(row.term, row.ours, row.theirs, row.change) for row in back.rows]
    assert len({row.term for row in there.rows}) == len(there.rows)


@given(st.lists(drafts, min_size=1, max_size=6, unique_by=lambda term: term.kind), st.randoms())
def test_the_order_in_which_terms_were_typed_does_not_matter(terms, random):
    shuffled = list(terms)
    random.shuffle(shuffled)
    assert rules.offer_digest("HL1", 1, terms) == rules.offer_digest("HL1", 1, shuffled)


def test_the_digest_is_stable_for_ever():
    assert (
        rules.offer_digest("HL2608-0001", 1, (REFUND,))
        == rules.offer_digest("HL2608-0001", 1, (TermDraft(K.REFUND, 50_000, M.ORIGINAL, detail="  "),))
        == "2ccb435341314ac785562605d99bbf4b88b1469228f9826b407c82b3af6738d8"
    )


def test_words_of_the_two_answers():
    assert rules.accept_label((REFUND,)) == "接受，收到 ¥500"
    assert rules.accept_label((EXCHANGE, APOLOGY)) == "接受，换货、道歉"
    assert rules.consumers_part((EXCHANGE,)) == "把商品交回商家，运费由商家承担"
    assert rules.consumers_part((REFUND,)) == ""
    assert "商家履行完成前" in rules.consequence("0433", (EXCHANGE,))


def test_days_are_compared_kind_by_kind_only_where_they_differ():
    slow = TermDraft(K.APOLOGY, due_days=20)
    names = [row.term for row in rules.compare((REFUND,), (REFUND, slow)).rows]
    assert names[-2:] == ["退款期限", "道歉期限"]
    assert [row.term for row in rules.compare((REFUND,), (REFUND, APOLOGY)).rows][-1] == "完成期限"


@pytest.mark.parametrize("kind", list(K))
def test_a_template_never_breaks_a_rule_that_it_could_keep(kind):
    for template in rules.TEMPLATES:
        terms = rules.start_from(template.code, ["apology"], 80_000, 7)
        left = {one.field for one in rules.objections_to_terms(terms, 80_000)}
        assert left <= ({"amount"} if template.code == "compensate" else set())
    assert rules.start_from("nonsense", [], None, 7)[0].kind is K.REFUND
    assert kind in rules.KIND_NAMES
