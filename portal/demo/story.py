"""The demo's story: authorities, merchants, people, three imports around the present, and what became of the cases.

Everything goes through the same actions as in earnest, only with a clock that stands in the past.
"""

import csv
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from random import Random

import structlog
from sqlalchemy import select

from portal.accounts.authorities import AuthorityRow, ImportAuthorities, import_authorities
from portal.accounts.models import Organisation, OrganisationKind
from portal.cases.jobs import warn_due
from portal.clocks.rules import local_day, start_of_day
from portal.core.actor import OPERATOR
from portal.core.errors import Refused
from portal.demo import words
from portal.demo.complaints import GREEN, LOCAL, ODR, Company, Draft, number_of, write_export
from portal.demo.enrolling import play_applications
from portal.demo.people import MERCHANT_CODE, add_people
from portal.demo.plots import ANCIENT, FRESH, OLD, RECENT, Plot
from portal.demo.promises import play_promises
from portal.demo.returning import play_returns
from portal.demo.stage import Stage, put_back_clock
from portal.demo.supervised import play_supervision
from portal.duties import DutyFailed
from portal.enrolment.importing import ImportMerchants, MerchantRow, import_merchants
from portal.intake.actions import StartImport, start_import
from portal.intake.importing import run_import
from portal.intake.uploads import read_upload
from portal.runtime import Runtime
from portal.settlements.jobs import fail_overdue
from portal.worker import dispatch, tick

DATA = Path(__file__).parent / "data"
SEED = 12315
DAYS_BETWEEN_TICKS = timedelta(days=3)  # each costs a moment of the visitor's time
CHEAP = [good for good in words.GOODS if good.yuan[1] < 1000]  # below the amount from which an answer needs a code

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Act:
    """One import: when, the plots of our merchant's cases, and what else the file holds."""

    hours: float  # before the present
    first_serial: int
    plots: Sequence[Plot]  # of our merchant's cases, the first lines
    others: Sequence[Plot]  # of other merchants' cases, the lines behind them
    rest: int  # lines that nothing has happened to yet


ACTS = (
    Act(26 * 24, 0, ANCIENT, ANCIENT, 0),
    Act(12 * 24, 100, OLD, OLD[:6], 14),
    Act(5 * 24, 200, RECENT, RECENT[:7], 16),
    Act(2, 300, FRESH, (), 18),
)


def is_told(house: Runtime) -> bool:
    """Say whether an installation has authorities already: then it is left as it is."""
    with house.reading() as session:
        return (
            session.scalars(
                select(Organisation.id).where(Organisation.kind == OrganisationKind.AUTHORITY).limit(1)
            ).first()
            is not None
        )


def tell(house: Runtime) -> None:
    """Fill a fresh demo installation; takes a few seconds."""
    present, own_clock = house.now(), house.clock
    clock = put_back_clock(house, present - timedelta(days=90))
    try:
        companies = furnish(house)
        add_people(house)
        with house.reading() as session:
            ours = session.scalars(select(Organisation.id).where(Organisation.code == MERCHANT_CODE)).one()
        stage = Stage(house, clock, present, ours)
        play_promises(stage)
        play_returns(stage)
        play_supervision(stage)
        play_applications(stage)
        random = Random(SEED)  # noqa: S311 -- invented data
        for act in ACTS:
            _import(stage, act, companies, random)
        _play(stage)
    finally:
        house.clock = own_clock


def furnish(house: Runtime) -> list[Company]:
    """Import the bundled authorities and merchants."""
    authorities = tuple(
        AuthorityRow(line, row["代码"], row["名称"], row["上级代码"], row["层级"], row["编号前缀"])
        for line, row in enumerate(_rows("authorities.csv"), 2)
    )
    house.perform(OPERATOR, import_authorities, ImportAuthorities(authorities))
    rows = list(_rows("merchants.csv"))
    merchants = tuple(
        MerchantRow(line, row["统一社会信用代码"], row["企业名称"], row["辖区市场监管所"], row["经营地址"], row["联系电话"], row["类别"])
        for line, row in enumerate(rows, 2)
    )  # fmt: skip
    house.perform(OPERATOR, import_merchants, ImportMerchants(merchants, {}))
    return [Company(row["企业名称"], row["统一社会信用代码"], row["经营地址"]) for row in rows]


def _rows(name: str) -> Iterator[dict[str, str]]:
    with (DATA / name).open(encoding="utf-8-sig", newline="") as file:
        yield from csv.DictReader(file)


