"""Every template with its longest parameters; names shortened; attempts spaced."""

from datetime import UTC, datetime, timedelta
from string import Formatter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.clocks.rules import SHANGHAI
from portal.notifications import rules
from portal.notifications.templates import LINK_UNITS, TEMPLATES, TemplateCode, TooLong, compose, is_sms, subject_of

LONGEST = {
    "signature": "鹭" * rules.SIGNATURE_UNITS,
    "merchant": "厦" * rules.MERCHANT_UNITS,
    "tail": "0012",
    "by": "12月31日23时",
    "case": "HL2612-12345",
}
SMS = [code for code, template in TEMPLATES.items() if is_sms(template)]


def secrets_of(code: TemplateCode, link_units: int = LINK_UNITS) -> dict[str, str]:
    values = {"link": "https://" + "x" * (link_units - 8), "code": "987654"}
    return {name: values[name] for name in TEMPLATES[code].secrets}


def test_every_code_has_a_template_and_a_gateway_code_of_its_own() -> None:
    assert set(TEMPLATES) == set(TemplateCode)
    gateway_codes = [TEMPLATES[code].gateway_code for code in SMS]
    assert all(gateway_codes)
    assert len(set(gateway_codes)) == len(gateway_codes)


@pytest.mark.parametrize("code", list(TemplateCode))
def test_a_template_names_its_parameters(code: TemplateCode) -> None:
    template = TEMPLATES[code]
    fields = {name for _, name, _, _ in Formatter().parse(template.text + template.subject) if name}
    assert fields <= {*template.parameters, *template.secrets}
    assert fields >= set(template.secrets)


@pytest.mark.parametrize("code", SMS)
def test_no_short_message_is_longer_than_two_parts(code: TemplateCode) -> None:
    text = compose(code, LONGEST, **secrets_of(code))
    assert rules.units(text) <= rules.TWO_PARTS, f"{rules.units(text)}: {text}"


@pytest.mark.parametrize("code", SMS)
def test_a_message_without_link_is_one_part(code: TemplateCode) -> None:
    if "link" not in TEMPLATES[code].secrets:
        assert rules.units(compose(code, LONGEST, **secrets_of(code))) <= rules.ONE_PART


@pytest.mark.parametrize("code", SMS)
def test_each_short_message_says_who_speaks_and_how_to_check(code: TemplateCode) -> None:
    names = {**LONGEST, "merchant": "鹭湾百货"}
    text = compose(code, names, **secrets_of(code))
    assert text.startswith(f"【{LONGEST['signature']}】")
    assert "鹭湾百货" in text
    assert "尾号0012" in text
    assert "可拨12315核实" in text
    for secret in secrets_of(code).values():
        assert secret in text
    if "link" in TEMPLATES[code].secrets:
        assert f"{secrets_of(code)['link']} " in text  # phones end an address at the space


@pytest.mark.parametrize("code", SMS)
def test_words_to_consumers_keep_the_house_style(code: TemplateCode) -> None:
    text = TEMPLATES[code].text
    assert not {"您", "亲", "！", "!"} & set(text)
    assert "调解书" not in text


OF_NO_CASE = {  # what a message for staff names where it is about no case
    TemplateCode.STAFF_CHECKPOINTS: {"what", "day", "notes", "path"},
    TemplateCode.STAFF_GOODS_FAILED: {"goods", "by", "path"},
    TemplateCode.STAFF_RECALL_ISSUED: {"goods", "by", "path"},
    TemplateCode.STAFF_RECALL_CHASED: {"goods", "by", "path"},
    TemplateCode.STAFF_PROMISE: {"name", "what", "words", "path"},
    TemplateCode.STAFF_FEEDBACK: {"reference", "name", "words", "path"},
    TemplateCode.STAFF_RETURN_ASKED: {"reference", "by", "path"},
    TemplateCode.STAFF_RETURN_NEAR: {"reference", "by", "path"},
    TemplateCode.STAFF_RETURN_LATE: {"reference", "by", "path"},
    TemplateCode.STAFF_RETURN_DENIED: {"reference", "by", "path"},
    TemplateCode.STAFF_RETURN_BREACH: {"reference", "by", "path"},
    TemplateCode.STAFF_RETURN_FOUND: {"reference", "by", "path"},
    TemplateCode.STAFF_INSPECTED: {"reference", "path"},
    TemplateCode.STAFF_SANCTION: {"reference", "path"},
    TemplateCode.STAFF_MEASURE: {"reference", "path"},
    TemplateCode.STAFF_MEASURE_SAID: {"reference", "path"},
    TemplateCode.STAFF_MEASURE_JUDGED: {"reference", "path"},
    TemplateCode.STAFF_VISIT: {"reference", "path"},
    TemplateCode.STAFF_VISIT_SAID: {"reference", "path"},
    TemplateCode.STAFF_TRAINING: {"title", "day", "place", "path"},
    TemplateCode.STAFF_TRAINING_MOVED: {"title", "day", "place", "path"},
    TemplateCode.STAFF_TRAINING_OFF: {"title", "day", "place", "path"},
    TemplateCode.MAIL_APPLICATION: {"name", "what", "path"},
    TemplateCode.STAFF_APPLICATION: {"name", "by", "path"},
    TemplateCode.STAFF_DATA_DUE: {"name", "by", "path"},
    TemplateCode.STAFF_LICENCE: {"name", "by", "path"},
    TemplateCode.STAFF_PROPOSED: {"name", "by", "path"},
    TemplateCode.STAFF_PROPOSAL: {"name", "by", "path"},
    TemplateCode.STAFF_RECTIFIED: {"reference", "path"},
    TemplateCode.STAFF_RECHECKED: {"reference", "path"},
}


