"""Whether the `[[routes]]` of a project file lead from service to service, and are ever asked."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from compartment_tui.adapters.project_file.read_tables import Item, Problem, header
from compartment_tui.adapters.project_file.schema_rules import TRANSFORMS
from compartment_tui.adapters.project_file.value_types import (
    LONGEST_PATH,
    METHODS_OF_HTTP,
    PATH_CHARACTERS,
)
from compartment_tui.domain.config import Kind
from compartment_tui.domain.names import show
from compartment_tui.domain.public_side import Rule
from compartment_tui.domain.suggestion import nearest

Tables = Mapping[str, Any]

NEEDED = ("on", "path", "to")
_PATH_RULE = "use letters, digits and any of - . _ ~ ! & ( ) + , ; = : @"


def route_rules(tables: Tables) -> Iterator[Problem]:
    """What is wrong with the rules, in the order of the file."""
    before: list[Rule] = []
    for index, table in enumerate(tables.get("routes", ())):
        at = ("routes", Item(index))
        problems = tuple(_rule_problems(at, table, tables.get("services", {})))
        yield from problems
        if not problems:
            rule = rule_of(table)
            yield from _hidden(at, rule, before)
            before.append(rule)


def rule_of(table: Tables) -> Rule:
    """The rule that a table is."""
    return Rule(
        on=table["on"],
        path=table["path"],
        to=table["to"],
        methods=table.get("methods", ()),
        strip=table.get("strip_prefix", ""),
        replace=table.get("replace_prefix", ""),
        rewrite=table.get("rewrite", ""),
    )


def _rule_problems(at: tuple[str, ...], table: Tables, services: Tables) -> Iterator[Problem]:
    missing = [key for key in NEEDED if key not in table]
    if missing:
        example = 'on = "web", path = "/api/*", to = "api"'
        message = f"{header(at)} needs {' and '.join(f'`{key}`' for key in missing)}"
        yield Problem(path=at, message=message, hint=f"write it as: {example}")
        return
    for key in ("on", "to"):
        yield from _service_problems((*at, key), table[key], services)
    if fault := path_fault(table["path"], below=True):
        yield _problem((*at, "path"), table["path"], fault)
        return
    yield from _method_problems(at, table.get("methods"))
    yield from _transform_problems(at, table)


def _problem(at: tuple[str, ...], value: str, fault: tuple[str, str]) -> Problem:
    message = f"`{at[-1]}` of {header(at[:-1])} {fault[0].format(show(value))}"
    return Problem(path=at, message=message, hint=fault[1])


def _service_problems(at: tuple[str, ...], name: str, services: Tables) -> Iterator[Problem]:
    routed = [
        known
        for known, one in services.items()
        if isinstance(one, str) or one.get("kind") is not Kind.WORKER
    ]
    if name in routed:
        return
    hint = f"services with a host: {', '.join(routed) or 'none'}"
    if name in services:
        yield _problem(at, name, ("names {}, a worker, which answers nobody", hint))
    else:
        near = nearest(name, routed)
        yield _problem(at, name, (f"names {{}}, which is no service of this project{near}", hint))


def path_fault(path: str, *, below: bool) -> tuple[str, str] | None:
    """Why it is no path of a rule, `{}` for it, and the way on; None when it is one.

    With `below` it may end with `/*`.
    """
    if not path.startswith("/"):
        return "is {}, which does not begin with /", f"write {show('/' + path)}"
    plain = path.removesuffix("/*") if below else path
    return _character_fault(plain, below=below) or _segment_fault(path)


def _character_fault(path: str, *, below: bool) -> tuple[str, str] | None:
    if "*" in path:
        more = "`/*` stands at its end, for that path and all below" if below else "leave it away"
        return "is {}, with a * where none can stand", more
    if "%" in path:
        return "is {}, and rules compare decoded paths", "write it without % and what follows"
    if re.search(r"[?#]", path):
        return "is {}, which is more than a path", "what follows ? is passed on anyway"
    if not re.fullmatch(PATH_CHARACTERS, path):
        return "is {}, which no rule can have", _PATH_RULE
    return None


def _segment_fault(path: str) -> tuple[str, str] | None:
    if "//" in path:
        return "is {}, with two / in a row", "leave one away"
    if {".", ".."} & set(path.split("/")):
        return "is {}, which leads through . or ..", "write where it leads"
    if len(path) > LONGEST_PATH:
        return f"has {len(path)} characters", f"a path has {LONGEST_PATH} at most"
    return None


def _method_problems(at: tuple[str, ...], methods: Sequence[str] | None) -> Iterator[Problem]:
    if methods is None:
        return
    here = (*at, "methods")
    if not methods:
        message = f"`methods` of {header(at)} is empty"
        yield Problem(path=here, message=message, hint="leave it away for all methods")
    for index, method in enumerate(methods):
        where = (*here, Item(index))
        if method not in METHODS_OF_HTTP:
            near = nearest(method, METHODS_OF_HTTP)
            message = f"{show(method)} in `methods` of {header(at)} is no method{near}"
            yield Problem(
                path=where, message=message, hint=f"methods: {', '.join(METHODS_OF_HTTP)}"
            )
        elif method in methods[:index]:
            message = f"{method} stands twice in `methods` of {header(at)}"
            yield Problem(path=where, message=message, hint="keep one")


def _transform_problems(at: tuple[str, ...], table: Tables) -> Iterator[Problem]:
    given = [key for key in TRANSFORMS if key in table]
    if len(given) > 1:
        message = f"{header(at)} has both `{given[0]}` and `{given[1]}`"
        yield Problem(path=(*at, given[1]), message=message, hint="keep one")
        return
    for key in given:
        here, value = (*at, key), table[key]
        fault = path_fault(value, below=False) or _transform_fault(key, value, table["path"])
        if fault:
            yield _problem(here, value, fault)


def _transform_fault(key: str, value: str, path: str) -> tuple[str, str] | None:
    if key == "rewrite":
        return None
    if not path.endswith("/*"):
        way = 'end `path` with "/*", or use `rewrite`'
        return f"needs a prefix, and the path {show(path)} is none", way
    prefix = path.removesuffix("/*")
    if key == "strip_prefix":
        if not prefix:
            return "has nothing to take away: the path is “/*”", "leave it away"
        right = f'write it as: strip_prefix = "{prefix}"'
        return None if value == prefix else (f"is {{}}, but the path's is {show(prefix)}", right)
    if value == "/":
        return "is “/”, which is no prefix", "`strip_prefix` takes the path's away"
    return ("is {}, with a / at its end", "leave that away") if value.endswith("/") else None


def _hidden(at: tuple[str, ...], rule: Rule, before: Sequence[Rule]) -> Iterator[Problem]:
    """Earlier rules win: what they take all of is never asked."""
    earlier = [one for one in before if one.on == rule.on and _covers(one, rule)]
    whole = next((one for one in earlier if not one.methods), None)
    taken = {method for one in earlier for method in one.methods}
    if whole is None and not (rule.methods and taken.issuperset(rule.methods)):
        return
    first = whole or earlier[0]
    yield Problem(
        path=at,
        message=f"{header(at)} {_words(rule)} is never asked: {_words(first)} comes first",
        hint="the first that fits wins: put the narrower one first, or leave one away",
    )


def _covers(first: Rule, second: Rule) -> bool:
    """Whether every path of the second is one of the first."""
    if first.prefix is None:
        return first.path == second.path
    inner = second.path if second.prefix is None else second.prefix
    return inner == first.prefix or inner.startswith(f"{first.prefix}/")


def _words(rule: Rule) -> str:
    methods = f" for {', '.join(rule.methods)}" if rule.methods else ""
    return f"{rule.path} on {rule.on}{methods}"
