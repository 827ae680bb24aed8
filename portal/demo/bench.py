"""The benchmark of an installation: its pages, an offer, a tick and an import, asked through the WSGI application.

It asks in this process, without sockets: what is measured is our own work. It writes: two people without a known
password, offers that are taken back, the imported rows. Hence rehearsals only.
"""

import os
import secrets
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from random import Random
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import ColumnElement, false, func, select, true, update
from sqlalchemy.orm import Session, joinedload

from portal.accounts.actions import AddPerson, add_person
from portal.accounts.links import issue_link
from portal.accounts.models import Membership, Organisation, Person
from portal.app import create_app
from portal.cases.actions import AddNote, add_note
from portal.cases.models import Case
from portal.cases.rules import CaseState
from portal.core.actor import OPERATOR, Actor, ActorKind, Role
from portal.core.errors import RuleBroken
from portal.core.paging import PAGE_SIZE, encode_cursor
from portal.demo.complaints import GREEN, LOCAL, ODR, Company, Draft, write_export
from portal.demo.firms import all_firms, find_district
from portal.demo.measuring import Figures, Sample, StatementCount, Stopwatch, counting, figures, measure
from portal.demo.offering import MAY_BE_OFFERED, measure_offers, measure_offers_together
from portal.demo.served import Asked, measure_served
from portal.desk import merchant_page
from portal.duties import do_all
from portal.intake.actions import StartImport, start_import
from portal.intake.importing import run_import
from portal.intake.models import Filing
from portal.intake.uploads import read_upload
from portal.runtime import Runtime
from portal.worker import DUE, tick

DEEP = 1000  # the page that must cost what the first costs
TWO, FOUR = "退货", "无法使用"  # words of the generated complaints
IDLE_TICKS = 5
DUE_AT_ONCE = 10  # cases whose clocks a tick with work finds
EVERY_ROUND = tuple(duty for duty in DUE if duty.name != "statistics")  # that one reads every index, four times a day
FIRST_IMPORTED = 1000  # serial behind those of the demo's story
NUMBERS = "3502065"  # of rows written by `demo.complaints`
FAR_AHEAD = 1 << 40  # a moment for "seen last": the gate replaces it at the first page
REAL = "这里是正式安装，基准测试会写入数据。请用演练安装，或用 --cases 在临时文件夹里新建一个。"
EMPTY = "这里没有可以测的纠纷。请先运行 portal generate。"


@dataclass(frozen=True, slots=True)
class Bench:
    """An installation under measurement: its application, who asks, and about which cases."""

    house: Runtime
    app: Flask
    count: StatementCount
    merchant_id: int  # the one with the most offers that wait for an answer
    reference: str  # one of these cases
    agent: FlaskClient
    officer: FlaskClient
    consumer: str  # path of a consumer's page
    district_id: int


@dataclass(frozen=True, slots=True)
class Page:
    """A page to ask for."""

    name: str
    label: str
    client: FlaskClient
    path: str
    note: str = ""


def bench(
    house: Runtime, *, repeats: int, rows: int, told: Callable[[str], None], server: bool = False
) -> list[Figures]:
    """Measure everything; `rows` are imported, and with `server` the pages are asked of `portal web` too.

    Raises RuleBroken in a real or an empty installation.
    """
    described = house.clock.describe()
    if described is None or not described.rehearsal:
        raise RuleBroken(REAL)
    with _prepared(house) as ready:
        tick(ready.house)  # as a house that runs: nothing is due, and the planner knows how the rows are spread
        bare = measure(ready.count, lambda: asked(ready.officer, "/healthz"), repeats)
        found = [figures("bare", "空页面 /healthz", bare, bare)]
        pages = _pages(ready)
        for page in pages:
            told(page.label)
            samples = measure(ready.count, lambda page=page: asked(page.client, page.path), repeats)  # type: ignore[misc]
            found.append(figures(page.name, page.label, samples, bare, page.note))
        if server:
            found += measure_served(house, _asked(ready, pages, found), repeats, told)
        told("方案、到期处理、导入")
        offers = measure_offers(ready.house, ready.count, repeats)
        found.append(figures("offer", "提出方案", offers, bare, "撤回不计时"))
        if server:
            found.append(measure_offers_together(ready.house, bare, repeats, found[-1].statements))
        found.append(figures("tick", "到期处理（没有到期的）", _ticks(ready), bare, "不含每 6 小时一次的统计"))
        found.append(
            figures("tick_due", "到期处理（有到期的）", _busy_ticks(ready), bare, f"每次 {DUE_AT_ONCE} 件到期")
        )
        found.append(
            figures("import", "导入（行）", _import(ready, rows), bare, "p50、p95、语句、CPU 按每批至多 200 行")
        )
    return found


