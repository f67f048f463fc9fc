"""The naming rule of CONTRIBUTING.md, as far as a program can check it."""

import ast
import re
from collections import defaultdict
from pathlib import Path

import pytest

from tests.architecture.modules import MODULES, name, tree_of

REFUSED = re.compile(
    "again|apart|around|aside|away|beside|beyond|elsewhere|found|given|gone|ground|here|hold|left"
    "|look|made|misc|near|others?|rest|said|seen|stuff|taken|there|things|together|unchanged|utils?"
)
"""Adverbs, participles, moods, and words for anything: none of them says what is in a module."""
NOUNS = frozenset(("planning", "string"))
"""Of the field, though they end like a gerund."""
DOCSTRING_LINES = 2
"""Before the first blank line."""


def words(module: Path) -> list[str]:
    """The words in the names of a module and of the package it lies in."""
    return [word for part in (module.parent.name, module.stem) for word in part.split("_") if word]


def refused(word: str) -> bool:
    return bool(REFUSED.fullmatch(word)) or (word.endswith("ing") and word not in NOUNS)


def test_a_public_class_name_is_defined_once() -> None:
    homes: defaultdict[str, list[str]] = defaultdict(list)
    for module in MODULES:
        for node in tree_of(module).body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                homes[node.name].append(name(module))
    assert {found: places for found, places in homes.items() if len(places) > 1} == {}


@pytest.mark.parametrize("module", MODULES, ids=name)
def test_a_module_is_called_by_a_noun(module: Path) -> None:
    assert [word for word in words(module) if refused(word)] == []


@pytest.mark.parametrize("module", MODULES, ids=name)
def test_a_module_says_in_a_sentence_what_it_is(module: Path) -> None:
    text = ast.get_docstring(tree_of(module)) or ""
    assert len(text.partition("\n\n")[0].splitlines()) <= DOCSTRING_LINES


def test_the_refused_words_are_refused() -> None:
    assert refused("handling")
    assert refused("around")
    assert not refused("planning")
