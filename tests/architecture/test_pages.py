"""What the pages point to is there, and the pictures they show are light."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = sorted(
    page.relative_to(ROOT).as_posix()
    for folder in (ROOT, ROOT / "docs", ROOT / "docs" / "guides", ROOT / "docs" / "reference")
    for page in folder.glob("*.md")
)
LINK = re.compile(r"\]\(([^)\s]+)\)")
PICTURES_LIMIT = 1_500_000


def slug(heading: str) -> str:
    return re.sub(r"[^\w -]", "", heading.strip().lower()).replace(" ", "-")


@pytest.mark.parametrize("page", PAGES)
def test_its_links_lead_somewhere(page: str) -> None:
    file = ROOT / page
    for link in LINK.findall(file.read_text(encoding="utf-8")):
        if "://" in link:
            continue
        path, _, anchor = link.partition("#")
        target = (file.parent / path).resolve() if path else file
        assert target.exists(), f"{page} points to {link}"
        if anchor:
            headings = re.findall(r"^#+ (.+)$", target.read_text(encoding="utf-8"), re.MULTILINE)
            assert anchor in map(slug, headings), f"{page} points to {link}"


def test_where_to_add_something_names_files_that_are_there() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    table = text.partition("## Where do I add")[2].partition("\n## ")[0]
    named = set(re.findall(r"`([\w/]+/(?:\w+\.py)?)`", table.partition("| --- |")[2]))
    assert len(named) > 20
    roots = (ROOT / "compartment_tui", ROOT / "tests")
    missing = {name for name in named if not any((root / name).exists() for root in roots)}
    assert not missing


def test_the_pictures_are_light() -> None:
    text = "".join((ROOT / page).read_text(encoding="utf-8") for page in PAGES)
    shown = set(re.findall(r"screenshots/([\w-]+\.png)", text))
    assert shown
    assert sum((ROOT / "screenshots" / name).stat().st_size for name in shown) < PICTURES_LIMIT
