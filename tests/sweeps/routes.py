"""The access table: every endpoint, who it is for, and whose subject its URL names.

A door without a subject belongs to whoever stands in its audience (a list, narrowed by the query). A door with one is
opened for the people of district A and its merchant only; SUBJECTS in tests/sweeps/world.py makes the URL's values.
"""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Door:
    """One endpoint's line."""

    audience: str  # public consumer merchant regulator staff admin: the last word of the blueprint's name
    subject: str = ""  # a key of SUBJECTS; "" where the URL names nobody's row
    form: dict[str, str] = field(default_factory=dict)  # posted, so that the action is reached
    posts: str = ""  # a key of SUBJECTS whose values are posted beside it: somebody's row, as a subject is
    why: str = ""  # for what differs from the rule, in words
    statements: int = 8  # said to the database by a GET; more needs a reason in `why`
    answers: frozenset[int] = frozenset()  # further statuses that are right for those it is meant for


DOORS: dict[str, Door] = {
    "accounts_admin.home": Door("admin"),
    "accounts_admin.organisation": Door("admin", "merchant"),
    "accounts_public.change_password": Door("public"),
    "accounts_public.choose_organisation": Door(
        "public", why="404 where one does not belong", answers=frozenset({404})
    ),
    "accounts_public.enter": Door("public"),
    "accounts_public.new_password": Door("public"),
    "accounts_public.organisations": Door("public"),
    "accounts_public.prove": Door("public"),
    "accounts_public.show_second_factor": Door("public"),
    "accounts_public.sign_in": Door("public"),
    "accounts_public.sign_out": Door("public"),
    "accounts_staff.account": Door("staff"),
    "accounts_staff.activate": Door(
        "staff", posts="colleague", why="of their own organisation", answers=frozenset({404})
    ),
    "accounts_staff.add_person": Door("staff"),
    "accounts_staff.deactivate": Door(
        "staff", posts="colleague", why="of their own organisation", answers=frozenset({404})
    ),
    "accounts_staff.end_sessions": Door("staff"),
    "accounts_staff.people": Door("staff"),
    "accounts_staff.remove_second_factor": Door("staff"),
    "accounts_staff.reset_password": Door(
        "staff", posts="colleague", why="of their own organisation", answers=frozenset({404})
    ),
    "accounts_staff.reset_second_factor": Door(
        "staff", posts="colleague", why="of their own organisation", answers=frozenset({404})
    ),
    "cases_merchant.accept": Door("merchant", "case just dispatched"),
    "cases_merchant.add_files": Door("merchant", "case"),
    "cases_merchant.add_note": Door("merchant", "case"),
    "cases_merchant.assign": Door("merchant", "case"),
    "cases_merchant.assign_many": Door("merchant"),
    "cases_merchant.choose_colleague": Door("merchant", "case"),
    "cases_merchant.delete_view": Door("merchant", "saved view", why="its owner only", answers=frozenset({404})),
    "cases_merchant.record_contact": Door("merchant", "case"),
    "cases_merchant.return_to_officer": Door("merchant", "case just dispatched"),
    "cases_merchant.reveal": Door("merchant", "case", form={"reason": "contact"}),
    "cases_merchant.save_view": Door("merchant"),
    "cases_merchant.share_view": Door("merchant", "saved view", why="its owner only", answers=frozenset({404})),
    "cases_merchant.show_evidence": Door("merchant", "case"),
    "cases_merchant.tick_backfilled": Door("merchant"),
    "cases_merchant.write_contact": Door("merchant", "case"),
    "cases_merchant.write_return": Door("merchant", "case just dispatched"),
    "cases_regulator.ask_reason": Door("regulator", "case"),
    "cases_regulator.reveal": Door("regulator", "case"),
    "cases_staff.open_file": Door("staff", "evidence"),
    "desk_consumer.accept": Door("consumer", "link"),
    "desk_consumer.add_files": Door("consumer", "link"),
    "desk_consumer.ask_code_for_counter": Door("consumer", "link"),
    "desk_consumer.ask_code_for_payee": Door("consumer", "link awaiting a transfer"),
    "desk_consumer.ask_for_code": Door("consumer", "link"),
    "desk_consumer.ask_for_link": Door("consumer", "link", why="forged, ended and live links get the same words"),
    "desk_consumer.confirm_receipt": Door("consumer", "link after performance"),
    "desk_consumer.counter": Door("consumer", "link"),
    "desk_consumer.download_agreement": Door(
        "consumer", "link after agreement", why="a paper, made seldom", statements=12
    ),
    "desk_consumer.escalate": Door("consumer", "link after failure"),
    "desk_consumer.give_payee": Door("consumer", "link awaiting a transfer"),
    "desk_consumer.lay_aside": Door("consumer", "link after failure"),
    "desk_consumer.rate": Door("consumer", "link after receipt"),
    "desk_consumer.rate_unsatisfied": Door("consumer", "link after receipt"),
    "desk_consumer.refuse": Door("consumer", "link"),
    "desk_consumer.show": Door("consumer", "link"),
    "desk_consumer.show_acceptance": Door("consumer", "link"),
    "desk_consumer.show_counter": Door("consumer", "link"),
    "desk_consumer.show_dissatisfaction": Door("consumer", "link after receipt"),
    "desk_consumer.show_escalation": Door("consumer", "link after failure"),
    "desk_consumer.show_evidence": Door("consumer", "link"),
    "desk_consumer.show_payee": Door("consumer", "link awaiting a transfer"),
    "desk_consumer.show_privacy": Door("consumer", "link"),
    "desk_consumer.show_refusal": Door("consumer", "link"),
    "desk_consumer.show_rest": Door("consumer", "link after failure"),
    "desk_consumer.show_withdrawal": Door("consumer", "link"),
    "desk_consumer.withdraw": Door("consumer", "link"),
    "desk_merchant.backfill": Door("merchant"),
    "desk_merchant.export": Door("merchant"),
    "desk_merchant.export_backfill": Door("merchant"),
    "desk_merchant.find_consumer": Door("merchant"),
    "desk_merchant.show_case": Door("merchant", "case"),
    "desk_merchant.today": Door("merchant"),
    "desk_merchant.worklist": Door("merchant"),
    "desk_public.display_size": Door("public"),
    "desk_public.home": Door("public"),
    "desk_regulator.export_board": Door("regulator"),
    "desk_regulator.export_cases": Door("regulator"),
    "desk_regulator.find_consumer": Door("regulator"),
    "desk_regulator.list_cases": Door("regulator"),
    "desk_regulator.show_board": Door("regulator"),
    "desk_regulator.show_case": Door("regulator", "case"),
    "documents_public.ask": Door("public"),
    "documents_public.show": Door("public", "document"),
    "enrolment_merchant.show": Door("merchant"),
    "enrolment_regulator.add_alias": Door("regulator", "merchant"),
    "enrolment_regulator.add_outlet": Door("regulator", "merchant"),
    "enrolment_regulator.admit": Door("regulator"),
    "enrolment_regulator.ask_to_suspend": Door("regulator", "merchant"),
    "enrolment_regulator.change": Door("regulator", "merchant"),
    "enrolment_regulator.edit": Door(
        "regulator", "merchant", why="a form with its lists, opened seldom", statements=12
    ),
    "enrolment_regulator.export": Door("regulator"),
    "enrolment_regulator.list_merchants": Door("regulator"),
    "enrolment_regulator.new": Door("regulator"),
    "enrolment_regulator.remove_alias": Door("regulator", "merchant", posts="alias"),
    "enrolment_regulator.remove_outlet": Door("regulator", "merchant", posts="outlet"),
    "enrolment_regulator.resume": Door("regulator", "merchant"),
    "enrolment_regulator.show": Door("regulator", "merchant"),
    "enrolment_regulator.suspend": Door("regulator", "merchant"),
    "intake_regulator.confirm_routes": Door("regulator"),
    "intake_regulator.export_refused": Door("regulator", "import"),
    "intake_regulator.export_tips": Door("regulator"),
    "intake_regulator.export_triage": Door("regulator"),
    "intake_regulator.imports": Door("regulator"),
    "intake_regulator.new_import": Door("regulator"),
    "intake_regulator.resume_import": Door("regulator", "import"),
    "intake_regulator.reveal_case": Door("regulator", "case", form={"reason": "verify_claim"}),
    "intake_regulator.reveal_tip": Door("regulator", "tip", form={"reason": "verify_claim"}),
    "intake_regulator.route_case": Door("regulator", "case", form={"merchant": "91350206MA0070000N"}),
    "intake_regulator.run": Door("regulator", "import"),
    "intake_regulator.start_import": Door("regulator"),
    "intake_regulator.tip": Door("regulator", "tip"),
    "intake_regulator.tips": Door("regulator"),
    "intake_regulator.triage": Door("regulator"),
    "intake_regulator.waiting_case": Door("regulator", "case"),
    "mediation_regulator.change_phone": Door("regulator", "case", form={"phone": "13900001111", "reason": "asked"}),
    "mediation_regulator.decide_phone": Door("regulator", "case", form={"decision": "refuse"}),
    "mediation_regulator.make_letter": Door("regulator", "case"),
    "mediation_regulator.show_letter": Door("regulator", "case"),
    "mediation_regulator.show_phone": Door("regulator", "case"),
    "notifications_merchant.notices": Door("merchant"),
    "notifications_public.phone": Door("public", why="in a demo without a gateway only", answers=frozenset({404})),
    "notifications_regulator.messages": Door("regulator"),
    "notifications_regulator.notices": Door("regulator"),
    "notifications_regulator.repeat": Door("regulator", "message"),
    "notifications_regulator.told": Door("regulator", "message", why="an auditor only looks", answers=frozenset({403})),
    "observing_public.healthz": Door("public"),
    "observing_public.metrics": Door("public", why="with PORTAL_METRICS_TOKEN only", answers=frozenset({404})),
    "observing_public.readyz": Door("public"),
    "recalls_merchant.cancel": Door("merchant", "goods", answers=frozenset({422})),
    "recalls_merchant.confirm": Door("merchant", "goods being notified"),
    "recalls_merchant.export": Door("merchant"),
    "recalls_merchant.list_goods": Door("merchant"),
    "recalls_merchant.list_notices": Door("merchant"),
    "recalls_merchant.new": Door("merchant"),
    "recalls_merchant.register": Door("merchant"),
    "recalls_merchant.report": Door("merchant", "goods", why="404 while no report was given", answers=frozenset({404})),
    "recalls_merchant.show_goods": Door("merchant", "goods"),
    "recalls_merchant.show_notice": Door("merchant", "goods being notified"),
    "recalls_merchant.take_step": Door("merchant", "goods"),
    "recalls_regulator.chase": Door("regulator", "goods being notified"),
    "recalls_regulator.close": Door("regulator", "goods"),
    "recalls_regulator.export": Door("regulator"),
    "recalls_regulator.issue": Door("regulator", "goods"),
    "recalls_regulator.list_goods": Door("regulator"),
    "recalls_regulator.new": Door("regulator"),
    "recalls_regulator.register": Door("regulator"),
    "recalls_regulator.report": Door(
        "regulator", "goods", why="404 while no report was given", answers=frozenset({404})
    ),
    "recalls_regulator.show": Door("regulator", "goods"),
    "settlements_merchant.accept_counter": Door("merchant", "case with a counter"),
    "settlements_merchant.change_offer": Door("merchant", "case"),
    "settlements_merchant.preview_offer": Door("merchant", "case"),
    "settlements_merchant.record_performance": Door("merchant", "case with an agreement"),
    "settlements_merchant.refuse_counter": Door("merchant", "case with a counter"),
    "settlements_merchant.send_offer": Door("merchant", "case"),
    "settlements_merchant.start_offer": Door("merchant", "case"),
    "settlements_merchant.start_performance": Door("merchant", "case with an agreement"),
    "settlements_merchant.start_refusal": Door("merchant", "case with a counter"),
    "settlements_merchant.undo_offer": Door("merchant", "offer to be undone"),
    "settlements_regulator.callbacks": Door("regulator"),
    "settlements_regulator.record_callback": Door("regulator", "callback", form={"result": "unreached"}),
    "settlements_regulator.show_callback": Door("regulator", "callback"),
    "settlements_staff.download": Door("staff", "document"),
    "settlements_staff.show": Door("staff", "document"),
}
