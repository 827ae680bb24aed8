"""What takes long begins first, so that no worker is left alone with it while the others have nothing to do."""

from pathlib import Path

import pytest

TESTS = Path(__file__).parent
LONGEST = (  # modules of ten seconds and more, the longest first
    "faults/test_storm.py",
    "journeys/test_run.py",
    "journeys/test_whole_story.py",
    "sweeps/test_cli.py",
    "sweeps/test_routes.py",
    "faults/test_schedule.py",
    "journeys/test_ledger_journey.py",
    "actions/test_demo.py",
    "actions/test_rehearsal.py",
    "actions/test_bench.py",
    "pages/test_ui_script.py",
    "faults/test_sending.py",
    "faults/test_import_resume.py",
    "journeys/test_demo_run.py",
    "journeys/test_consumer_journey.py",
    "actions/indicators/test_rollups.py",
)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Move the long modules to the front; the others stay in the order they came in, which is random."""
    places = {TESTS / name: place for place, name in enumerate(LONGEST)}
    if gone := [path.name for path in places if not path.is_file()]:
        msg = f"LONGEST in tests/order.py names modules that are gone: {', '.join(gone)}"
        raise pytest.UsageError(msg)
    items.sort(key=lambda item: places.get(item.path, len(places)))
