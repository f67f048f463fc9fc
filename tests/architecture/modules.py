"""The modules of the package, each parsed once for all tests that look into them."""

import ast
from functools import cache
from pathlib import Path

import compartment_tui

PACKAGE = Path(compartment_tui.__file__).parent
MODULES = sorted(PACKAGE.rglob("*.py"))


def name(module: Path) -> str:
    return str(module.relative_to(PACKAGE))


@cache
def tree_of(module: Path) -> ast.Module:
    return ast.parse(module.read_text(encoding="utf-8"))
