"""The application as sweeps look at it: built, but never asked for a page."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from portal.app import create_app
from portal.core.db import make_engine
from portal.runtime import Runtime
from tests.conftest import FixedClock, config_for


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """The application without a database."""
    engine = make_engine("sqlite://")
    config = config_for("sqlite://", Path(tmp_path_factory.mktemp("built")))
    yield create_app(Runtime(config=config, engine=engine, clock=FixedClock()))  # type: ignore[arg-type]
    engine.dispose()
