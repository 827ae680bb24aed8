"""Filing the invented complaints: a file in the platform's own columns, read, routed and stored by intake itself."""

import csv
import io
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.accounts.models import Organisation
from portal.cases.models import Case
from portal.clocks.queries import almanac
from portal.clocks.rules import SHANGHAI, local_day
from portal.core.actor import SYSTEM
from portal.core.privacy import vault_of
from portal.documents.numbers import take_numbers
from portal.enrolment.models import Merchant
from portal.intake import batches
from portal.intake.context import Context, Place
from portal.intake.models import Filing, ImportRun, ImportState
from portal.intake.rules import MerchantFacts, MerchantIndex, Source
from portal.intake.sheets import open_sheet
from portal.intake.storing import StoreBatch, store_batch
from portal.practice.founding import PREFIX
from portal.practice.plots import Plot

HEADERS = (
    "登记编号", "类型", "登记时间", "接收方式", "企业名称", "统一社会信用代码", "诉求内容", "问题类别全称", "客体类别全称",
    "投诉人", "联系电话", "消费金额", "分流情况", "办理情况状态",
)  # fmt: skip
PHONE = "13000000000"  # nobody's; and nothing is ever sent to it


@dataclass(frozen=True, slots=True)
class Tenant:
    """Where invented cases are filed."""

    merchant: Merchant  # the practice merchant
    authority: Organisation
    real: Organisation  # whose name and code the complaints give


def file_plots(
    session: Session, tenant: Tenant, plots: Sequence[tuple[Plot, datetime]], *, now: datetime
) -> list[Case]:
    """File each plot as of its moment, as one import of the practice authority; the cases in the same order."""
    numbers = [f"{PREFIX}{number:010d}" for number in take_numbers(session, "practice", len(plots))]
    run = _run(session, tenant, len(plots), now=now)
    context = _context(session, tenant)
    for (plot, at), number in zip(plots, numbers, strict=True):
        with io.BytesIO(_sheet(tenant, plot, number, at)) as stream:
            sheet = open_sheet(stream, source=Source.NATIONAL)
            rows = list(sheet.rows())
        batch = batches.prepare(session, rows, sheet.columns, sheet.source, context, now=at)
        store_batch(session, SYSTEM, StoreBatch(run.id, run.attempt, batch), now=at)
    run.state, run.ended_at = ImportState.DONE, now
    session.flush()
    stored = session.execute(
        select(Filing.number, Case)
        .join(Case, Case.id == Filing.case_id)
        .where(Filing.source == Source.NATIONAL.value, Filing.number.in_(numbers))
    )
    known = dict(stored.all())
    return [known[number] for number in numbers]


def _context(session: Session, tenant: Tenant) -> Context:
    """The practice merchant as the only one that there is, under the real one's name and code."""
    here = Place(tenant.authority.id, (tenant.authority.id,), PREFIX)
    facts = MerchantFacts(id=tenant.merchant.id, code=tenant.real.code, name=tenant.real.name)
    return Context(
        place=here,
        below={here.id: here},
        names={here.id: tenant.authority.name},
        merchants=MerchantIndex.of([facts]),
        book=almanac(session),
        vault=vault_of(session),
        dialect=session.get_bind().dialect,
    )


def _run(session: Session, tenant: Tenant, lines: int, *, now: datetime) -> ImportRun:
    row = ImportRun(
        reference=secrets.token_hex(8),
        authority_id=tenant.authority.id,
        key=vault_of(session).new_key(session, now=now),
        digest=secrets.token_hex(32),
        file_name="练习",
        source=Source.NATIONAL.value,
        mapping={},
        state=ImportState.RUNNING,
        attempt=1,
        totals={},
        total_rows=lines,
        created_at=now,
        started_at=now,
    )
    session.add(row)
    session.flush()
    return row


def _sheet(tenant: Tenant, plot: Plot, number: str, at: datetime) -> bytes:
    registered = (at - timedelta(minutes=30)).astimezone(SHANGHAI)
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(HEADERS)
    writer.writerow(
        (
            number,
            "投诉",
            f"{registered:%Y-%m-%d %H:%M:%S}",
            "APP",
            tenant.real.name,
            tenant.real.code,
            f"{plot.text}（练习用的编造内容，{local_day(at):%Y-%m-%d}）",
            plot.problem,
            plot.goods,
            plot.consumer,
            PHONE,
            f"{plot.amount / 100:.2f}",
            "700 监督ODR企业开展和解",
            "处理中",
        )
    )
    return text.getvalue().encode("utf-8-sig")
