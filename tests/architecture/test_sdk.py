"""The SDK is loaded whole: threads that load parts of it at once find them half made."""

import ast
from pathlib import Path

import pytest

ADAPTER = Path(__file__).parents[2] / "compartment_tui" / "adapters" / "docker"


def functions(module: Path) -> list[ast.FunctionDef]:
    tree = ast.parse(module.read_text(encoding="utf-8"))
    return [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]


def names_sdk(node: ast.AST) -> bool:
    return isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] == "docker"


def loads_sdk(node: ast.AST) -> bool:
    is_call = isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)
    return is_call and ast.unparse(node) == "load_sdk()"


@pytest.mark.parametrize("module", sorted(ADAPTER.glob("*.py")), ids=lambda path: path.name)
def test_a_function_that_names_the_sdk_loads_it_first(module: Path) -> None:
    for function in functions(module):
        places = [place for place, node in enumerate(function.body) if names_sdk(node)]
        if places:
            assert any(map(loads_sdk, function.body[: places[0]])), function.name
