"""Is the shape still the shape? (Who may import whom is checked by import-linter.)"""

import ast
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.architecture.modules import MODULES, PACKAGE, name, tree_of

FUNCTION_BUDGET = 50
MAY_REVEAL = "adapters"
SHOWS_PLAIN = ("domain/variable.py", "shown")
"""The one other place, and all it does: a plain value is no secret, and it knows which is plain."""


def functions(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def length(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    return (function.end_lineno or function.lineno) - function.lineno + 1


def reveals(tree: ast.AST) -> list[int]:
    """Lines that reach for a secret's value, called or not, or around its method."""
    return sorted(
        node.lineno
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and node.attr in ("reveal", "_value")
        and not (isinstance(node.value, ast.Name) and node.value.id in ("self", "other"))
    )


@pytest.mark.parametrize("module", MODULES, ids=name)
def test_a_function_does_one_thing(module: Path) -> None:
    tree = tree_of(module)
    long = {one.name: length(one) for one in functions(tree) if length(one) > FUNCTION_BUDGET}
    assert not long


@pytest.mark.parametrize("module", MODULES, ids=name)
def test_only_adapters_reveal_secrets(module: Path) -> None:
    if module.relative_to(PACKAGE).parts[0] == MAY_REVEAL:
        return
    tree = tree_of(module)
    excused = [
        line
        for one in functions(tree)
        if (name(module), one.name) == SHOWS_PLAIN
        for line in reveals(one)
    ]
    assert len(excused) <= 1
    assert reveals(tree) == excused


def test_the_search_for_revealers_finds_them() -> None:
    found = reveals(ast.parse("a.reveal()\nmap(Secret.reveal, b)\nc._value\nself._value\n"))
    assert found == [1, 2, 3]
    assert any(
        reveals(tree_of(module))
        for module in MODULES
        if module.relative_to(PACKAGE).parts[0] == MAY_REVEAL
    )


def loaded_by(module: str) -> set[str]:
    """The top-level packages in memory after importing a module in a fresh process."""
    program = f"import sys, {module}; print(*{{m.partition('.')[0] for m in sys.modules}})"
    run = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60
    )
    return set(run.stdout.split())


HEAVY = {"bcrypt", "cryptography", "docker", "dotenv", "pyrage", "requests", "textual", "urllib3"}


@pytest.mark.parametrize("entrance", ["compartment_tui.cli.app", "compartment_tui.__main__"])
def test_the_command_line_starts_light(entrance: str) -> None:
    assert find_spec(entrance) is not None
    assert not loaded_by(entrance) & HEAVY


def test_every_view_model_is_held_to_know_no_terminal_toolkit() -> None:
    file = PACKAGE.parent / "pyproject.toml"
    contracts = tomllib.loads(file.read_text(encoding="utf-8"))["tool"]["importlinter"]["contracts"]
    held = next(one["source_modules"] for one in contracts if one["name"].startswith("View-models"))
    models = {
        ".".join(module.relative_to(PACKAGE.parent).with_suffix("").parts)
        for module in MODULES
        if module.stem.endswith("_model")
    }
    assert models
    assert models <= set(held)
