"""The command palette: everything that can be done here, found by a few letters."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Protocol, cast

from textual.command import DiscoveryHit, Hit, Hits, Provider
from textual.content import Content
from textual.fuzzy import Matcher
from textual.message import Message
from textual.screen import Screen

from compartment_tui.domain.requests import (
    BeginMaintenance,
    CheckDomains,
    EndMaintenance,
    Prune,
    Remove,
    Resume,
)
from compartment_tui.present.text import show, show_name
from compartment_tui.tui import messages as news
from compartment_tui.tui.messages import ActWanted
from compartment_tui.tui.shell.key_bindings import KeyHint
from compartment_tui.tui.state.app_state import Board


@dataclass(frozen=True, slots=True, kw_only=True)
class PaletteCommand:
    """One line of the palette. Words and note may hold names: they are never markup."""

    words: str
    run: Callable[[], object]
    note: str = ""


class Commanding(Protocol):
    """Whoever knows what can be done while a screen is shown."""

    def commands(self, screen: Screen[object]) -> Iterable[PaletteCommand]: ...


class Commands(Provider):
    """Asks the application each time: nothing here can be out of date."""

    @property
    def _commands(self) -> Iterable[PaletteCommand]:
        return cast(Commanding, self.app).commands(self.screen)

    async def discover(self) -> Hits:
        for command in self._commands:
            yield DiscoveryHit(_line(Content(command.words), command.note), command.run)

    async def search(self, query: str) -> Hits:
        matcher = self.matcher(query)
        for command in self._commands:
            score = matcher.match(command.words)
            if score > 0:
                yield Hit(
                    score, _line(_highlighted(matcher, command.words), command.note), command.run
                )


def key_command(key: KeyHint, run: Callable[[], object]) -> PaletteCommand:
    """A command with its key beside it."""
    return PaletteCommand(words=key.words, note=" ".join(key.caps), run=run)


def board_commands(board: Board, post: Callable[[Message], object]) -> Iterable[PaletteCommand]:
    """Every environment and every service to go to."""
    for view in board.environments:
        name = view.key.environment
        yield PaletteCommand(
            words=f"Environment: {show_name(name)}",
            note="shown now" if name == board.environment else "",
            run=lambda name=name: post(news.EnvironmentChosen(name)),  # type: ignore[misc]
        )
    for row in board.status.services if board.status else ():
        yield PaletteCommand(
            words=f"Service: {show(row.service)}",
            note="selected" if row.service == board.service else "",
            run=lambda name=row.service: post(news.ServiceChosen(name)),  # type: ignore[misc]
        )


def act_commands(board: Board, post: Callable[[Message], object]) -> Iterable[PaletteCommand]:
    """Commands that have no key of their own."""
    if board.read_only or not board.environment:
        return
    environment = board.environment
    found: list[tuple[str, Message]] = [
        ("Promote from another environment", news.OriginWanted(environment)),
        ("Prune what nobody goes back to", ActWanted(Prune(environment=environment))),
    ]
    if board.status is not None and any(
        service.active is not None and not service.declared for service in board.status.services
    ):
        removal = ActWanted(Remove(environment=environment))
        found.insert(0, ("Remove what compartment.toml no longer has", removal))
    if board.status is not None and board.status.journal is not None:
        ending = ActWanted(Resume(environment=environment))
        found.insert(0, ("Resume: finish or revert what was left half way", ending))
    if board.status is not None and any(service.url for service in board.status.services):
        begun = ActWanted(BeginMaintenance(environment=environment))
        ended = ActWanted(EndMaintenance(environment=environment))
        found.append(("Check the domains", ActWanted(CheckDomains(environment=environment))))
        found.append(("Begin maintenance of everything", begun))
        found.append(("End maintenance of everything", ended))
    for row in board.status.services if board.status else ():
        if row.active is not None:
            number = news.ScaleWanted(environment, (row.service,))
            found.append((f"Number of replicas: {show(row.service)}", number))
    for words, wanted in found:
        yield PaletteCommand(words=words, run=lambda wanted=wanted: post(wanted))  # type: ignore[misc]


def _highlighted(matcher: Matcher, words: str) -> Content:
    """As `Matcher.highlight`, which would read names as markup."""
    content = Content(words)
    _, places = matcher.fuzzy_search.match(matcher.query, words)
    for place in places:
        content = content.stylize(matcher.match_style, place, place + 1)
    return content


def _line(words: Content, note: str) -> Content:
    if not note:
        return words
    return Content.assemble(words, "  ", (note, "$text-muted"))
