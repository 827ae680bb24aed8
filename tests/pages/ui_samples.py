"""Sample values and a bare Jinja environment for the gallery of macros; no Flask, no database."""

import io
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import jinja2
import segno
from markupsafe import Markup
from werkzeug.datastructures import MultiDict
from wtforms import (
    BooleanField,
    DateField,
    FieldList,
    FileField,
    Form,
    FormField,
    PasswordField,
    RadioField,
    SelectChoice,
    SelectField,
    StringField,
    TextAreaField,
)
from wtforms.validators import InputRequired, Length, Optional, ValidationError

from portal.widgets import options_markup

ROOT = Path(__file__).parents[2]
GALLERY = Path(__file__).parent / "gallery"
PAGES = sorted(path.name for path in GALLERY.glob("*.html"))
ERRORS = sorted(f"errors/{path.name}" for path in (ROOT / "templates" / "errors").glob("*.html"))


def chosen(**labels: str) -> list[SelectChoice]:
    return [SelectChoice(value, label) for value, label in labels.items()]


class Term(Form):
    note = StringField("说明", [InputRequired("请填写说明。")])


class Offer(Form):
    remedy = RadioField("处理方式", choices=chosen(refund="退货退款", swap="换货", mend="维修"))
    amount = StringField("退款金额")
    extra = StringField("补偿", [Optional()])
    pay_by = DateField("付款日期", [Optional()])
    freight = SelectField("退货运费", choices=chosen(shop="商家承担", buyer="消费者承担"))
    words = TextAreaField("写给消费者的话", [Length(min=20, message="请写 20 字以上。")])
    proof = FileField("附件", [Optional()])
    sure = BooleanField("我已核对金额和日期", [InputRequired("请核对后勾选。")])
    terms = FieldList(FormField(Term), min_entries=1)

    def hidden_tag(self) -> Markup:
        return Markup('<input type="hidden" name="csrf_token" value="token">')

    def validate_amount(self, field: StringField) -> None:
        raise ValidationError("退款金额不能超过商品价款 ¥1,499.00。多出的部分请填在“补偿”。")


class SignIn(Form):
    name = StringField("用户名", [InputRequired()])
    password = PasswordField("密码", [InputRequired()])


def refused_offer() -> Offer:
    form = Offer(
        MultiDict({"amount": "1,549.00", "words": "抱歉。", "remedy": "burn", "pay_by": "上周", "freight": "shop"})
    )
    assert not form.validate()
    form.form_errors = ["方案已被消费者的还价取代，请重新查看。"]
    return form


def refused_sign_in() -> SignIn:
    form = SignIn(MultiDict({"name": "lin"}))
    form.form_errors = ["用户名或密码不对，还可以再试 4 次。"]
    return form