@contextmanager
def _prepared(given: Runtime) -> Iterator[Bench]:
    """Make people and links, and an application that sends no message and wakes no worker."""
    quiet = replace(given.config, smtp_url=None, sms_url=None, redis_url=None, undo_seconds=60)
    house = Runtime(config=quiet, engine=given.engine, clock=given.clock)
    app = create_app(house)
    with house.reading() as session:
        district = find_district(session)
        code = session.get_one(Organisation, district.id).code
        merchant_id, merchant_code = _busiest(session)
        ours = (Case.merchant_id == merchant_id, Case.state == CaseState.OFFERED)
        reference = session.scalars(select(Case.reference).where(*ours).order_by(Case.id).limit(1)).one()
        offered = select(Case.id).where(Case.state == CaseState.OFFERED, Case.phone_index.is_not(None))
        shown = session.scalars(offered.order_by(Case.id).limit(1)).first()
    if shown is None:
        raise RuleBroken(EMPTY)
    with counting(house.engine) as count:
        yield Bench(
            house=house,
            app=app,
            count=count,
            merchant_id=merchant_id,
            reference=reference,
            agent=signed_in(house, app, Role.AGENT, merchant_code),
            officer=signed_in(house, app, Role.OFFICER, code),
            consumer=f"/c/{house.perform(OPERATOR, _link, shown)}",
            district_id=district.id,
        )


def _busiest(session: Session) -> tuple[int, str]:
    """The merchant with the most offers that wait, and its code; it has about the most open cases too."""
    counted = (
        select(Case.merchant_id, Organisation.code)
        .join(Organisation, Organisation.id == Case.merchant_id)
        .where(Case.state == CaseState.OFFERED)
        .group_by(Case.merchant_id, Organisation.code)
        .order_by(func.count().desc(), Case.merchant_id)
        .limit(1)
    )
    if (row := session.execute(counted).first()) is None:
        raise RuleBroken(EMPTY)
    return row.merchant_id, row.code


def signed_in(house: Runtime, app: Flask, role: Role, organisation_code: str) -> FlaskClient:
    """A browser in which somebody of this organisation is signed in; the person is added where there is none."""
    name = f"bench-{role.value}-{organisation_code.lower()}"
    wanted = select(Membership).join(Membership.person).where(Person.sign_in_name == name)
    with house.reading() as session:
        there = session.scalars(wanted).first() is not None
    if not there:
        command = AddPerson(
            name, "基准测试", role, organisation_code, f"{secrets.token_urlsafe(24)}-1a", must_change=False
        )
        house.perform(OPERATOR, add_person, command)
    with house.reading() as session:
        row = session.scalars(wanted.options(joinedload(Membership.person))).one()
        cookie = f"{row.id}:{row.person.session_stamp}"
    client = app.test_client()
    with client.session_transaction() as stored:
        stored.update({"_user_id": cookie, "_fresh": True, "seen": FAR_AHEAD, "second_factor": True})
    return client


def _link(session: Session, actor: Actor, case_id: int, *, now: datetime) -> str:
    """The token of a link to a case; its recipient is nobody's number."""
    _link_row, token = issue_link(session, case_id, "00000000000", now=now, expires_at=now + timedelta(days=1))
    return token


def _pages(ready: Bench) -> list[Page]:
    """Every page, in the order in which they are told."""
    with ready.house.reading() as session:
        ours = (Case.merchant_id == ready.merchant_id, Case.is_open == true())
        list_page, list_cursor = _deep(session, Case.due_at, ours, merchant_page.PAGE_SIZE)
        over = (Case.merchant_id == ready.merchant_id, Case.is_open == false())
        over_page, over_cursor = _deep(session, Case.registered_at, over, merchant_page.PAGE_SIZE, descending=True)
        all_page, all_cursor = _deep(session, Case.registered_at, (true(),), PAGE_SIZE, descending=True)
    worklist, officers = "/merchant/cases", "/regulator/cases?tab=all&sort=new"
    return [
        Page("worklist", "企业工作台", ready.agent, worklist),
        Page("worklist_deep", "企业工作台深页", ready.agent, f"{worklist}?cursor={list_cursor}", f"第 {list_page} 页"),
        Page("worklist_over", "企业已结束的", ready.agent, f"{worklist}?view=finished"),
        Page(
            "worklist_over_deep",
            "企业已结束的深页",
            ready.agent,
            f"{worklist}?view=finished&cursor={over_cursor}",
            f"第 {over_page} 页",
        ),
        Page("case", "企业看一件", ready.agent, f"{worklist}/{ready.reference}"),
        Page("search_2", "企业搜索两字", ready.agent, f"{worklist}?q={TWO}"),
        Page("search_4", "企业搜索四字", ready.agent, f"{worklist}?q={FOUR}"),
        Page("board", "辖区看板", ready.officer, "/regulator/"),
        Page("officer_list", "监管纠纷列表", ready.officer, officers),
        Page("officer_deep", "监管纠纷深页", ready.officer, f"{officers}&cursor={all_cursor}", f"第 {all_page} 页"),
        Page("officer_case", "监管看一件", ready.officer, f"/regulator/cases/{ready.reference}"),
        Page("officer_search_2", "监管搜索两字", ready.officer, f"{officers}&q={TWO}"),
        Page("officer_search_4", "监管搜索四字", ready.officer, f"{officers}&q={FOUR}"),
        Page("triage", "分流列表", ready.officer, "/regulator/triage"),
        Page("consumer", "消费者页面", ready.app.test_client(), ready.consumer),
    ]


