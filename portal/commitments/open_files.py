"""The public list as files: every column documented, no personal data; CSV in portions, XLSX up to a cap."""

import csv
import io
from collections.abc import Iterator
from typing import IO

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.classification.rules import CLASS_NAMES
from portal.commitments.listing_models import PromiseListing
from portal.commitments.rules import FREIGHT_NAMES, WAY_NAMES
from portal.core.sheets import write_sheet

AT_ONCE = 2000  # lines read and written together
XLSX_CAP = 20_000  # lines of one workbook, our limit
COLUMNS = (  # heading, what stands in it
    ("注册名称", "经营者营业执照上的名称"),
    ("统一社会信用代码", "18 位"),
    ("店铺名称", "门店或网店名称"),
    ("购买方式", "门店购买或网上购买"),
    ("平台", "网店所在平台；门店为空"),
    ("链接", "网店链接；门店为空"),
    ("市", "所在市；网店为空"),
    ("区县", "所在区县；网店为“网上店铺”"),
    ("详细地址", "门店地址；网店为空"),
    ("地区代码", "六位行政区划代码；没有登记的为本平台自编"),
    ("类别明细", "本平台 24 类，以顿号分隔"),
    ("适用商品", "承诺适用的商品"),
    ("不适用商品", "承诺不适用的商品"),
    ("退货期限（天）", "自然天；一家店有多个期限时取最短的"),
    ("运费", "消费者付、商家付或到店免费"),
    ("连续承诺起", "年-月-日"),
    ("有效止", "年-月-日；没有期限的为空"),
    ("加入名录", "年-月-日，本行写入名录的日期"),
    ("入驻和解企业", "是或否"),
    ("商家页面", "本平台上的地址，以 /m/ 开头"),
)


def csv_lines(session: Session) -> Iterator[bytes]:
    """The whole list as CSV (UTF-8 with a mark, as spreadsheets want it), a portion at a time in the order of its keys."""
    yield b"\xef\xbb\xbf" + _written([[heading for heading, _meaning in COLUMNS]])
    last = 0
    while rows := _portion(session, last, AT_ONCE):
        yield _written([cells(row) for row in rows])
        last = rows[-1].id
        session.expunge_all()


def workbook(session: Session) -> IO[bytes]:
    """The first `XLSX_CAP` lines as a workbook."""
    headings = [heading for heading, _meaning in COLUMNS]
    return write_sheet("无理由退货承诺名录", headings, (cells(row) for row in _portion(session, 0, XLSX_CAP)))


def cells(row: PromiseListing) -> list[str]:
    """A line of the file, in the order of COLUMNS; all text."""
    return [
        row.registered,
        row.code,
        row.shop,
        WAY_NAMES[row.way],
        row.platform,
        row.url,
        row.city,
        row.district,
        row.address,
        row.area,
        "、".join(CLASS_NAMES.get(one, one) for one in row.classes.split()),
        row.goods,
        row.excluded,
        str(row.days),
        FREIGHT_NAMES[row.freight],
        row.since_on.isoformat() if row.since_on else "",
        row.expires_on.isoformat() if row.expires_on else "",
        row.listed_on.isoformat(),
        "是" if row.enrolled else "否",
        f"/m/{row.slug}",
    ]


def _portion(session: Session, after: int, size: int) -> list[PromiseListing]:
    query = select(PromiseListing).where(PromiseListing.id > after).order_by(PromiseListing.id).limit(size)
    return list(session.scalars(query))


def _written(rows: list[list[str]]) -> bytes:
    out = io.StringIO()
    csv.writer(out, lineterminator="\r\n").writerows([[_plain(cell) for cell in row] for row in rows])
    return out.getvalue().encode()


def _plain(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula (CWE-1236)."""
    return f"'{cell}" if cell[:1] in ("=", "+", "-", "@", "\t", "\r") else cell
