"""A repository that exists nowhere."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from pathlib import Path

from compartment_tui.adapters.memory.clock import FakeClock
from compartment_tui.adapters.memory.feeds import MemoryFeed
from compartment_tui.adapters.memory.secrets import MemorySecrets
from compartment_tui.domain.config import ProjectConfig
from compartment_tui.domain.deployment import EnvironmentState, Provenance
from compartment_tui.domain.edits import Edit, Rekey, SetVariable, edited
from compartment_tui.domain.errors import SensitiveUnreadable
from compartment_tui.domain.names import EnvironmentKey, parse_environment_name, show
from compartment_tui.domain.variables import Sensitivity, Variable

NOWHERE = Path("/memory")


class MemoryProject:
    """`Project` whose file can be edited by assigning `current`.

    Its root exists only for those who give one: a builder on a real engine needs real files.
    """

    def __init__(
        self,
        config: ProjectConfig,
        clock: FakeClock,
        *,
        root: Path = NOWHERE,
        secrets: MemorySecrets | None = None,
    ) -> None:
        self.current = config
        self._root = root
        self.secrets = secrets or MemorySecrets()
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

    def edit(self, edits: Sequence[Edit]) -> ProjectConfig:
        after = edited(self.current, edits)
        self.write(_sealed(after, edits, after.recipients, self.secrets))
        return self.current

    def write(self, config: ProjectConfig) -> None:
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


def _sealed(
    config: ProjectConfig,
    edits: Sequence[Edit],
    recipients: tuple[str, ...],
    secrets: MemorySecrets,
) -> ProjectConfig:
    """What would lie in the file: sensitive values encrypted, all again where that was asked for.

    Those that the world began with in clear stay so, like values that were read.
    """
    again = any(isinstance(edit, Rekey) for edit in edits)
    fresh = {
        (parse_environment_name(edit.environment), edit.service, edit.key)
        for edit in edits
        if isinstance(edit, SetVariable)
    }

    def one(environment: str, service: str | None, variable: Variable) -> Variable:
        if variable.sensitivity is Sensitivity.PLAIN:
            return variable
        if not again and (environment, service, variable.key) not in fresh:
            return variable
        value = variable.value
        if value is None and variable.sealed is not None:
            value = secrets.unseal(variable.sealed)
        if value is None:
            raise SensitiveUnreadable(f"{variable.key} in {show(environment)} cannot be read here")
        return replace(variable, value=None, sealed=secrets.seal(value, recipients))

    environments = (where.each(partial(one, where.name)) for where in config.environments)
    return replace(config, environments=tuple(environments))


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
