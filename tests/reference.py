"""The pages of docs/reference, written from the program itself: `make docs`.

Commands come from the command line, keys from the bindings that are live on each screen of the
pretended shop, and compartment.toml from the schema that editors are given.
"""

import asyncio
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import typer
from typer.core import TyperArgument, TyperCommand, TyperGroup, TyperOption

from compartment_tui.bootstrap import file_schema
from compartment_tui.cli.app import build
from compartment_tui.tui.runs.activity_screen import ActivityScreen
from compartment_tui.tui.shell.key_bindings import KeyHint, grouped, live
from tests.tui.idle import use_for_pilots
from tests.tui.pictures import Scenario, Scene, Shot, same_everywhere, scene
from tests.tui.scenarios import MIDDLE
from tests.tui.swarm_shop import open_swarm_shop

NOTE = "<!-- Written by `make docs` from the program; change it there. -->\n"
COMMANDS = """\
`compartment-tui` without a command opens the terminal application; `--demo` opens it on a pretended
shop, `--read-only` so that it changes nothing.
"""
KEYS = """\
Lower case looks, **UPPER CASE** changes, and nothing changes before its plan was seen. In the
application `?` lists the keys that mean something where you are, and `ctrl+p` or `:` finds every
action by its words. A key that means the same on two screens is told for the first.
"""
CONFIGURATION = """\
`*` stands for a name of yours, `[]` for each table of an array, such as `[[routes]]`. Every key is
in its place in [compartment.toml.example](../../compartment.toml.example); `compartment-tui schema`
prints the schema for editors.
"""
SHARED = 8
"""An option that so many commands have, in the same words, is told once."""
PANES: Mapping[str, tuple[tuple[str, ...], str]] = {
    "Logs": (("l",), "connection refused"),
    "Routes": (("u",), "503"),
    "Releases": (("r",), "priya@studio"),
    "Variables of a service": (("i", "left_square_bracket"), "Copy name"),
}
"""Each with the keys that open it, and what can be read there then."""

# --- commands -------------------------------------------------------------------------------------


def commands_page() -> str:
    root = typer.main.get_command(build())
    assert isinstance(root, TyperGroup)
    every = dict(_commands(root, ()))
    options = Counter(
        line for command in every.values() for line in map(_option, _options(command))
    )
    shared = {line: number for line, number in options.items() if number >= SHARED}
    parts = [
        f"# Commands\n\n{NOTE}",
        COMMANDS,
        "## Options of many commands\n",
        _table(("option", "what it does"), shared),
    ]
    parts += [_command(name, command, shared) for name, command in every.items()]
    return "\n".join(parts)


def _commands(group: TyperGroup, before: tuple[str, ...]) -> Iterator[tuple[str, TyperCommand]]:
    context = typer.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if command is None or command.hidden:
            continue
        if isinstance(command, TyperGroup):
            yield from _commands(command, (*before, name))
        elif isinstance(command, TyperCommand):
            yield " ".join((*before, name)), command


def _options(command: TyperCommand) -> list[TyperOption]:
    return [one for one in command.params if isinstance(one, TyperOption) and not one.hidden]


def _arguments(command: TyperCommand) -> list[TyperArgument]:
    return [one for one in command.params if isinstance(one, TyperArgument)]


def _option(option: TyperOption) -> tuple[str, str]:
    names = ", ".join(f"`{name}`" for name in sorted(option.opts, key=len))
    value = "" if option.is_flag else f" {option.metavar or ''}"
    return (names + value).strip(), option.help or ""


def _command(name: str, command: TyperCommand, shared: Iterable[tuple[str, str]]) -> str:
    lines = [_option(option) for option in _options(command)]
    own = [(f"`{one.human_readable_name}`", one.help or "") for one in _arguments(command)]
    own += [line for line in lines if line not in shared]
    also = [names for names, words in lines if (names, words) in shared]
    parts = [f"## {name}\n", (command.help or "").replace("\b", "").strip() + "\n"]
    if own:
        parts.append(_table(("option", "what it does"), own))
    if also:
        parts.append(f"Also: {' · '.join(also)}\n")
    if command.epilog:
        examples = command.epilog.replace("\b", "").replace("Examples:", "").strip("\n")
        code = "\n".join(line.removeprefix("  ") for line in examples.splitlines())
        parts.append(f"```sh\n{code}\n```\n")
    return "\n".join(parts)


# --- keys -----------------------------------------------------------------------------------------


def keys_page() -> str:
    parts = [
        f"# Keys\n\n{NOTE}",
        KEYS,
    ]
    known: set[tuple[str, str]] = set()
    for title, keys in keys_by_screen().items():
        rows = [row for row in map(_row, keys) if row not in known]
        known.update(rows)
        parts.append(f"## {title}\n")
        parts.append(_table(("key", "what it does"), rows))
    return "\n".join(parts)