def _asked(ready: Bench, pages: Sequence[Page], found: Sequence[Figures]) -> list[Asked]:
    """The bare page and every other, with the cookie of whoever asks."""
    statements = {one.name: one.statements for one in found}

    def cookie(client: FlaskClient) -> str:
        kept = client.get_cookie(ready.app.config["SESSION_COOKIE_NAME"])
        return f"{kept.decoded_key}={kept.value}" if kept else ""

    bare = Asked("bare", "空页面 /healthz", "/healthz", cookie(ready.officer), 0)
    return [bare, *(Asked(one.name, one.label, one.path, cookie(one.client), statements[one.name]) for one in pages)]


def _deep(
    session: Session, moment: Any, asked: tuple[ColumnElement[bool], ...], size: int, *, descending: bool = False
) -> tuple[int, str]:
    """The number of the deepest full page up to DEEP of a list, and the cursor that opens it."""
    held = session.scalar(select(func.count()).select_from(Case).where(*asked)) or 0
    page = max(1, min(DEEP, held // size))
    order = (moment.desc(), Case.id.desc()) if descending else (moment, Case.id)
    last_before = select(moment, Case.id).where(*asked).order_by(*order).offset(max((page - 1) * size - 1, 0)).limit(1)
    return page, encode_cursor(tuple(session.execute(last_before).one()))


def asked(client: FlaskClient, path: str) -> bytes:
    """Ask for a page and give its bytes; raises RuleBroken where the answer is not 200."""
    answer = client.get(path, buffered=True)
    if answer.status_code != 200:
        raise RuleBroken(f"{path} 的答复是 {answer.status_code}，基准测试停止。")
    return answer.get_data()


def _ticks(ready: Bench) -> list[Sample]:
    """Tick when nothing is due; the first rounds, not measured, do what the offers left."""

    def once() -> bytes:
        do_all(ready.house, EVERY_ROUND)
        return b""

    return measure(ready.count, once, IDLE_TICKS)


def _busy_ticks(ready: Bench) -> list[Sample]:
    """Tick when some cases' clocks have come due and each has a fact to be told; as many at any size."""
    house = ready.house
    with house.reading() as session:
        running = (Case.is_open == true(), Case.next_action_at > house.now(), Case.respond_by > house.now())
        due = select(Case.id, Case.reference, Case.merchant_id, Case.next_action_at).where(
            *running, Case.state.in_(MAY_BE_OFFERED)
        )
        cases = session.execute(due.order_by(Case.id).limit(DUE_AT_ONCE)).all()

    def come_due(session: Session, actor: Actor, command: None, *, now: datetime) -> None:
        session.execute(update(Case).where(Case.id.in_([one.id for one in cases])).values(next_action_at=now))
        for one in cases:
            ours = Actor(ActorKind.MERCHANT, name="基准测试", role=Role.AGENT, organisation_id=one.merchant_id)
            add_note(session, ours, AddNote(one.reference, "基准测试"), now=now)

    def once() -> bytes:
        do_all(house, EVERY_ROUND)
        return b""

    def prepare() -> bytes:
        house.perform(OPERATOR, come_due, None)
        return b""

    def put_back(session: Session, actor: Actor, command: None, *, now: datetime) -> None:
        for one in cases:
            session.execute(update(Case).where(Case.id == one.id).values(next_action_at=one.next_action_at))

    prepare()
    samples = measure(ready.count, once, IDLE_TICKS, prepare)
    house.perform(OPERATOR, put_back, None)
    tick(house)
    return samples


def _import(ready: Bench, rows: int) -> list[Sample]:
    """Import invented rows as a file of the platform; a sample for each commit."""
    house = ready.house
    with house.reading() as session:
        firms = all_firms(session, find_district(session))
        there = session.scalar(select(func.count()).select_from(Filing).where(Filing.number.like(f"{NUMBERS}%"))) or 0
    first = FIRST_IMPORTED + there
    random = Random(first)  # noqa: S311 -- invented data
    companies = random.choices([Company(firm.name, firm.code, "厦门市湖里区") for firm in firms], k=rows)
    drafts = [
        Draft(
            at=house.now() - timedelta(minutes=10 + random.randrange(20 * 24 * 60)),
            company=company,
            diversion=random.choice((GREEN, ODR, ODR, LOCAL)),
        )
        for company in companies
    ]
    upload = read_upload("基准测试.xlsx", write_export(drafts, first, random))
    run = house.perform(OPERATOR, start_import, StartImport(upload))
    watch, samples, before = Stopwatch(ready.count), [], 0
    children = _of_children()

    def committed(done: int, total: int, refused: int) -> None:
        nonlocal before
        if done > before:
            samples.append(watch.take(done=done - before))
            before = done

    run_import(house, OPERATOR, run.id, committed)
    drafting = (_of_children() - children) / len(samples)
    return [replace(one, cpu=one.cpu + drafting) for one in samples]


def _of_children() -> float:
    """CPU seconds of child processes that have ended: rows of an import are drafted in one."""
    times = os.times()
    return times.children_user + times.children_system
