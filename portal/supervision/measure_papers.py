"""The paper of a measure: our own form, numbered, sealed, verifiable under /verify."""

from datetime import datetime

from sqlalchemy.orm import Session

from portal.accounts.models import Organisation
from portal.clocks.rules import local_day
from portal.core.actor import Actor
from portal.core.privacy import DataKey
from portal.documents.models import Document
from portal.documents.sealing import MeasurePaper, Pairs, seal_document
from portal.supervision.rules.sanctions import LEVEL_NAMES, OWN_FORM, PAPER_TITLES, Level, Order
from portal.supervision.rules.triggers import DEFINITIONS, Figures
from portal.supervision.sanction_models import SanctionProposal

RIGHTS = (
    "你单位可以在本平台“监管措施”页面确认收到、陈述意见或者申辩，并附上材料。",
    "陈述和申辩不影响本措施的执行；经核实成立的，将予以变更或者解除。",
)
EFFECTS: dict[Level, tuple[str, ...]] = {
    Level.REMIND: ("请查明原因，避免再次发生。",),
    Level.RECTIFY: ("请在整改期限前完成整改，并在本平台报告整改情况，我单位将复查。",),
    Level.SUSPEND: (
        "自本通知作出之日起，不再向你单位分流新的投诉；已经受理的投诉须继续办结。",
        "符合恢复条件后，可以在本平台申请恢复。",
    ),
    Level.EXIT: (
        "自本通知作出之日起，你单位退出在线消费纠纷解决企业名录，不再接收新的投诉。",
        "已经受理的投诉须继续办结，台账须按规定保存；此前消费者购买的商品，原有承诺仍然有效。",
        "到最早可以重新申请的日期后，符合恢复条件的，可以在本平台申请恢复。",
    ),
}


def measure_paper(
    session: Session,
    key: DataKey,
    proposal: SanctionProposal,
    order: Order,
    number: str,
    actor: Actor,
    *,
    now: datetime,
) -> Document:
    """Number and seal the paper of a measure; it names what was counted, over which days and on which basis."""
    merchant = proposal.merchant.organisation
    paper = MeasurePaper(
        number=number,
        title=PAPER_TITLES[order.level],
        authority=actor.organisation_name,
        made_on=local_day(now).isoformat(),
        addressee=merchant.name,
        matters=_matters(merchant, proposal, order),
        reason=order.reason,
        effects=EFFECTS[order.level],
        rights=RIGHTS,
        notice=OWN_FORM,
    )
    return seal_document(session, key, paper, now=now)


def _matters(merchant: Organisation, proposal: SanctionProposal, order: Order) -> Pairs:
    figures = Figures(proposal.numerator, proposal.denominator)
    counted = "" if proposal.remark else f"{figures.words}（{proposal.first_on} 至 {proposal.last_on}）"
    rows = (
        ("企业", merchant.name),
        ("统一社会信用代码", merchant.code),
        ("措施", LEVEL_NAMES[order.level][0]),
        ("原因", DEFINITIONS[proposal.code].title),
        ("数据", counted),
        ("整改期限", order.rectify_on.isoformat() if order.rectify_on else ""),
        ("恢复条件", order.conditions),
        ("最早可以重新申请", order.earliest_on.isoformat() if order.earliest_on else ""),
        ("处置建议编号", proposal.reference),
    )
    return tuple((name, text) for name, text in rows if text)
