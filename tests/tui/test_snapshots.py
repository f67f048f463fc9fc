"""The pictures of the application are as somebody last looked at them and found them good.

After a wanted change: `pytest tests/tui/test_snapshots.py --snapshot-update`, then look at them.
"""

from collections.abc import Callable, Iterator

import pytest

from tests.tui.pictures import Scenario, same_everywhere, scene
from tests.tui.scenarios import SCENARIOS

COMES_WHEN_IT_COMES = "palette"
"""Its hits arrive one by one while it searches: a picture of it is not the same twice."""


@pytest.fixture(autouse=True)
def _everywhere() -> Iterator[None]:
    with same_everywhere():
        yield


@pytest.mark.parametrize(
    "scenario",
    [one for one in SCENARIOS if one.name != COMES_WHEN_IT_COMES],
    ids=lambda one: str(one.name),
)
def test_the_picture_is_the_same(scenario: Scenario, snap_compare: Callable[..., bool]) -> None:
    taken = scene(scenario)
    assert snap_compare(taken.app, terminal_size=scenario.size, run_before=taken.run_before)
