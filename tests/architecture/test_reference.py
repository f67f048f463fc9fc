"""The pages of docs/reference say what the program says today."""

from pathlib import Path

import pytest

from tests.reference import PAGES
from tests.tui.pictures import same_everywhere

REFERENCE = Path(__file__).parents[2] / "docs" / "reference"


@pytest.mark.parametrize("name", PAGES)
def test_the_page_is_current(name: str) -> None:
    with same_everywhere():
        page = PAGES[name]()
    written = (REFERENCE / name).read_text(encoding="utf-8")
    assert written == page, f"docs/reference/{name} is not what the program says: run `make docs`"
