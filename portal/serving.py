"""The web processes: granian with a few workers, each of which builds the application (`portal.wsgi`)."""

import os
import socket

from granian import Granian
from granian.constants import Interfaces
from granian.log import LogLevels

from portal.embedded import CannotStart
from portal.logs import GRANIAN

WORKERS = 2
BLOCKING_THREADS = 2  # of each worker; more only wait for SQLite's writer or for the interpreter
SECONDS_TO_FINISH = 8  # for the requests that are under way when told to stop


def serve(host: str, port: int, workers: int = WORKERS) -> None:
    """Serve until told to stop (SIGTERM, SIGINT). Raises CannotStart where the port is taken."""
    refuse_taken_port(host, port)
    Granian(
        "portal.wsgi:application",
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        factory=True,
        workers=workers,
        blocking_threads=BLOCKING_THREADS,
        respawn_failed_workers=True,
        workers_kill_timeout=SECONDS_TO_FINISH,
        websockets=False,
        log_level=LogLevels.warning,
        log_dictconfig=GRANIAN,
    ).serve()


def refuse_taken_port(host: str, port: int) -> None:
    """Raise CannotStart, in one sentence, where this address cannot be listened at."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as attempt:
        attempt.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            attempt.bind((host, port))
            attempt.listen(1)
        except (OSError, OverflowError) as problem:
            reason = os.strerror(problem.errno) if isinstance(problem, OSError) and problem.errno else str(problem)
            raise CannotStart(
                f"无法在 {host}:{port} 上提供服务（{reason}）：端口可能已被占用，请用 --port 换一个，或先停止占用它的程序。"
            ) from None
