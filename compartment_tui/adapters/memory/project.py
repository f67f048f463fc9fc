"""A repository that exists nowhere."""

from datetime import datetime
from pathlib import Path

from compartment_tui.adapters.memory.clock import FakeClock
from compartment_tui.adapters.memory.feeds import MemoryFeed
from compartment_tui.domain.config import ProjectConfig
from compartment_tui.domain.deployment import EnvironmentState, Provenance
from compartment_tui.domain.names import EnvironmentKey

NOWHERE = Path("/memory")


class MemoryProject:
    """`Project` whose file can be edited by assigning `current`.

    Its root exists only for those who give one: a builder on a real engine needs real files.
    """

    def __init__(self, config: ProjectConfig, clock: FakeClock, *, root: Path = NOWHERE) -> None:
        self.current = config
        self._root = root
        self.copies: dict[EnvironmentKey, tuple[EnvironmentState, datetime]] = {}
        self._clock = clock
        self._watchers: list[MemoryFeed[None]] = []

    @property
    def root(self) -> Path:
        return self._root

    @property
    def file(self) -> Path:
        return self.root / "compartment.toml"

    def config(self) -> ProjectConfig:
        return self.current

    def edit(self, config: ProjectConfig) -> None:
        """Write the file: whoever watches it is told."""
        self.current = config
        for feed in tuple(self._watchers):
            feed.push(None)

    def changes(self) -> MemoryFeed[None]:
        feed = MemoryFeed[None](on_close=self._watchers.remove)
        self._watchers.append(feed)
        return feed

    def keep_copy(self, state: EnvironmentState) -> None:
        self.copies[state.key] = (state, self._clock.now())

    def copy(self, key: EnvironmentKey) -> tuple[EnvironmentState, datetime] | None:
        return self.copies.get(key)


class MemorySource:
    """`Source` with a short history: commits and their first lines, oldest first."""

    def __init__(self) -> None:
        self.current = Provenance()
        self.dirty: tuple[str, ...] = ()
        self.commits: list[tuple[str, str]] = []

    def provenance(self) -> Provenance:
        return self.current

    def dirty_files(self) -> tuple[str, ...]:
        return self.dirty

    def commits_between(self, older: str, newer: str) -> tuple[str, ...]:
        known = [commit for commit, _ in self.commits]
        if older not in known or newer not in known:
            return ()
        between = self.commits[known.index(older) + 1 : known.index(newer) + 1]
        return tuple(f"{commit[:10]} {line}" for commit, line in reversed(between))[:20]
