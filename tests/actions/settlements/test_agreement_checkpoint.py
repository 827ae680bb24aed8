"""An agreement prints the newest checkpoint of the merchant's ledger, so that both parties hold the ledger to it."""

from portal.core.actor import SYSTEM
from portal.documents.models import Document
from portal.documents.sealing import open_document
from portal.ledgers.checkpoints import SignCheckpoint, sign_checkpoint
from tests.conftest import NOW
from tests.factories import ledgers, settling


def confirmation(session, agreement):
    return dict(open_document(session, session.get_one(Document, agreement.document_id))["confirmation"])


def test_the_newest_checkpoint_is_printed(session):
    dispute = settling.dispute(session)
    ledgers.entered(session, dispute.merchant.id, [ledgers.complaint()])
    checkpoint = sign_checkpoint(session, SYSTEM, SignCheckpoint(dispute.merchant.id), now=NOW)
    printed = confirmation(session, settling.agreed(session, dispute))["乙方台账检查点"]
    assert checkpoint.root.hex() in printed
    assert f"共 {checkpoint.size} 笔" in printed


def test_nothing_is_printed_before_the_first_checkpoint(session):
    dispute = settling.dispute(session)
    assert "乙方台账检查点" not in confirmation(session, settling.agreed(session, dispute))
