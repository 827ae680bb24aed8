"""Files that no row knows: what processes left that were killed between writing a file and committing its row."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import JSON, ColumnElement, Enum, String, cast, or_, select

from portal.core import files
from portal.duties import DutyReport
from portal.runtime import Runtime
from portal.schema import METADATA

PATIENCE = timedelta(days=1)  # no transaction lives so long; real time, also in a rehearsal whose clock was moved


def sweep_files(runtime: Runtime) -> DutyReport:
    """Look at each new file of yesterday and before: one that a row names gets its name, any other is deleted.

    Only a crash leaves such files, so there are few, and every text of every table can be asked: a capability that
    keeps an address in a column of its own has nothing to announce.
    """
    store = runtime.config.files_url
    before = datetime.now(UTC) - PATIENCE
    found = list(files.unsettled_before(store, before))
    for address in found:
        (files.settle if _is_known(runtime, address) else files.discard)(store, address)
    return DutyReport(len(found))


def _is_known(runtime: Runtime, address: str) -> bool:
    with runtime.reading() as session:
        for table in METADATA.sorted_tables:
            naming = [condition for column in table.columns if (condition := _names(column, address)) is not None]
            if naming and session.execute(select(1).select_from(table).where(or_(*naming)).limit(1)).first():
                return True
    return False


def _names(column: ColumnElement[object], address: str) -> ColumnElement[bool] | None:
    """Whether a column of words or of JSON names the address; None for a column that cannot."""
    if isinstance(column.type, JSON):
        return cast(column, String).contains(address)
    if isinstance(column.type, String) and not isinstance(column.type, Enum):
        return column == address
    return None
