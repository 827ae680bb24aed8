"""Every table of the house, imported once: for migrations, checks and tests."""

from portal.accounts import models as accounts
from portal.cases import models as cases
from portal.clocks import models as clocks
from portal.commitments import models as commitments
from portal.core import access, duties, facts, installation, privacy
from portal.core.db import Model
from portal.documents import models as documents
from portal.enrolment import models as enrolment
from portal.indicators import models as indicators
from portal.intake import models as intake
from portal.ledgers import entry_models as ledger_entries
from portal.ledgers import models as ledgers
from portal.ledgers import page_models as ledger_pages
from portal.mediation import models as mediation
from portal.notifications import models as notifications
from portal.recalls import models as recalls
from portal.retention import models as retention
from portal.settlements import models as settlements
from portal.supervision import models as supervision

MODULES = (
    access,
    accounts,
    cases,
    clocks,
    commitments,
    documents,
    duties,
    enrolment,
    facts,
    indicators,
    installation,
    intake,
    ledger_entries,
    ledger_pages,
    ledgers,
    mediation,
    notifications,
    privacy,
    recalls,
    retention,
    settlements,
    supervision,
)
METADATA = Model.metadata

APPEND_ONLY = (  # triggers refuse UPDATE and DELETE
    "fact",
    "access_record",
    "case_note",
    "ledger_checkpoint",
    "ledger_entry",
    "ledger_node",
    "ledger_read_release",
    "settlement_sending_limits",
)
SEARCH_TABLES = ("case_search", "tip_search", "ledger_search")  # made by the migration, unlike on the two databases
