"""A full disk, as the operating system, SQLite and PostgreSQL tell it: one refusal for all of them."""

import errno

from sqlalchemy.exc import DBAPIError

from portal.core.errors import NoRoom

FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
SQLITE_FULL = 13
SQLITE_UNWRITABLE = frozenset({778, 1034, 1290, 1546, 4874, 5386})  # IOERR_WRITE, FSYNC, DIR_FSYNC, TRUNCATE, SHM…
POSTGRESQL_FULL = "53100"  # disk_full
NO_ROOM = "服务器的存储空间不足，这一步没有保存，原有的内容没有变。请联系系统管理员腾出磁盘空间，然后再做一次。"


def is_full(problem: BaseException) -> bool:
    """Say whether an error means that nothing more can be written."""
    if isinstance(problem, DBAPIError):
        code = getattr(problem.orig, "sqlite_errorcode", None)
        full = code == SQLITE_FULL or code in SQLITE_UNWRITABLE
        return full or getattr(problem.orig, "sqlstate", None) == POSTGRESQL_FULL
    return isinstance(problem, OSError) and problem.errno in FULL


def no_room() -> NoRoom:
    """The refusal for a full disk."""
    return NoRoom(NO_ROOM)
