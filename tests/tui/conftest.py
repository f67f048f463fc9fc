"""For one application after the other: style sheets parsed once, and waits that end in time."""

from typing import Any

import pytest
from textual.css.model import RuleSet
from textual.css.stylesheet import Stylesheet

from tests.tui.idle import use_for_pilots


@pytest.fixture(autouse=True, scope="session")
def _waits_end_when_all_is_done() -> None:
    use_for_pilots()


@pytest.fixture(autouse=True, scope="session")
def _styles_parsed_once() -> None:
    """The toolkit shares what it parsed in the same way, but within one application and theme."""
    parse = Stylesheet._parse_rules
    parsed: dict[object, list[RuleSet]] = {}

    def parse_once(sheet: Stylesheet, *source: Any, **options: Any) -> list[RuleSet]:  # noqa: ANN401
        key = (tuple(sheet._variables.items()), source, tuple(options.items()))
        if key not in parsed:
            parsed[key] = parse(sheet, *source, **options)
        return parsed[key]

    Stylesheet._parse_rules = parse_once  # type: ignore[method-assign, assignment]
