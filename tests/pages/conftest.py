"""Pages run on one database each, half of them on either; the sweep of routes opens every page on both."""

from zlib import crc32

import pytest


@pytest.fixture
def database(request: pytest.FixtureRequest) -> str:
    """The database of this page's test, told by its name and so the same in every run."""
    return ("sqlite", "postgresql")[crc32(request.node.nodeid.encode()) % 2]
