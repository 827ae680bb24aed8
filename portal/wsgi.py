"""What a web worker serves: the application, built from the environment; other WSGI servers may use it too."""

import gc
import multiprocessing
import signal

from flask import Flask

from portal import embedded, terminal
from portal.app import create_app
from portal.logs import start_logging
from portal.runtime import make_runtime

OBJECTS_A_ROUND = (
    20_000  # of the garbage collector's youngest; a page makes some thousands and drops nearly all at once
)


def application() -> Flask:
    """Build the application of one web worker, which ends with the process that started it."""
    parent = multiprocessing.parent_process()  # None under a server that starts its workers otherwise
    embedded.end_with_parent(signal.SIGTERM, parent.pid if parent else None)
    start_logging()
    app = create_app(make_runtime(terminal.find_installation()))
    gc.freeze()  # what the application is made of stays: no round of the collector need look at it
    gc.set_threshold(OBJECTS_A_ROUND, *gc.get_threshold()[1:])
    return app
