"""What a web worker serves: the application, built from the environment; other WSGI servers may use it too."""

import multiprocessing
import signal

from flask import Flask

from portal import embedded, terminal
from portal.app import create_app
from portal.logs import start_logging
from portal.runtime import make_runtime


def application() -> Flask:
    """Build the application of one web worker, which ends with the process that started it."""
    parent = multiprocessing.parent_process()  # None under a server that starts its workers otherwise
    embedded.end_with_parent(signal.SIGTERM, parent.pid if parent else None)
    start_logging()
    return create_app(make_runtime(terminal.find_installation()))
