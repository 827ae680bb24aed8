"""Dispatched at once only where nothing speaks against it (decisions 8)."""

import pytest

from portal.accounts.rules import find_authority, normalised_company
from portal.intake import rules
from portal.intake.rules import Channel, Diversion, FilingFacts, MerchantFacts, MerchantIndex, WaitingReason

WUYUAN = MerchantFacts(1, "91350206MA0070002W", "厦门五缘百货有限公司", ("五缘百货",), ("五缘百货湖里店",))
JIANGTOU = MerchantFacts(2, "91350206MA0070009J", "厦门江头超市有限公司", outlets=("湖里广场店",))
RESTING = MerchantFacts(3, "91350206MA0070010P", "厦门枋湖百货有限公司", suspended=True)
GONE = MerchantFacts(4, "91350206MA0070000N", "厦门鹭岛建材市场有限公司", admitted=False)
TWIN = MerchantFacts(5, "91350206MA0070001R", "厦门海沧湾超市有限公司", outlets=("湖里广场店",))
INDEX = MerchantIndex.of([WUYUAN, JIANGTOU, RESTING, GONE, TWIN])


def route(company, code=None, diversion=Diversion.ODR, *, suspected=False):
    return rules.route(FilingFacts(company, code, diversion, suspected), INDEX)


@pytest.mark.parametrize(
    ("company", "code"),
    [
        ("厦门五缘百货有限公司", WUYUAN.code),
        ("厦门五缘百货有限公司", None),
        ("五缘百货", WUYUAN.code),
        ("五缘百货湖里店", None),
        ("厦门 五缘百货（有限公司）", None),
        ("厦门五缘百货", WUYUAN.code),
        ("湖里广场店", JIANGTOU.code),
    ],
)
@pytest.mark.parametrize(
    ("diversion", "channel"), [(Diversion.ODR, Channel.REGULATOR), (Diversion.GREEN, Channel.GREEN)]
)
def test_a_fitting_complaint_is_dispatched_at_once(company, code, diversion, channel):
    routing = route(company, code, diversion)
    assert (routing.dispatched, routing.reason, routing.sentence, routing.channel) == (True, None, None, channel)
    assert routing.candidates == (routing.merchant_id,)


@pytest.mark.parametrize(
    ("company", "code", "diversion", "reason", "merchant", "candidates"),
    [
        ("厦门五缘百货有限公司", JIANGTOU.code, Diversion.ODR, WaitingReason.CODE_NAME_CONFLICT, None, (2, 1)),
        ("不知名小店", WUYUAN.code, Diversion.GREEN, WaitingReason.CODE_NAME_CONFLICT, None, (1,)),
        ("厦门五缘百货有限公司", "92350206MA0000001G", Diversion.ODR, WaitingReason.CODE_NAME_CONFLICT, None, (1,)),
        ("厦门五缘百货有限公司", "350206100012345", Diversion.ODR, WaitingReason.CODE_NAME_CONFLICT, None, (1,)),
        ("厦门杰记小吃店", None, Diversion.ODR, WaitingReason.NO_MERCHANT, None, ()),
        ("厦门杰记小吃店", "92350206MA0000001G", Diversion.ODR, WaitingReason.NO_MERCHANT, None, ()),
        ("厦门鹭岛建材市场有限公司", GONE.code, Diversion.ODR, WaitingReason.NO_MERCHANT, None, ()),
        ("湖里广场店", None, Diversion.ODR, WaitingReason.SEVERAL_MERCHANTS, None, (2, 5)),
        ("厦门枋湖百货有限公司", None, Diversion.ODR, WaitingReason.MERCHANT_SUSPENDED, 3, (3,)),
        ("厦门五缘百货有限公司", WUYUAN.code, Diversion.LOCAL, WaitingReason.LOCAL_DIVERSION, 1, (1,)),
        ("厦门五缘百货", None, Diversion.ABSENT, WaitingReason.NO_DIVERSION, 1, (1,)),
        ("有限公司", None, Diversion.ODR, WaitingReason.NO_MERCHANT, None, ()),
    ],
)
def test_any_doubt_waits_with_its_reason_and_candidates(company, code, diversion, reason, merchant, candidates):
    routing = route(company, code, diversion)
    assert not routing.dispatched
    assert (routing.reason, routing.merchant_id, routing.candidates) == (reason, merchant, candidates)
    assert routing.sentence


def test_a_suspected_tip_waits_before_all_other_reasons_and_keeps_its_merchant():
    routing = route("厦门五缘百货有限公司", WUYUAN.code, suspected=True)
    assert (routing.dispatched, routing.reason, routing.merchant_id) == (False, WaitingReason.SUSPECTED_TIP, 1)


def test_near_names_are_suggested_best_first_and_only_of_the_admitted():
    near = rules.similar("湖里五缘百货商店", INDEX)
    assert near[0].merchant_id == WUYUAN.id
    assert GONE.id not in {suggestion.merchant_id for suggestion in rules.similar("厦门鹭岛建材", INDEX)}
    assert rules.similar("", INDEX) == []


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("厦门五缘百货有限公司", "厦门五缘百货"),
        ("厦门五缘百货有限责任公司", "厦门五缘 百货（有限公司）"),
        ("湖里区老李面馆（个体工商户）", "湖里区老李面馆"),
        ("厦门（海沧）超市有限公司", "厦门海沧超市股份有限公司"),
        ("ＡＢＣ科技有限公司", "abc科技"),
    ],
)
def test_names_are_equal_without_width_marks_and_legal_form(one, other):
    assert normalised_company(one) == normalised_company(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("厦门五缘百货有限公司", "厦门五缘百货有限公司湖里分公司"),
        ("厦门五缘百货有限公司", "厦门五缘百货集团有限公司"),
        ("厦门仙岳电子商城", "厦门仙岳第二电子商城"),
    ],
)
def test_different_companies_stay_different(one, other):
    assert normalised_company(one) != normalised_company(other)


def test_an_authority_is_found_by_its_abbreviation_but_never_guessed():
    names = {1: "厦门市湖里区市场监督管理局", 2: "厦门市市场监督管理局", 3: "厦门市思明区市场监督管理局"}
    assert find_authority("湖里区市场监管局", names) == 1
    assert find_authority("厦门市湖里区市监局", names) == 1
    assert find_authority("厦门市市场监督管理局", names) == 2
    assert find_authority("市场监督管理局", names) is None
    assert find_authority("同安区市场监督管理局", names) is None