@pytest.mark.parametrize("code", [code for code in TemplateCode if code not in SMS and code not in OF_NO_CASE])
def test_staff_messages_name_the_case_and_no_person(code: TemplateCode) -> None:
    assert "HL2612-12345" in subject_of(code, LONGEST)
    assert set(TEMPLATES[code].parameters) == {"case", "by"}


@pytest.mark.parametrize("code", OF_NO_CASE)
def test_messages_about_no_case_name_their_page_and_no_person(code: TemplateCode) -> None:
    known = dict.fromkeys(OF_NO_CASE[code], "电热水壶")
    assert set(TEMPLATES[code].parameters) == OF_NO_CASE[code]
    assert "电热水壶" in subject_of(code, known)
    assert "{" not in compose(code, known, **secrets_of(code))


def test_a_longer_address_costs_the_merchant_letters_before_it_fails() -> None:
    text = compose(TemplateCode.OFFER_MADE, LONGEST, **secrets_of(TemplateCode.OFFER_MADE, LINK_UNITS + 5))
    assert rules.units(text) <= rules.TWO_PARTS
    assert "厦" in text
    with pytest.raises(TooLong):
        compose(TemplateCode.OFFER_MADE, LONGEST, **secrets_of(TemplateCode.OFFER_MADE, 90))


@pytest.mark.parametrize(
    ("name", "short"),
    [
        ("厦门市湖里区市场监督管理局", "湖里区市场监管局"),
        ("福建省厦门市湖里区市场监督管理局", "湖里区市场监管局"),
        ("北京市朝阳区市场监督管理局", "朝阳区市场监管局"),
        ("厦门市市场监督管理局", "厦门市市场监管局"),
        ("安溪县市场监督管理局", "安溪县市场监管局"),
        ("厦门市湖里区消费者权益保护委员会", "湖里区消委会"),
        ("", "市场监管部门"),
    ],
)
def test_an_authority_signs_by_the_name_people_know(name: str, short: str) -> None:
    assert rules.short_authority(name) == short


@pytest.mark.parametrize(
    ("name", "short"),
    [
        ("厦门五缘百货有限公司", "厦门五缘百货"),
        ("沃尔玛（福建）商业零售有限公司", "沃尔玛商业零售"),
        ("【工商银行】 https://evil.example 有限公司", "工商银行evil.…"),
        ("厦门海沧湾第二家居广场有限公司", "厦门海沧湾第二家居…"),
        ("有限公司", "有限公司"),
        ("", "企业"),
    ],
)
def test_a_merchant_is_named_shortly_and_harmlessly(name: str, short: str) -> None:
    assert rules.short_merchant(name) == short


@given(st.text(max_size=60))
def test_a_short_name_fits_and_cannot_forge_a_signature(name: str) -> None:
    short = rules.short_merchant(name)
    assert 0 < rules.units(short) <= rules.MERCHANT_UNITS
    assert not set("【】\r\n{}") & set(short)


def test_the_tail_of_a_number_is_its_last_four_characters() -> None:
    assert rules.number_tail("3502060000000012") == "0012"
    assert rules.number_tail("HL2608-0412") == "0412"


@pytest.mark.parametrize(
    ("moment", "words"),
    [
        (datetime(2026, 8, 15, 1, 59, tzinfo=UTC), "8月15日9时"),
        (datetime(2026, 8, 14, 16, 0, tzinfo=UTC), "8月14日24时"),
        (datetime(2026, 8, 15, 15, 59, tzinfo=UTC), "8月15日23时"),
    ],
)
def test_a_moment_is_told_to_the_hour_before_it(moment: datetime, words: str) -> None:
    assert rules.moment_words(moment.astimezone(SHANGHAI)) == words


def test_attempts_are_spaced_and_end() -> None:
    waits = [rules.next_attempt(attempts) for attempts in range(1, 9)]
    minutes = [wait / timedelta(minutes=1) if wait else None for wait in waits]
    assert minutes == [1, 5, 30, 120, 360, 720, 1440, None]
