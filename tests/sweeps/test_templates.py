"""Every template: it compiles, it has a title, its fragments exist, its words are marked for translation."""

import ast
import gzip
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from jinja2 import Environment, StrictUndefined, nodes

from tests.sweeps.sources import ROOT, name, place, python_files, templates, tree

CHINESE = re.compile(r"[\u3400-\u9fff]")
TRANSLATORS = {"_", "gettext", "ngettext", "pgettext"}
BODILESS = ("ui/", "ui.html", "notifications/")  # macros and messages: no pages
BUDGETS = {"css/app.css": 24 * 1024, "js/app.js": 20 * 1024, "icons.svg": 20 * 1024}  # bytes as written, our limits
TOGETHER_GZ = 35 * 1024  # style, script and icons of a desk page, compressed; with the page itself 60 KB

TEMPLATES = [file.relative_to(ROOT / "templates").as_posix() for file in templates()]
PARTS = {  # included by others: a section, or a piece of a page that grew too long
    part
    for file in templates()
    for part in re.findall(r"""{%-?\s*(?:include|from|import)\s+["']([^"']+)""", file.read_text())
}
PAGES = [one for one in TEMPLATES if not one.startswith((*BODILESS, "layouts/")) and one not in PARTS]

AS_WRITTEN = Environment(extensions=["jinja2.ext.i18n"])  # parses only: the application folds the marks


@pytest.fixture
def environment(built: Flask) -> Environment:
    return built.jinja_env


def parsed(environment: Environment, template: str) -> nodes.Template:
    return environment.parse((ROOT / "templates" / template).read_text(), filename=template)


def blocks(environment: Environment, template: str) -> set[str]:
    return {block.name for block in parsed(environment, template).find_all(nodes.Block)}


def test_a_missing_word_is_an_error_never_an_empty_place(environment: Environment) -> None:
    assert environment.undefined is StrictUndefined


@pytest.mark.parametrize("template", TEMPLATES)
def test_it_compiles(environment: Environment, template: str) -> None:
    environment.get_template(template)


@pytest.mark.parametrize("template", PAGES)
def test_a_page_stands_in_a_layout_and_has_a_title(environment: Environment, template: str) -> None:
    page = parsed(environment, template)
    layouts = [
        one.value
        for parent in page.find_all(nodes.Extends)
        for one in [parent.template, *parent.template.find_all(nodes.Const)]
        if isinstance(one, nodes.Const) and str(one.value).endswith(".html")
    ]
    chosen = [one for one in page.find_all(nodes.Extends) if isinstance(one.template, nodes.Name)]  # by the view
    assert layouts or chosen, f"{template}: extend a layout; a part of a page is included by one"
    assert all(one.startswith("layouts/") for one in layouts), f"{template}: a page extends a layout, never a page"
    assert {"title", "main"} <= blocks(environment, template), f"{template}: write the blocks title and main"


@pytest.mark.parametrize("template", PAGES)
def test_nothing_stands_outside_the_blocks(environment: Environment, template: str) -> None:
    loose = [
        one
        for one in parsed(environment, template).body
        if not isinstance(one, nodes.Extends | nodes.Block)
        and not (isinstance(one, nodes.Output) and all(is_blank(part) for part in one.nodes))
    ]
    assert not loose, f"{template}:{loose[0].lineno}: put it into a block; only extends and blocks stand at the top"


def is_blank(node: nodes.Node) -> bool:
    return isinstance(node, nodes.TemplateData) and not node.data.strip()


@pytest.mark.parametrize("template", TEMPLATES)
def test_every_visible_word_is_marked_for_translation(template: str) -> None:
    unmarked = [f"{template}:{line}: {words}" for line, words in bare_words(parsed(AS_WRITTEN, template))]
    assert not unmarked, 'write {{ _("…") }}:\n' + "\n".join(unmarked)


def bare_words(node: nodes.Node) -> Iterator[tuple[int, str]]:
    if isinstance(node, nodes.TemplateData) and CHINESE.search(node.data):
        yield node.lineno, " ".join(node.data.split())
    if isinstance(node, nodes.Const) and isinstance(node.value, str) and CHINESE.search(node.value):
        yield node.lineno, node.value
    if isinstance(node, nodes.Call) and isinstance(node.node, nodes.Name) and node.node.name in TRANSLATORS:
        for argument in [*node.args[1:], *node.kwargs]:
            yield from bare_words(argument)
        return
    for child in node.iter_child_nodes():
        yield from bare_words(child)


