"""What is done with a ledger's entries, each safe to be sent twice; the log itself is appended to by `log`.

Fact (subject: the ledger): LEDGER_ENTERED, with the places of the first and the last new entry.
"""

from portal.ledgers.amending import AmendEntry as AmendEntry
from portal.ledgers.amending import RowRefused as RowRefused
from portal.ledgers.amending import amend_entry as amend_entry
from portal.ledgers.batches import RowResult as RowResult
from portal.ledgers.batches import TypedRow as TypedRow
from portal.ledgers.entering import EnterComplaints as EnterComplaints
from portal.ledgers.entering import EnterReturns as EnterReturns
from portal.ledgers.entering import enter_complaint as enter_complaint
from portal.ledgers.entering import enter_complaints as enter_complaints
from portal.ledgers.entering import enter_returns as enter_returns
from portal.ledgers.importing import StartSheet as StartSheet
from portal.ledgers.importing import TakeCorrections as TakeCorrections
from portal.ledgers.importing import start_sheet as start_sheet
from portal.ledgers.importing import take_corrections as take_corrections
