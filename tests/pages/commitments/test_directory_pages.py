"""The public list of promises as a visitor's browser without script sees it."""

import csv
import io

import openpyxl
import pytest

from portal.commitments.listings import relist
from portal.commitments.rules import Way
from portal.commitments.rules.body import OutletRow, ScopeRow, ShopRow
from tests.factories import people, promises

BYTES = 35_000  # of a page, not compressed
HULI, SIMING = "350206", "350203"


@pytest.fixture
def district(session):
    return people.authority(session)


def outlet(name, region=HULI, district="湖里区"):
    return OutletRow(name, region=region, city="厦门市", district=district, address="金湖路 101 号")


@pytest.fixture
def listed(session, district):
    def add(name, outlets=None, scopes=None, **words):
        version = promises.promise(
            session,
            people.merchant(session, district, name),
            outlets=outlets or (outlet(f"{name}湖里店"),),
            scopes=scopes or (ScopeRow(Way.OFFLINE, category="clothing"),),
            **words,
        )
        relist(session, [version.promisor_id], today=promises.TODAY)
        session.commit()
        return version

    return add


def test_the_list_tells_days_goods_exclusions_and_freight_of_each_shop(client, listed):
    listed("鹭湾百货", days=30)
    listed(
        "东浦鞋业",
        days=7,
        scopes=(ScopeRow(Way.OFFLINE, category="daily"),),
        outlets=(outlet("东浦", SIMING, "思明区"),),
    )
    text = client.get("/commitments").text
    for said in (
        "鹭湾百货湖里店",
        "<b>30</b>",
        "全部服装鞋帽类",
        "贴身内衣",
        "消费者付",
        "在期",
        "2026-01 起连续承诺",
        "2 家门店",
    ):
        assert said in text
    assert text.index("鹭湾百货湖里店") < text.index("东浦")
    assert "第 1–2 家，共 2 家" in text
    huli = client.get(f"/commitments?region={HULI}").text
    assert "湖里区 1 家门店" in huli
    assert "东浦" not in huli
    assert "地区：湖里区" in huli
    assert "鹭湾百货湖里店" not in client.get("/commitments?class=daily").text
    assert "鹭湾百货湖里店" in client.get("/commitments?days=16").text
    assert "东浦" not in client.get("/commitments?days=16").text


def test_the_list_can_be_read_as_a_table(client, listed):
    listed("鹭湾百货", days=30)
    text = client.get("/commitments?show=list").text
    assert "<caption" in text
    assert "30 天" in text


def test_pages_turn_and_say_which_shops_they_show(client, listed):
    listed("鹭湾百货", outlets=tuple(outlet(f"分店{number:02d}") for number in range(20)))
    first = client.get("/commitments")
    assert "第 1–18 家，共 20 家" in first.text
    next_page = first.text.partition('rel="next" href="')[2].partition('"')[0].replace("&amp;", "&")
    second = client.get(next_page).text
    assert "第 19–20 家，共 20 家" in second
    assert 'rel="prev"' in second
    assert "第 1–18 家" in client.get("/commitments?cursor=forged&at=99").text.replace("第 99–116", "第 1–18")


def test_an_empty_search_offers_near_names_and_a_way_back(client, listed):
    listed("鹭湾百货", outlets=(outlet("鹭湾百货"),))
    text = client.get("/commitments?q=鹭湾百贷商场").text
    assert "没有符合这些条件的门店" in text
    assert "你要找的是不是" in text
    assert ">鹭湾百货</a>" in text
    assert "清除全部条件" in text


def test_one_character_is_told_to_be_too_few(client, listed):
    listed("鹭湾百货")
    assert "请写两个以上的字" in client.get("/commitments?q=鹭").text


def test_an_empty_list_says_when_shops_will_stand_in_it(client):
    assert "名录里还没有门店" in client.get("/commitments").text


@pytest.mark.parametrize("address", ["/commitments", "/commitments?show=list", "/commitments?q=服装鞋帽", "/open-data"])
def test_a_full_page_stays_below_its_bytes(client, listed, address):
    goods = (
        "羊毛大衣、羽绒服、衬衫、连衣裙、牛仔裤、童装、运动鞋、皮鞋、凉鞋、帽子、围巾、手套、皮带、箱包、床上用品、窗帘"
    )
    for serial in range(20):
        name = f"厦门鹭湾第{serial:02d}百货商场股份有限公司五缘湾分公司"
        scopes = (ScopeRow(Way.OFFLINE, category="clothing", goods=goods), ScopeRow(Way.OFFLINE, category="daily"))
        listed(name, scopes=scopes, days=7 + serial)
    assert len(client.get(address).data) < BYTES


def test_the_data_file_holds_every_line_and_no_formula(client, listed):
    listed(
        "鹭湾百货",
        outlets=(outlet("=鹭湾百(1)"), outlet("殿前店")),
        shops=(ShopRow("天猫", "旗舰店", "https://x.example/"),),
    )
    answer = client.get("/commitments/data.csv")
    lines = list(csv.reader(io.StringIO(answer.data.decode("utf-8-sig"))))
    assert [line[2] for line in lines] == ["店铺名称", "'=鹭湾百(1)", "鹭湾百货 殿前店", "旗舰店"]
    assert lines[1][13] == "7"
    sheet = openpyxl.load_workbook(io.BytesIO(client.get("/commitments/data.xlsx").data)).active
    assert sheet.max_row == 4
    assert sheet["C2"].value == "=鹭湾百(1)"
    assert sheet["C2"].data_type == "s"


def test_the_page_of_open_data_names_files_columns_and_licence(client, listed):
    listed("鹭湾百货")
    text = client.get("/open-data").text
    for said in ("现有 1 家门店", "commitments.csv", "统一社会信用代码", "没有另外声明许可", "北京时间"):
        assert said in text


def test_every_public_page_leads_to_the_others(client):
    text = client.get("/verify").text
    for path, label in (("/commitments", "承诺名录"), ("/open-data", "公开数据"), ("/verify", "核验")):
        assert f'href="{path}"' in text
        assert label in text
