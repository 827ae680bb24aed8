"""Anyone may search the list of promises, take it away as a file, and read what is in it."""

from collections.abc import Iterator

from flask import Blueprint, Response, request, send_file
from flask.typing import ResponseReturnValue

from portal import web
from portal.clocks.rules import SHANGHAI, local_day
from portal.commitments import open_files
from portal.commitments.directory import DirectoryFilter, facets
from portal.commitments.directory_page import directory_page
from portal.extensions import limiter
from portal.runtime import Runtime

bp = Blueprint("commitments_public", __name__)

SEARCHES = "60 per minute"  # our limit, by address
FILES = "6 per minute"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@bp.get("/commitments")
@limiter.limit(SEARCHES)
def directory() -> ResponseReturnValue:
    """Search the shops whose promise of returns holds today."""
    return web.page(
        "commitments/public_directory.html", **directory_page(web.database(), request.args, local_day(web.now()))
    )


@bp.get("/commitments/data.csv")
@limiter.limit(FILES)
def download_csv() -> ResponseReturnValue:
    """Give the whole list as CSV, written while it is read."""
    headers = {"Content-Disposition": "attachment; filename=commitments.csv"}
    return Response(_streamed(web.runtime()), mimetype="text/csv", headers=headers)


@bp.get("/commitments/data.xlsx")
@limiter.limit(FILES)
def download_xlsx() -> ResponseReturnValue:
    """Give the first lines of the list as a workbook."""
    content = open_files.workbook(web.database())
    return send_file(content, XLSX, as_attachment=True, download_name="commitments.xlsx")


@bp.get("/open-data")
def open_data() -> ResponseReturnValue:
    """Name the files, their columns and when they change."""
    return web.page(
        "commitments/public_open_data.html",
        columns=open_files.COLUMNS,
        cap=open_files.XLSX_CAP,
        total=facets(web.database(), DirectoryFilter()).total,
        licence=web.runtime().config.data_licence,
        now=web.now().astimezone(SHANGHAI),
    )


def _streamed(house: Runtime) -> Iterator[bytes]:
    with house.reading() as session:
        yield from open_files.csv_lines(session)
