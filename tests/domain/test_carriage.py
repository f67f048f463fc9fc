"""Sizes of images, as the docker command counts them."""

import pytest

from compartment_tui.domain.carriage import Carriage, amount


@pytest.mark.parametrize(
    ("done", "total", "words"),
    [
        (43_400_000, 118_175_033, "43 of 118 MB"),
        (1_900, 18_432, "2 of 18 kB"),
        (0, 1_000, "0 of 1 kB"),
        (312, 480, "312 of 480 bytes"),
    ],
)
def test_how_far_it_is_in_one_unit(done: int, total: int, words: str) -> None:
    assert Carriage(done=done, total=total).words == words
    assert words.endswith(f"of {amount(total)}")
