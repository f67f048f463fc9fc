"""The table of commands: true to the modules it names, and all that is read for help."""

import pkgutil
from collections.abc import Iterator
from importlib import import_module

import pytest

from compartment_tui.cli import commands
from compartment_tui.cli.command_group import PACKAGE, load
from compartment_tui.cli.registry import COMMANDS, CommandEntry, GroupEntry
from tests.cli.test_completing import COMPLETING
from tests.cli.test_process import loaded_by


def listed() -> Iterator[tuple[str, CommandEntry]]:
    """Every command by its whole name."""
    for name, entry in COMMANDS.items():
        if isinstance(entry, GroupEntry):
            yield from ((f"{name} {inner}", found) for inner, found in entry.commands.items())
        else:
            yield name, entry


LISTED = dict(listed())
FILES = {module.name for module in pkgutil.iter_modules(commands.__path__)}


def declared_in(module: str) -> list[str]:
    """The last words of the commands that a module has."""
    found = import_module(f".{module}", PACKAGE)
    return [info.name for info in found.app.registered_commands] if hasattr(found, "app") else []


@pytest.mark.parametrize("name", LISTED)
def test_a_summary_is_the_first_line_of_the_help(name: str) -> None:
    command = load(name.rsplit(maxsplit=1)[-1], LISTED[name])
    assert command.help.partition("\n")[0] == LISTED[name].summary


@pytest.mark.parametrize("module", sorted(FILES | {entry.module for entry in LISTED.values()}))
def test_what_a_module_has_is_listed_once(module: str) -> None:
    names = [name.split()[-1] for name, entry in LISTED.items() if entry.module == module]
    assert sorted(declared_in(module)) == sorted(names)


def commands_loaded_by(*words: str) -> set[str]:
    loaded = loaded_by(*words)
    return {module for module in FILES if f"{PACKAGE}.{module}" in loaded}


@pytest.mark.parametrize("words", [("--help",), ("variable", "--help"), ("variable",), ("statsu",)])
def test_a_list_of_commands_loads_none_of_them(words: tuple[str, ...]) -> None:
    assert not commands_loaded_by(*words)


def test_only_the_command_that_was_typed_is_loaded() -> None:
    assert commands_loaded_by("status", "--help") == {"status"}
    assert commands_loaded_by("edge", "restart", "--help") == {"edge"}


def test_offering_names_of_commands_loads_none_of_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(COMPLETING, "complete_bash")
    monkeypatch.setenv("COMP_WORDS", "compartment-tui variable ")
    monkeypatch.setenv("COMP_CWORD", "2")
    assert not commands_loaded_by()
