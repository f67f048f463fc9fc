"""Every test that docs/field.md and docs/security.md name is there."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = "".join((ROOT / "docs" / page).read_text("utf-8") for page in ("field.md", "security.md"))
NAMED = sorted(set(re.findall(r"`(tests/[^`\s]+)`", PAGES)))


def test_the_pages_name_tests() -> None:
    assert len(NAMED) > 50


@pytest.mark.parametrize("named", NAMED)
def test_it_is_there(named: str) -> None:
    file, _, function = named.partition("::")
    text = (ROOT / file).read_text(encoding="utf-8")
    assert not function or re.search(rf"^(async )?def {function}\(", text, re.MULTILINE)
