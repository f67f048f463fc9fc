"""A group of commands, of which only those are imported that are typed."""

from importlib import import_module
from typing import Any

from typer.core import CompletionItem, TyperCommand, TyperGroup  # type: ignore[attr-defined]
from typer.main import get_command_from_info

from compartment_tui.cli.registry import COMMANDS, CommandEntry, Entries, GroupEntry

PACKAGE = "compartment_tui.cli.commands"


class CommandGroup(TyperGroup):
    """The commands of a table: the whole command line, unless it is given the table of a group.

    Only a near name is suggested for one that is none.
    """

    def __init__(self, *, entries: Entries = COMMANDS, **attributes: Any) -> None:  # noqa: ANN401
        super().__init__(**attributes)
        self._entries = entries

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ANN401 - the framework hides its own
        """In the order of the table."""
        return list(self._entries)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ANN401
        """None when there is none. A command's module is imported now."""
        entry = self._entries.get(cmd_name)
        if entry is not None and cmd_name not in self.commands:
            self.add_command(load(cmd_name, entry))
        return super().get_command(ctx, cmd_name)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:  # noqa: ANN401
        """As the framework does."""
        name = args[0]
        if name not in self._entries and not name.startswith("-"):
            from compartment_tui.domain.suggestion import nearest_name

            near = nearest_name(name, self.list_commands(ctx))
            if not ctx.resilient_parsing:
                ctx.fail(
                    f"No such command '{name}'." + (f" Did you mean '{near}'?" if near else "")
                )
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: Any, formatter: Any) -> None:  # noqa: ANN401
        """As the framework does, without the commands themselves."""
        TyperGroup(commands=self._summaries()).format_commands(ctx, formatter)

    def shell_complete(self, ctx: Any, incomplete: str) -> list[CompletionItem]:  # noqa: ANN401
        """As the framework does, without the commands themselves."""
        offered = [
            CompletionItem(command.name, help=command.get_short_help_str())
            for command in self._summaries()
            if (command.name or "").startswith(incomplete)
        ]
        return offered + super(TyperGroup, self).shell_complete(ctx, incomplete)

    def _summaries(self) -> list[TyperCommand]:
        """Commands that know their name and what they are about, nothing else."""
        return [TyperCommand(name, help=entry.summary) for name, entry in self._entries.items()]


def load(name: str, entry: CommandEntry | GroupEntry) -> Any:  # noqa: ANN401 - the framework hides its own
    """The command itself."""
    if isinstance(entry, GroupEntry):
        return CommandGroup(
            name=name,
            entries=entry.commands,
            help=entry.summary,
            no_args_is_help=True,
            rich_markup_mode=None,
        )
    module = import_module(f".{entry.module}", PACKAGE)
    info = next(info for info in module.app.registered_commands if info.name == name)
    return get_command_from_info(info, pretty_exceptions_short=True, rich_markup_mode=None)
