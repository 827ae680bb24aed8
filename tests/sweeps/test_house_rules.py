"""The house rules, read off the syntax trees. Each failure says what to write instead."""

import ast
import re
import tomllib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from tests.sweeps import sources
from tests.sweeps.sources import ROOT, called, capability, dotted, imported, name, place, python_files, templates, tree

MAY_COMMIT = {
    "portal/runtime.py": "Runtime.perform is the only commit",
    "portal/core/db.py": "ends a transaction in which PostgreSQL refuses to write",
}
MAY_READ_A_CLOCK = {
    "portal/accounts/gate.py": "the idle limit of a session is the browser's real time",
    "portal/accounts/public_views.py": "the same, and a second factor's code is made from real time",
    "portal/accounts/staff_views.py": "a second factor's code is made from real time",
    "portal/cli.py": "the command line's own progress and names",
    "portal/orphans.py": "a file's age is real time, whatever a rehearsal's clock says",
    "portal/notifications/gateways.py": "the timestamp that another house checks against real time",
    "portal/core/installation.py": "the installation's clock stands on the real one",
    "portal/runtime.py": "hands the clock to every action",
    "portal/web.py": "one moment for a request",
}
MAY_SAY_SQL_AT_THE_EDGE: dict[str, str] = {}
MAY_CHANGE = {"portal/runtime.py": "a process's grip: tests and demo exchange its clock"}  # dataclasses
CLOCKS = {
    "datetime.now",
    "datetime.utcnow",
    "datetime.today",
    "datetime.datetime.now",
    "datetime.datetime.utcnow",
    "date.today",
    "datetime.date.today",
    "time.time",
}
WEB = ("flask", "werkzeug", "wtforms", "flask_wtf", "flask_babel", "flask_login", "flask_limiter", "portal.web")
FORBIDDEN_NAMES = {"utils", "util", "helpers", "helper", "common", "base", "manager", "managers", "misc", "services"}
CHINESE = re.compile(r"[\u3400-\u9fff]")
LONGEST_FILE, LONGEST_TEMPLATE, LONGEST_FUNCTION = 400, 150, 40

Functions = ast.FunctionDef | ast.AsyncFunctionDef


def calls(*folders: str) -> Iterator[tuple[Path, ast.Call, str]]:
    for file in python_files(*folders):
        for node in ast.walk(tree(file)):
            if isinstance(node, ast.Call):
                yield file, node, called(node)


def imports(*folders: str) -> Iterator[tuple[Path, ast.AST, list[str]]]:
    for file in python_files(*folders):
        for node in ast.walk(tree(file)):
            if names := imported(node):
                yield file, node, names


def refuse(offences: list[str], remedy: str) -> None:
    assert not offences, "\n".join([f"{len(offences)} × against the house rules. {remedy}", *offences])


def lines(file: Path) -> int:
    return len(file.read_text().splitlines())


def test_a_python_file_is_one_page_of_thought() -> None:
    long = [
        f"{name(one)}: {lines(one)}"
        for one in python_files("portal", "tests", "migrations")
        if lines(one) > LONGEST_FILE
    ]
    refuse(long, f"A file has at most {LONGEST_FILE} lines: split it by noun, then by verb.")


def test_a_template_is_short() -> None:
    long = [f"{name(one)}: {lines(one)}" for one in templates() if lines(one) > LONGEST_TEMPLATE]
    refuse(
        long, f"A template has at most {LONGEST_TEMPLATE} lines: move a part to {{% include %}} a section_<name>.html."
    )


def test_a_function_does_one_thing() -> None:
    long = []
    for file in python_files("portal"):
        documented = sources.docstrings(tree(file))
        for node in ast.walk(tree(file)):
            if not isinstance(node, Functions):
                continue
            first = node.body[0]
            prose = isinstance(first, ast.Expr) and id(first.value) in documented
            words = (first.end_lineno or 0) - first.lineno + 1 if prose else 0
            length = (node.end_lineno or 0) - node.lineno + 1 - words
            if length > LONGEST_FUNCTION:
                long.append(f"{place(file, node)} {node.name}: {length}")
    refuse(long, f"A function has at most {LONGEST_FUNCTION} lines: name its parts and call them, in order of use.")


def test_no_file_is_called_after_nothing() -> None:
    vague = [name(one) for one in python_files("portal", "tests") if {one.stem, *one.parts} & FORBIDDEN_NAMES]
    refuse(vague, "Name a file after the noun it is about, never utils, helpers, common, base or manager.")


def test_only_perform_commits() -> None:
    found = [
        place(file, node)
        for file, node, what in calls("portal")
        if what.endswith((".commit", ".writing", "write_session")) and name(file) not in MAY_COMMIT
    ]
    refuse(found, "Write an action and let runtime.perform(actor, action, command) run it; it commits.")


def test_only_the_edge_reads_a_clock() -> None:
    found = [
        f"{place(file, node)} {what}()"
        for file, node, what in calls("portal")
        if what in CLOCKS and name(file) not in MAY_READ_A_CLOCK
    ]
    refuse(found, "Take `now` as a parameter; perform and web.now() hand it over.")


def test_nobody_sleeps_to_synchronise() -> None:
    found = [place(file, node) for file, node, what in calls("portal", "tests") if what in {"time.sleep", "sleep"}]
    refuse(
        found, "Wait for the event itself: Event.wait(timeout), Popen.wait, a poll with a deadline on a real condition."
    )