def _import(stage: Stage, act: Act, companies: list[Company], random: Random) -> None:
    at = stage.present - timedelta(hours=act.hours)
    drafts = [*_ours(act, at, companies, random), *_rest(act, at, companies, random)]
    content = write_export(drafts, act.first_serial, random)
    stage.at(at)
    name = f"12315导出_{at:%Y%m%d}.xlsx"
    run = stage.by("officer", start_import, StartImport(read_upload(name, content)))
    run_import(stage.house, OPERATOR, run.id)


def _ours(act: Act, at: datetime, companies: list[Company], random: Random) -> list[Draft]:
    """The lines with a plot: cheap enough that no answer needs a code."""
    ours = next(company for company in companies if company.code == MERCHANT_CODE)
    drafts = []
    for position in range(len(act.plots) + len(act.others)):
        good = CHEAP[position % len(CHEAP)]
        choice = (good, *random.choice(good.problems))
        company = ours if position < len(act.plots) else random.choice(_without(ours, companies))
        drafts.append(Draft(_filed(at, position), company, ODR, choice=choice, demand="退款"))
    return drafts


def _rest(act: Act, at: datetime, companies: list[Company], random: Random) -> Iterator[Draft]:
    """The lines without one: among them a tip, a stranger, a contradiction, an accusation and a faulty date."""
    ours = next(company for company in companies if company.code == MERCHANT_CODE)
    others = _without(ours, companies)
    stranger = Company("厦门海风便利店", "", "厦门市湖里区金尚路8号")
    for position in range(act.rest):
        filed = _filed(at, len(act.plots) + len(act.others) + position)
        company = random.choice(others)
        match position:
            case 3:
                yield Draft(filed, company, LOCAL, kind="举报", suspicion="商家涉嫌虚假宣传，请依法查处。")
            case 5:
                yield Draft(filed, stranger, LOCAL)
            case 7:
                yield Draft(filed, Company(company.name, ours.code, company.address), ODR)
            case 9:
                yield Draft(filed, company, ODR, suspicion="请对该商家进行处罚。")
            case 11 if act.plots is FRESH:
                yield Draft(filed, company, ODR, time="2026年13月45日")
            case _:
                yield Draft(filed, company, random.choice((GREEN, ODR, ODR, LOCAL)))


def _without(ours: Company, companies: list[Company]) -> list[Company]:
    return [company for company in companies if company is not ours]


def _filed(at: datetime, position: int) -> datetime:
    return at - timedelta(hours=2, minutes=97 * position)


def _play(stage: Stage) -> None:
    """Let the steps of all plots happen in their order, and let the house do its duties in between."""
    steps = sorted(
        (
            (hours, act, position, step)
            for act in ACTS
            for position, plot in enumerate((*act.plots, *act.others))
            for hours, step in plot.steps
        ),
        key=lambda one: -one[0],
    )
    lost: set[str] = set()
    looked_after = stage.present - timedelta(hours=ACTS[0].hours)
    stage.at(looked_after)
    for hours, act, position, step in steps:
        _wake_daily(stage, stage.present - timedelta(hours=hours))
        if stage.clock.moment - looked_after > DAYS_BETWEEN_TICKS:
            looked_after = stage.clock.moment
            _look_after(stage)
        number = number_of(act.first_serial + position, _filed(stage.present - timedelta(hours=act.hours), position))
        case = stage.case(number)
        if case is None or number in lost:
            continue
        try:
            step(stage, case)
        except Refused as refusal:  # a long holiday may stand in the way; the other cases go on
            log.warning("a plot stops", step=step.__name__, problem=refusal.text)
            lost.add(number)
        stage.at(stage.clock.moment + timedelta(minutes=2))  # the undo window is over
        dispatch(stage.house)
    _wake_daily(stage, stage.present)
    _look_after(stage)


def _wake_daily(stage: Stage, until: datetime) -> None:
    """Let the time pass, and each limit warn and end on its day: late ones would look like an outage."""
    day = local_day(stage.clock.moment)
    while start_of_day(day := day + timedelta(days=1)) < until:
        stage.at(start_of_day(day) + timedelta(minutes=1))
        warn_due(stage.house)
        fail_overdue(stage.house)
    stage.at(until)


def _look_after(stage: Stage) -> None:
    with suppress(DutyFailed):  # told in the log; a demo that starts is worth more than one duty
        tick(stage.house)
