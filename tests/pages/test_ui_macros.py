"""Every macro and layout is rendered with strict undefined values and parsed as HTML5 without a single fault."""

import hashlib
import json
import re
from pathlib import Path

import html5lib
import pytest

from tests.pages import ui_samples as samples

STATIC = samples.ROOT / "static"
TEMPLATES = samples.ROOT / "templates"
MACRO = re.compile(r"{%-? macro (?!_)(\w+)")


@pytest.fixture(scope="module")
def rendered() -> dict[str, str]:
    env = samples.environment()
    values = samples.context()
    pages = {name: env.get_template(name).render(**values) for name in samples.PAGES}
    return pages | {name: env.get_template(name).render() for name in samples.ERRORS}


def elements(html: str, path: str) -> list:
    return html5lib.parse(html, namespaceHTMLElements=False).findall(path)


@pytest.mark.parametrize("name", samples.PAGES + samples.ERRORS)
def test_a_page_is_html5_without_a_fault(rendered, name):
    parser = html5lib.HTMLParser(strict=True)
    parser.parse(rendered[name])


@pytest.mark.parametrize("name", samples.PAGES + samples.ERRORS)
def test_a_page_keeps_to_the_content_policy(rendered, name):
    html = rendered[name]
    assert not re.search(r"""\s(style|on\w+|hx-on[:\w-]*)=["']""", html)
    assert not re.search(r"<script(?![^>]*\ssrc=)", html)
    assert "<style" not in html
    assert not re.search(r"""(src|href)=["'](https?:)?//""", html)


@pytest.mark.parametrize("name", samples.PAGES + samples.ERRORS)
def test_a_page_has_one_h1_that_starts_its_title(rendered, name):
    (title,) = elements(rendered[name], ".//title")
    (heading,) = elements(rendered[name], ".//h1")
    assert title.text.startswith("".join(heading.itertext()).strip())


@pytest.mark.parametrize("name", samples.PAGES + samples.ERRORS)
def test_ids_are_unique_and_references_lead_somewhere(rendered, name):
    tree = html5lib.parse(rendered[name], namespaceHTMLElements=False)
    ids = [element.get("id") for element in tree.iter() if element.get("id")]
    assert len(ids) == len(set(ids))
    for element in tree.iter():
        for attribute in ("for", "aria-describedby", "aria-labelledby", "data-copy"):
            assert set((element.get(attribute) or "").split()) <= set(ids), (attribute, element.get(attribute))
        if element.tag == "a" and (element.get("href") or "").startswith("#"):
            assert element.get("href") == "#" or element.get("href")[1:] in ids


@pytest.mark.parametrize("name", samples.PAGES + samples.ERRORS)
def test_forms_say_where_they_go_and_posts_carry_the_token(rendered, name):
    for form in elements(rendered[name], ".//form"):
        assert form.get("method"), form.attrib
        assert form.get("action"), form.attrib
        if form.get("method") == "post":
            assert [field for field in form.iter("input") if field.get("name") == "csrf_token"]


@pytest.mark.parametrize("name", samples.PAGES + samples.ERRORS)
def test_every_control_has_a_name(rendered, name):
    tree = html5lib.parse(rendered[name], namespaceHTMLElements=False)
    labelled = {label.get("for") for label in tree.iter("label")}
    inside = {id(control) for label in tree.iter("label") for control in label.iter()}
    for control in (element for tag in ("input", "select", "textarea") for element in tree.iter(tag)):
        if control.get("type") != "hidden":
            assert control.get("aria-label") or control.get("id") in labelled or id(control) in inside, control.attrib


def test_every_macro_is_reachable_as_ui_and_used_in_the_gallery():
    ui = samples.environment().globals["ui"]
    sources = "".join(
        path.read_text() for path in [*samples.GALLERY.glob("*.html"), *(TEMPLATES / "layouts").glob("*")]
    )
    sources += Path(samples.__file__).read_text() + (TEMPLATES / "ui" / "shell.html").read_text()
    for path in (TEMPLATES / "ui").glob("*.html"):
        for name in MACRO.findall(path.read_text()):
            assert callable(getattr(ui, name, None)), f"add {name} to ui.html"
    indirect = {"icon", "key", "bar", "error", "checkbox", "form_errors"}  # drawn by other macros
    for name in vars(ui):
        assert name.startswith("_") or name in indirect or f"ui.{name}(" in sources or f"{name}(" in sources, name


def test_amounts_are_exact_and_signed_with_a_minus():
    ui = samples.environment().globals["ui"]
    assert str(ui.money(9007199254740993)) == "¥90,071,992,547,409.93"
    assert str(ui.money(-5)) == "−¥0.05"
    assert str(ui.amount(144900, signed=True)) == "+1,449.00"
    assert str(ui.yuan(128000)) == "¥1,280"
    assert str(ui.yuan(128050)) == "¥1,280.50"
    assert "不明" in ui.money(None)


def test_a_deadline_fills_its_ruler_tick_by_tick():
    ui = samples.environment().globals["ui"]
    assert 'h46"' in ui.deadline(samples.due("剩 2 个工作日", "10-14 周三", 8, "near"))
    assert 'class="on"' not in ui.deadline(samples.due("剩 10 个工作日", "10-26 周一", 0))
    late = ui.deadline(samples.due("逾期 2 个工作日", "10-09 周五", 14, "bad"))
    assert 'h58"/></svg>' in late
    assert "#alert" in late


def test_the_error_summary_names_every_field_at_fault(rendered):
    (summary,) = [part for part in elements(rendered["merchant_form.html"], ".//section") if part.get("id") == "errors"]
    links = [link.get("href") for link in summary.iter("a")]
    assert links == ["#remedy", "#amount", "#pay_by", "#words", "#sure", "#terms-0-note"]
    assert summary.find(".//h2").text == "有 7 处需要修改，方案还没有发出"


def test_an_error_stands_between_label_and_control(rendered):
    field = rendered["merchant_form.html"].split('<label for="amount">')[1].split("</div>")[0]
    assert field.index("已按诉求填好") < field.index('id="amount-error"') < field.index("<input")
    assert 'aria-invalid="true"' in field
    assert 'aria-describedby="amount-help amount-error"' in field


def test_text_from_outside_stays_text():
    ui = samples.environment().globals["ui"]
    hostile = "<script>alert(1)</script>"
    for html in (ui.tag(hostile), ui.note(hostile), ui.facts([(hostile, hostile)]), ui.copy_block("c", "x", hostile)):
        assert "<script" not in html


def test_vendored_code_is_what_its_list_says():
    for entry in json.loads((STATIC / "vendor" / "vendor.json").read_text()):
        assert hashlib.sha256((STATIC / "vendor" / entry["file"]).read_bytes()).hexdigest() == entry["sha256"]
        assert (STATIC / "vendor" / entry["licence_file"]).is_file()


def test_every_icon_named_exists():
    known = set(re.findall(r'<symbol id="([\w-]+)"', (STATIC / "icons.svg").read_text()))
    env = samples.environment()
    for name in samples.PAGES:
        assert set(re.findall(r'icons\.svg#([\w-]+)"', env.get_template(name).render(**samples.context()))) <= known


def test_templates_stay_short():
    for path in TEMPLATES.rglob("*.html"):
        assert len(path.read_text().splitlines()) <= 150, path