def test_imports_stand_at_the_top() -> None:
    found = [
        place(file, inner)
        for file in python_files("portal", "tests", "migrations")
        for node in ast.walk(tree(file))
        if isinstance(node, Functions)
        for inner in ast.walk(node)
        if isinstance(inner, ast.Import | ast.ImportFrom)
    ]
    refuse(found, "Import at the top of the file; if that makes a circle, the line belongs to another capability.")


def test_relationships_point_down() -> None:
    found = [
        place(file, node)
        for file, node, what in calls("portal")
        if what == "relationship"
        and (
            any(keyword.arg in {"backref", "back_populates"} for keyword in node.keywords)
            or any(isinstance(argument, ast.Constant) for argument in node.args)
        )
    ]
    refuse(found, "Write the relationship once, at the lower end of the arrow; the other direction is a query.")


def test_no_import_is_for_the_type_checker_only() -> None:
    found = [place(file, node) for file, node, names in imports("portal") if "typing.TYPE_CHECKING" in names]
    refuse(found, "Import what you name; if that makes a circle, the line belongs to another capability.")


def test_values_do_not_change() -> None:
    found = []
    for file in python_files("portal"):
        for node in ast.walk(tree(file)):
            if not isinstance(node, ast.ClassDef) or name(file) in MAY_CHANGE:
                continue
            written = [ast.unparse(one) for one in node.decorator_list]
            wanted = {"slots=True"} if node.name.startswith("_") else {"frozen=True", "slots=True"}
            if any(one.startswith("dataclass") and not all(word in one for word in wanted) for one in written):
                found.append(f"{place(file, node)} {node.name}")
    refuse(found, "Write @dataclass(frozen=True, slots=True); only a private one may change.")


def test_what_is_inside_a_capability_knows_no_web() -> None:
    found = [
        f"{place(file, node)} {names[0]}"
        for file, node, names in imports("portal")
        if capability(file) not in {None, "desk"}
        and not sources.is_edge_module(dotted(file))
        and (names[0].startswith(WEB) or any(sources.is_edge_module(one) for one in names))
    ]
    refuse(found, "Only forms, …_views, jobs, api, commands and gate stand at the edge: hand values down instead.")


def test_no_edge_is_used_by_another_capability() -> None:
    found = [
        f"{place(file, node)} {module}"
        for file, node, names in imports("portal")
        if capability(file)
        for module in names
        if sources.is_edge_module(module)
        and module.split(".")[1] != capability(file)
        and not (
            capability(file) == "desk" and module.split(".")[2] == "forms"
        )  # it shows their sections, forms and all
    ]
    refuse(found, "Use the lower capability's actions and queries; a shared section is a template section_<name>.html.")


def test_views_and_forms_write_no_sql() -> None:
    found = [
        place(file, node)
        for file, node, names in imports("portal")
        if sources.is_edge_module(dotted(file))
        and dotted(file).split(".")[2].endswith(("_views", "forms"))
        and name(file) not in MAY_SAY_SQL_AT_THE_EDGE
        and any(one.startswith("sqlalchemy") for one in names)
    ]
    refuse(found, "Ask a function of queries.py, narrowed by the actor; change through perform(action, command).")


def test_words_of_forms_are_marked_for_translation() -> None:
    found = []
    for file in python_files("portal"):
        if file.stem != "forms" and not file.stem.endswith("_forms"):
            continue
        marked = sources.docstrings(tree(file))
        for node in ast.walk(tree(file)):
            if called(node) in {"_", "gettext", "lazy_gettext", "ngettext"}:
                marked |= {id(one) for one in ast.walk(node)}
        found += [
            f"{place(file, node)} {node.value}"
            for node in ast.walk(tree(file))
            if isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and CHINESE.search(node.value)
            and id(node) not in marked
        ]
    refuse(found, 'Write _("…") with lazy_gettext imported as _.')


def test_nothing_points_outside_the_house() -> None:
    outside = ("/" + "work/", ".." + "/shared", "/tmp" + "/brief")
    files = [*python_files("portal", "tests", "migrations"), *templates(), *sorted((ROOT / "docs").rglob("*.md"))]
    files += [ROOT / one for one in ("README.md", "Makefile", "pyproject.toml", "constraints.txt", ".ci/run")]
    found = [f"{name(one)}: {word}" for one in files if one.is_file() for word in outside if word in one.read_text()]
    refuse(found, "The project stands alone: copy a sample to tests/samples, cite a law or RFC by its name.")


def test_pins_carry_no_address() -> None:
    found = [line for line in (ROOT / "constraints.txt").read_text().splitlines() if "://" in line or "--" in line]
    refuse(found, "constraints.txt holds name==version only.")


def test_each_exception_is_still_needed() -> None:
    listed = {*MAY_COMMIT, *MAY_READ_A_CLOCK, *MAY_SAY_SQL_AT_THE_EDGE, *MAY_CHANGE} - {"portal/cli.py"}
    refuse(
        [one for one in sorted(listed) if not (ROOT / one).is_file()], "Remove the exception of a file that is gone."
    )


def test_every_dependency_is_pinned() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = [*project["dependencies"], *project["optional-dependencies"]["test"]]
    pinned = {re.split(r"[=;\s]", line)[0] for line in (ROOT / "constraints.txt").read_text().splitlines() if line}
    missing = [one for one in (re.split(r"[\[<>=;\s]", each)[0] for each in wanted) if one not in pinned]
    refuse(missing, "Add name==version to constraints.txt.")


def test_no_two_test_files_have_one_name() -> None:
    names = Counter(path.name for path in (ROOT / "tests").rglob("test_*.py"))
    twice = [name for name, count in names.items() if count > 1]
    assert not twice, f"{twice}: pytest imports a test file by its name alone; call the second one something else"