@pytest.mark.parametrize("template", TEMPLATES)
def test_no_script_style_or_foreign_address_is_written(template: str) -> None:
    source = (ROOT / "templates" / template).read_text()
    assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son[a-z]+=|hx-on|javascript:|\|\s*safe\b", source), (
        f"{template}: no inline script or style and no |safe anywhere (CSP); classes live in app.css, behaviour in app.js"
    )
    assert not re.search(r"""(src|href|action)=["'](https?:)?//""", source), (
        f"{template}: nothing is loaded from elsewhere"
    )


def fragments() -> list[tuple[str, str, str]]:
    """(place, template, block) of every `page("…", fragment="…")` in the views; template is "" where it is a variable."""
    found = []
    for file in python_files("portal"):
        for node in ast.walk(tree(file)):
            if not isinstance(node, ast.Call) or not node.args:
                continue
            for keyword in node.keywords:
                if keyword.arg == "fragment" and isinstance(keyword.value, ast.Constant) and keyword.value.value:
                    first = node.args[0]
                    named = isinstance(first, ast.Constant) and str(first.value).endswith(".html")
                    found.append((place(file, node), str(first.value) if named else "", str(keyword.value.value)))
    return found


def test_every_fragment_is_a_block_named_as_its_element(environment: Environment) -> None:
    held = {one: blocks(environment, one) for one in TEMPLATES}
    everywhere = set().union(*held.values())
    wrong = [
        f'{where}: {template or "no template"} has no block "{fragment}"'
        for where, template, fragment in fragments()
        if fragment not in (held.get(template, set()) if template else everywhere)
    ]
    assert not wrong, "\n".join(wrong)


def test_every_template_that_a_view_names_exists() -> None:
    named = {
        (place(file, node), node.value)
        for file in python_files("portal")
        for node in ast.walk(tree(file))
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and re.fullmatch(r"[a-z_]+/[a-z0-9_]+\.html", node.value)
    }
    missing = [f"{where}: {template}" for where, template in sorted(named) if template not in TEMPLATES]
    assert not missing, "\n".join(missing)


def test_every_asset_that_a_template_names_exists() -> None:
    named = [
        (file, asset)
        for file in templates()
        for asset in re.findall(r"""static_url\(\s*["']([^"']+)["']""", file.read_text())
    ]
    missing = [f"{name(file)}: static/{asset}" for file, asset in named if not (ROOT / "static" / asset).is_file()]
    assert not missing, "\n".join(missing)


def test_every_icon_that_is_asked_for_is_in_the_sprite() -> None:
    drawn = set(re.findall(r'id="([a-z-]+)"', (ROOT / "static" / "icons.svg").read_text()))
    missing = []
    for file in [*templates(), *python_files("portal/desk")]:
        asked = re.findall(r"""(?:\bicon\(|glyph=|["']icon["']:\s*)\s*["']([a-z-]+)["']""", file.read_text())
        missing += [f"{name(file)}: {icon}" for icon in asked if icon not in drawn]
    assert not missing, "static/icons.svg lacks:\n" + "\n".join(missing)


def test_assets_stay_small() -> None:
    for asset, limit in BUDGETS.items():
        size = (ROOT / "static" / asset).stat().st_size
        assert size <= limit, f"static/{asset} has {size} bytes, {limit} are allowed: remove what no page uses"
    files = [*(ROOT / "static" / asset for asset in BUDGETS), ROOT / "static" / "vendor" / "htmx.min.js"]
    together = sum(len(gzip.compress(file.read_bytes())) for file in files)
    assert together <= TOGETHER_GZ, f"{together} bytes compressed"


def test_templates_are_tidy() -> None:
    checker = Path(sys.executable).with_name("djlint")
    answer = subprocess.run(
        [checker, "--lint", "--quiet", "templates"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert answer.returncode == 0, answer.stdout