def keys_by_screen() -> Mapping[str, tuple[KeyHint, ...]]:
    """The keys that mean something on each screen of the shop, in the order of the help."""
    found: dict[str, tuple[KeyHint, ...]] = {}

    async def note(shot: Shot, title: str, *texts: str) -> None:
        await shot.reads(*texts)
        await shot.settle()
        found[title] = grouped(live(shot.app, shot.app.screen, read_only=False))

    async def panes(shot: Shot) -> None:
        await note(shot, "The main screen", "search")
        for title, (keys, text) in PANES.items():
            await shot.press(*keys)
            await note(shot, title, text)

    async def acting(shot: Shot) -> None:
        await shot.in_environment(2, "staging")
        await shot.press("D")
        await note(shot, "A plan", "Deploy  y")
        await shot.press("escape")
        await shot.deploys("web", "billing")
        await note(shot, "A run", "Try again")
        await shot.press("escape", "b")
        await shot.screen(ActivityScreen)
        await note(shot, "Jobs")

    async def editor(shot: Shot) -> None:
        await shot.press("g", "v")
        await shot.reads("web", "CHECKOUT")
        await shot.press("c", "enter")
        await note(shot, "Two environments side by side, in the editor", "beside")
        await shot.press("escape")
        await shot.reads("CHECKOUT")
        await shot.press("e", *"x", "enter")
        await note(shot, "The variable editor", "1 edit staged")

    async def nodes(shot: Shot) -> None:
        await shot.press("c")
        await note(shot, "Nodes, where the environment is on a Swarm", "10.0.0.3")

    for drive in (panes, acting, editor):
        asyncio.run(_run(scene(Scenario(name="keys", size=MIDDLE, drive=drive))))
    on_swarm = Scenario(name="keys", size=MIDDLE, drive=nodes, opens=open_swarm_shop)
    asyncio.run(_run(scene(on_swarm)))
    return found


async def _run(taken: Scene) -> None:
    use_for_pilots()
    async with taken.app.run_test(size=MIDDLE) as pilot:
        await taken.run_before(pilot)


def _row(key: KeyHint) -> tuple[str, str]:
    return " ".join(f"`{cap}`" for cap in key.caps), key.words


# --- compartment.toml -----------------------------------------------------------------------------


def configuration_page() -> str:
    tables: dict[str, list[tuple[str, ...]]] = {}
    for path, value in _values(file_schema(), ()):
        default = value.get("default")
        said = "" if default is None else f"`{_toml(default)}`"
        row = (f"`{'.'.join(path)}`", _kind(value), said, value["description"])
        tables.setdefault(path[0], []).append(row)
    parts = [
        f"# compartment.toml\n\n{NOTE}",
        CONFIGURATION,
    ]
    for name, rows in tables.items():
        parts.append(f"## {name}\n")
        parts.append(_table(("key", "is", "default", "what it says"), rows))
    return "\n".join(parts)


def _values(
    schema: Mapping[str, Any], path: tuple[str, ...]
) -> Iterator[tuple[tuple[str, ...], Mapping[str, Any]]]:
    """Every place that takes a value: what the schema describes."""
    if "description" in schema:
        yield path, schema
        return
    for form in schema.get("anyOf", ()):
        yield from _values(form, path)
    for name, below in schema.get("properties", {}).items():
        yield from _values(below, (*path, name))
    if schema.get("items", {}).get("type") == "object":
        yield from _values(schema["items"], (*path, "[]"))
    others = schema.get("additionalProperties")
    if isinstance(others, Mapping):
        yield from _values(others, (*path, "*"))


def _kind(value: Mapping[str, Any]) -> str:
    if "enum" in value:
        return ", ".join(f"`{one}`" for one in value["enum"])
    if "anyOf" in value:
        return " or ".join(dict.fromkeys(map(_kind, value["anyOf"])))
    if value.get("type") == "array":
        item = value.get("items", {})
        return f"list of {_kind(item)}{'' if 'enum' in item else 's'}"
    kind = str(value.get("type", "string"))
    return {"boolean": "`true` or `false`"}.get(kind, kind)


def _toml(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return f'"{value}"' if isinstance(value, str) else str(value)


# --- all of them ----------------------------------------------------------------------------------


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    rule = tuple("---" for _ in head)
    lines = (head, rule, *rows)
    return "".join(f"| {' | '.join(map(_cell, line))} |\n" for line in lines)


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


PAGES = {
    "commands.md": commands_page,
    "keys.md": keys_page,
    "configuration.md": configuration_page,
}
"""Each file of docs/reference, and what writes it."""


def main(directory: Path) -> None:
    directory.mkdir(parents=True, exist_ok=True)
    with same_everywhere():
        for name, page in PAGES.items():
            (directory / name).write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
