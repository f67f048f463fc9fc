"""What is said of requests that wait: in the plan, in the result, and when it failed."""

from datetime import timedelta

import pytest

from compartment_tui.domain.wait import Wait, WaitCount
from compartment_tui.present.progress import wait_words


@pytest.mark.parametrize(
    ("count", "words"),
    [
        (WaitCount(requests=41, failed=0), "41 requests waited, at most 2.9s, 0 failed"),
        (WaitCount(requests=1, failed=1), "1 request waited, at most 2.9s, 1 failed"),
        (None, "requests waited at most 2.9s"),
    ],
)
def test_how_many_waited_and_what_came_of_them(count: WaitCount | None, words: str) -> None:
    assert wait_words(Wait(longest=timedelta(seconds=2.9), count=count)) == words
