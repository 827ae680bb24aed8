"""Doors of who works here: sign-in, people, enrolment, trainings, practice."""

from tests.sweeps.doors.door import Door

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
    "accounts_staff.carry_out_import": Door("staff"),
    "accounts_staff.check_import": Door("staff"),
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
    "accounts_staff.staff_template": Door("staff"),
    "accounts_staff.start_import": Door("staff"),
    "accounts_staff.switch_practice": Door("staff", why="once practice was prepared", answers=frozenset({404})),
    "applications_regulator.admit": Door("regulator", "application"),
    "applications_regulator.ask": Door("regulator", "application"),
    "applications_regulator.export": Door("regulator"),
    "applications_regulator.list_applications": Door("regulator"),
    "applications_regulator.open_file": Door(
        "regulator", "application", why="for whoever opened it with a reason", answers=frozenset({403})
    ),
    "applications_regulator.refuse": Door("regulator", "application"),
    "applications_regulator.reveal": Door("regulator", "application"),
    "applications_regulator.show": Door(
        "regulator", "application", why="everything of one application, opened seldom", statements=14
    ),
    "enrolment_merchant.change_outlet": Door(
        "merchant", posts="outlet", why="of their own merchant", answers=frozenset({404})
    ),
    "enrolment_merchant.close_outlet": Door(
        "merchant", posts="outlet", why="of their own merchant", answers=frozenset({404})
    ),
    "enrolment_merchant.confirm": Door("merchant"),
    "enrolment_merchant.import_outlets": Door("merchant"),
    "enrolment_merchant.open_outlet": Door("merchant"),
    "enrolment_merchant.propose": Door("merchant"),
    "enrolment_merchant.show": Door("merchant"),
    "enrolment_merchant.show_changes": Door("merchant"),
    "enrolment_merchant.show_outlet": Door(
        "merchant", why="404 without the name of an own shop", answers=frozenset({404})
    ),
    "enrolment_merchant.withdraw_change": Door(
        "merchant", posts="proposal", why="of their own merchant", answers=frozenset({404})
    ),
    "enrolment_public.accounts": Door("public", "application being filled in"),
    "enrolment_public.add_pages": Door("public", "application being filled in"),
    "enrolment_public.begin": Door("public"),
    "enrolment_public.check": Door("public", "application being filled in"),
    "enrolment_public.conditions": Door("public", "application being filled in"),
    "enrolment_public.documents": Door("public", "application being filled in"),
    "enrolment_public.firm": Door("public", "application being filled in"),
    "enrolment_public.invitation": Door("public", "application just admitted"),
    "enrolment_public.lost_link": Door("public"),
    "enrolment_public.open_file": Door("public", "application being filled in"),
    "enrolment_public.paper": Door("public", "application being filled in"),
    "enrolment_public.remove": Door("public", "application being filled in"),
    "enrolment_public.reopen": Door("public", "application refused"),
    "enrolment_public.save_accounts": Door("public", "application being filled in"),
    "enrolment_public.save_conditions": Door("public", "application being filled in"),
    "enrolment_public.save_firm": Door("public", "application being filled in"),
    "enrolment_public.set_password": Door("public", "invitation"),
    "enrolment_public.show": Door("public", "application"),
    "enrolment_public.start": Door("public"),
    "enrolment_public.submit": Door("public", "application being filled in"),
    "enrolment_public.welcome": Door("public", "invitation"),
    "enrolment_public.withdraw": Door("public", "application"),
    "enrolment_regulator.add_alias": Door("regulator", "merchant"),
    "enrolment_regulator.add_outlet": Door("regulator", "merchant"),
    "enrolment_regulator.admit": Door("regulator"),
    "enrolment_regulator.change": Door("regulator", "merchant"),
    "enrolment_regulator.decide_proposal": Door("regulator", "proposal of a merchant"),
    "enrolment_regulator.edit": Door(
        "regulator", "merchant", why="a form with its lists, opened seldom", statements=12
    ),
    "enrolment_regulator.export": Door("regulator"),
    "enrolment_regulator.list_merchants": Door("regulator"),
    "enrolment_regulator.new": Door("regulator"),
    "enrolment_regulator.remove_alias": Door("regulator", "merchant", posts="alias"),
    "enrolment_regulator.remove_outlet": Door("regulator", "merchant", posts="outlet"),
    "enrolment_regulator.show": Door("regulator", "merchant"),
    "practice_staff.begin_again": Door("staff", why="only those who practise", answers=frozenset({404})),
    "practice_staff.enter": Door(
        "staff", why="people of merchants only, and on to the account", answers=frozenset({307, 403})
    ),
    "practice_staff.show": Door("staff", why="people of merchants only", answers=frozenset({404})),
    "practice_staff.show_messages": Door(
        "staff", "practice case", why="of those who practise", answers=frozenset({404})
    ),
    "training_merchant.confirm": Door("merchant", "training", form={"others": "2"}),
    "training_merchant.list_trainings": Door("merchant"),
    "training_merchant.open_file": Door("merchant", "training material"),
    "training_merchant.show": Door("merchant", "training"),
    "training_regulator.add_files": Door("regulator", "training"),
    "training_regulator.cancel": Door("regulator", "training", form={"reason": "场地停电"}),
    "training_regulator.change": Door("regulator", "training"),
    "training_regulator.edit": Door("regulator", "training"),
    "training_regulator.export": Door("regulator"),
    "training_regulator.export_absent": Door("regulator"),
    "training_regulator.import_list": Door("regulator", "training"),
    "training_regulator.list_absent": Door("regulator"),
    "training_regulator.list_trainings": Door("regulator"),
    "training_regulator.new": Door("regulator"),
    "training_regulator.open_file": Door("regulator", "training material"),
    "training_regulator.record": Door("regulator"),
    "training_regulator.record_merchant": Door("regulator", "training", form={"standing": "attended", "others": "1"}),
    "training_regulator.remove_file": Door("regulator", "training material"),
    "training_regulator.show": Door("regulator", "training"),
    "training_regulator.show_merchant": Door("regulator", "training"),
    "training_regulator.template": Door("regulator", "training"),
}