def environment() -> jinja2.Environment:
    """The templates as the application has them: strict, autoescaped, gettext in the new style."""
    env = jinja2.Environment(
        loader=jinja2.FileSystemLoader([ROOT / "templates", GALLERY]),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    env.install_null_translations(newstyle=True)  # type: ignore[attr-defined]
    env.globals.update(
        csrf_token=lambda: "token",
        static_url=lambda path: f"/static/{path}",
        icon_markup=icon_markup,
        options_markup=options_markup,
        url_for=lambda endpoint, **_: "/",
        public_nav=lambda: [{"label": "承诺名录", "href": "/commitments", "current": False}],
    )
    env.globals["ui"] = env.get_template("ui.html").module
    return env


def icon_markup(name: str, label: str = "") -> Markup:
    told = Markup('role="img" aria-label="{}"').format(label) if label else Markup('aria-hidden="true"')
    return Markup('<svg class="i" {}><use href="/static/icons.svg#{}"/></svg>').format(told, name)


def due(words: str, date: str, ticks: int, tone: str = "") -> SimpleNamespace:
    return SimpleNamespace(words=words, date_text=date, ticks=ticks, tone=tone)


DUE = SimpleNamespace(
    late=due("逾期 2 个工作日", "10-09 周五", 10, "bad"),
    today=due("今天到期", "10-12 周一", 10, "near"),
    near=due("剩 3 个工作日", "10-15 周四", 7, "near"),
    far=due("剩 10 个工作日", "10-26 周一", 0),
)


def row(reference: str, state: str, tone: str, limit: SimpleNamespace, **more: Any) -> SimpleNamespace:
    known = {"who": "蔡**", "goods": "双开门冰箱", "demand": "异响两次维修未好，要求退货", "fen": 429900}
    known |= {"agent": "林晓燕", "glyph": "", "checked": False}
    return SimpleNamespace(**{**known, **more}, reference=reference, state=state, tone=tone, due=limit)


def day(text: str, note: str = "", kind: str = "", *, today: bool = False) -> SimpleNamespace:
    return SimpleNamespace(day=text, note=note, kind=kind, today=today)


def weeks() -> list[list[SimpleNamespace]]:
    weekend = [day("16", "", "late"), day("17", "", "off"), day("18", "", "off")]
    off = [day(str(n), "休", "off") for n in (25, 26, 27)]
    return [
        [day("21", "", "off"), day("22", "", "off"), day("23", "", "off"), day("24", "收到"), *off],
        [day("28", "1", "ran"), day("29", "2", "ran"), day("30", "3", "ran")]
        + [day(name, "休", "off") for name in ("10/1", "2", "3", "4")],
        [day(str(n), "休", "off") for n in (5, 6, 7)]
        + [day("8", "4", "ran"), day("9", "5", "ran"), day("10", "班6", "ran"), day("11", "休", "off")],
        [day("12", "7", "ran", today=True), day("13", "8"), day("14", "9"), day("15", "到期", "end"), *weekend],
    ]


def term(name: str, ours: str, theirs: str, change: str) -> SimpleNamespace:
    return SimpleNamespace(term=name, ours=ours, theirs=theirs, change=change, moved=change != "不变")


def chart(values: list[float | None], *, band: bool) -> SimpleNamespace:
    points = [
        {"label": f"第 {29 + n} 周", "value": value, "prior": 88 + n % 3}
        | ({"low": value - 10, "high": min(value + 6, 100)} if band and value else {"low": None, "high": None})
        for n, value in enumerate(values)
    ]
    return SimpleNamespace(
        summary="近 12 周按时办结率在 83% 到 96% 之间", bottom=70, top=100, ticks=[100, 90, 80, 70], goal=90, unit="%",
        points=points, axis=["第 29 周", "第 33 周", "第 37 周", "第 40 周"], columns=["周", "比率"],
        rows=[[point["label"], f"{point['value']}%"] for point in points] if band else [],
    )  # fmt: skip


def nav() -> list[dict[str, Any]]:
    work = [
        {"label": "今日", "icon": "today", "href": "#", "count": 2, "tone": "bad"},
        {"label": "工作台", "icon": "inbox", "href": "#", "count": 63, "current": True},
        {"label": "通知", "icon": "bell", "href": "#", "count": "1000+"},
    ]
    return [{"items": work}, {"title": "台账", "items": [{"label": "消费投诉记录", "icon": "doc", "href": "#"}]}]


def qr_path() -> str:
    svg = io.BytesIO()
    segno.make("https://example.test/verify/8K3F2M7Q", version=3).save(svg, kind="svg", border=0, omitsize=True)
    return svg.getvalue().decode().split(' d="')[1].split('"')[0]


def context() -> dict[str, Any]:
    """Everything the gallery's pages and the layouts ask for."""
    ui = environment().globals["ui"]
    rates = [
        {"label": name, "value": value, "unit": "%", "href": "#", "note": "比上期 +1.6 个百分点，目标 90%",
         "extra": ui.interval(float(value), float(value) - 3, float(value) + 2, goal=90, start=50)}
        for name, value in (("按时办结率", "91.0"), ("和解成功率", "71.2"), ("付款兑现率", "95.6"))
    ]  # fmt: skip
    return {
        "nav": nav(), "me": SimpleNamespace(name="林晓燕", role_label="客服", organisation="鹭湾百货"),
        "installation": SimpleNamespace(rehearsal=True), "due": DUE, "weeks": weeks(), "qr_path": qr_path(),
        "download": Markup('<a href="#">下载全部</a>'), "form": refused_offer(), "sign_in": refused_sign_in(),
        "failed": False, "toast": SimpleNamespace(text="已向 叶** 发出方案", undo="/undo", seconds=24),
        "case_facts": [("消费者", "陈** 139****2046"), ("诉求", "退货退款，承担运费"), ("争议金额", ui.money(149900)),
                       ("估价", ui.money(None)), ("差额", ui.money(-100, signed=True))],
        "evidence": [{"label": "购物小票", "href": "#"}, {"label": "照片", "href": "#", "image": "/static/icon.svg"}],
        "terms": [term("处理方式", "换新机一台", "退货退款", "修改"), term("退款金额", "", "¥1,499.00", "新增"),
                  term("退货运费", "商家承担", "商家承担", "不变")],
        "cost": term("我方支出", "¥100.00", "¥1,549.00", "+¥1,449.00"),
        "events": [
            {"title": "我方第 2 版方案", "icon": "send", "when": "10-10 16:22", "who": "林晓燕", "iso": "2026-10-10T16:22",
             "terms": [("换新", "RX-5 新机一台"), ("补偿", ui.money(10000))]},
            {"title": "消费者不接受第 1 版", "icon": "failed", "when": "10-08 20:15", "text": "理由：检测时间太长。"},
            {"title": "未按期付款", "icon": "alert", "when": "10-07", "tone": "bad"},
        ],
        "figures": [{"label": "逾期", "value": 2, "unit": "件", "href": "#", "tone": "bad", "icon": "alert", "note": "最久 2 个工作日"},
                    {"label": "今天应付", "value": ui.money(216800), "href": "#", "icon": "yuan"}],
        "views": [{"label": "全部在办", "href": "#", "count": 63, "current": True}, {"label": "逾期", "href": "#"}],
        "chips": [{"label": "状态：全部在办", "href": "#"}],
        "rows": [row("HL2609-0388", "协商中", "ours", DUE.late), row("HL2609-0394", "未兑现", "bad", DUE.late, fen=None),
                 row("HL2609-0402", "待付款", "ours", DUE.today, glyph="yuan", checked=True),
                 row("HL2609-0405", "待消费者答复", "theirs", DUE.near, checked=True), row("HL2609-0512", "达成", "good", DUE.far)],
        "page": SimpleNamespace(previous_cursor="cHJldg", next_cursor="bmV4dA"),
        "bar": SimpleNamespace(done=1240, total=2000, unit="行", rate_text="每秒 85 行", left_text="约剩 9 秒", failed=7),
        "bar_unknown": SimpleNamespace(done=12, total=0, unit="行", rate_text="", left_text="", failed=0),
        "rates": rates, "chart": chart([91, 88.6, 93.6, 88.9, 93.5, 95.7, 88.4, 91.3], band=True),
        "sparse": chart([90, None, 85, 92, None, 95], band=False),
        "causes": [{"label": "未联系消费者", "href": "#", "count": 17, "share_text": "34%", "share": 100},
                   {"label": "其他", "count": 2, "share_text": "4%", "share": 100 * 2 / 17}],
        "steps": [{"label": "收到投诉", "state": "done", "when": "9 月 24 日"}, {"label": "等你答复", "state": "current", "when": "10 月 15 日前"},
                  {"label": "上一版没有谈成", "state": "failed"}, {"label": "商家付款", "state": "next"}],
        "texts": ["【湖里市监】鹭湾百货就投诉（尾号 0433）提出和解方案，请查看："] * 2,
    }  # fmt: skip
