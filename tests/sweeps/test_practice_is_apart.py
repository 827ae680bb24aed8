"""Practice merchants are in no list: every statement over merchants leaves them out, or says why it cannot meet one."""

import ast

from tests.sweeps.sources import name, python_files, tree

ASKING = frozenset({"select", "join", "outerjoin", "select_from", "from_select"})
LEFT_OUT = frozenset({"practice_of_id", "area_of"})  # the condition itself, or a function that carries it
OWN = "the merchant of the one who asks"
ONE = "one merchant, by the key or the code of a row that was found before"
AREA = "narrowed to a jurisdiction, in which the practice authority never lies"
CODE = "by a 统一社会信用代码, which no practice merchant has"
MET: dict[str, str] = {  # statements that may not or cannot meet one
    "portal/commitments/importing.py _context": CODE,
    "portal/commitments/own.py own_outlets": OWN,
    "portal/enrolment/actions.py locked": AREA,
    "portal/enrolment/application_contents.py refuse_admitted": CODE,
    "portal/enrolment/application_queries.py _known": CODE,
    "portal/enrolment/keeping.py _own": OWN,
    "portal/enrolment/queries.py merchant_page": AREA,
    "portal/enrolment/queries.py tiers": AREA,
    "portal/intake/dispatching.py _suggested": "of suggestions that routing made, which knows none",
    "portal/intake/green_access.py drafts": "of a draft that a real merchant's door began",
    "portal/intake/parting.py _objection_to": ONE,
    "portal/intake/suggestions.py admitted_named": AREA,
    "portal/ledgers/checking.py check_of": ONE,
    "portal/ledgers/firms.py _lines": AREA,
    "portal/ledgers/opening.py _firm": AREA,
    "portal/notifications/checkpoint_mails.py _signed_for": "of signed ledgers; those of practice are never signed by the clock",
    "portal/notifications/checkpoint_mails.py tell_authorities": "of signed ledgers; nobody works for the practice authority",
    "portal/notifications/enrolment_jobs.py tell_of_merchant_data": ONE,
    "portal/recalls/notices.py issue_notice": AREA,
    "portal/retention/actions.py locked_list": AREA,
    "portal/retention/actions.py release_hold": AREA,
    "portal/retention/due.py count_due": ONE,
    "portal/retention/queries.py _lists": AREA,
    "portal/retention/queries.py holds": AREA,
    "portal/retention/queries.py merchant_of_code": AREA,
    "portal/settlements/limits.py set_limits": OWN,
    "portal/settlements/queries/approval.py house_of": ONE,
    "portal/supervision/actions.py locked": AREA,
    "portal/supervision/actions.py record_inspection": AREA,
    "portal/supervision/counting.py _ended_licences": "of licences, which a practice merchant has none of",
    "portal/supervision/measures.py _proposal": AREA,
    "portal/supervision/measures.py locked": AREA,
    "portal/supervision/promise_figures.py _counted": AREA,
    "portal/supervision/promise_figures.py _totals": AREA,
    "portal/supervision/queries.py _lines": AREA,
    "portal/supervision/queries.py inspection_page": AREA,
    "portal/supervision/sanction_queries.py measure_page": AREA,
    "portal/supervision/sanction_queries.py proposal_page": AREA,
    "portal/supervision/sanctions.py locked": AREA,
    "portal/training/access.py locked_invitation": "of those invited, and none of them is",
}


def asks_for_merchants(function: ast.FunctionDef) -> bool:
    """Say whether a function selects or joins merchants."""
    return any(
        isinstance(inner, ast.Name) and inner.id == "Merchant"
        for call in ast.walk(function)
        if isinstance(call, ast.Call) and _called(call) in ASKING
        for argument in call.args
        for inner in ast.walk(argument)
    )


def leaves_practice_out(function: ast.FunctionDef) -> bool:
    """Say whether a function names the condition, or a function that carries it."""
    named = {one.attr for one in ast.walk(function) if isinstance(one, ast.Attribute)}
    called = {one.id for one in ast.walk(function) if isinstance(one, ast.Name)}
    return bool((named | called) & LEFT_OUT)


def _called(call: ast.Call) -> str:
    return call.func.id if isinstance(call.func, ast.Name) else getattr(call.func, "attr", "")


def statements() -> dict[str, bool]:
    """Every function that asks for merchants, with whether it leaves those for practice out."""
    return {
        f"{name(file)} {node.name}": leaves_practice_out(node)
        for file in python_files("portal")
        if "demo" not in file.parts
        for node in tree(file).body
        if isinstance(node, ast.FunctionDef) and asks_for_merchants(node)
    }


def test_every_statement_over_merchants_leaves_practice_out_or_says_why_not() -> None:
    silent = [one for one, apart in statements().items() if not apart and one not in MET]
    assert not silent, "add Merchant.practice_of_id.is_(None), or a reason to MET:\n" + "\n".join(silent)


def test_no_reason_is_left_behind() -> None:
    known = statements()
    gone = [one for one in MET if known.get(one, True)]
    assert not gone, "take out of MET:\n" + "\n".join(gone)
