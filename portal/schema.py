"""Every table of the house, imported once: for migrations, checks and tests."""

from portal.accounts import models as accounts
from portal.cases import models as cases
from portal.clocks import models as clocks
from portal.commitments import feedback_models as commitment_feedback
from portal.commitments import listing_models as commitment_listings
from portal.commitments import models as commitments
from portal.commitments import run_models as commitment_runs
from portal.core import access, duties, facts, installation, privacy
from portal.core.db import Model
from portal.documents import models as documents
from portal.enrolment import application_models as enrolment_applications
from portal.enrolment import models as enrolment
from portal.indicators import models as indicators
from portal.intake import green_models as greens
from portal.intake import models as intake
from portal.ledgers import entry_models as ledger_entries
from portal.ledgers import models as ledgers
from portal.ledgers import page_models as ledger_pages
from portal.mediation import models as mediation
from portal.notifications import models as notifications
from portal.practice import models as practice
from portal.recalls import models as recalls
from portal.retention import models as retention
from portal.returns import models as returns
from portal.settlements import models as settlements
from portal.supervision import models as supervision
from portal.supervision import sanction_models as sanctions
from portal.supervision import visit_models as visits
from portal.training import models as training

MODULES = (
    access,
    accounts,
    cases,
    clocks,
    commitment_feedback,
    commitment_listings,
    commitment_runs,
    commitments,
    documents,
    duties,
    enrolment,
    enrolment_applications,
    facts,
    greens,
    indicators,
    installation,
    intake,
    ledger_entries,
    ledger_pages,
    ledgers,
    mediation,
    notifications,
    practice,
    privacy,
    recalls,
    retention,
    returns,
    sanctions,
    settlements,
    supervision,
    visits,
    training,
)
METADATA = Model.metadata

APPEND_ONLY = (  # triggers refuse UPDATE and DELETE
    "fact",
    "access_record",
    "case_note",
    "filing_consent",
    "ledger_checkpoint",
    "ledger_entry",
    "ledger_node",
    "ledger_read_release",
    "sanction_note",
    "settlement_sending_limits",
)
SEARCH_TABLES = (
    "case_search",
    "tip_search",
    "ledger_search",
    "promise_search",
)  # made by the migration, unlike on the two databases
