"""A repository that exists nowhere."""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from functools import partial
from pathlib import Path

from compartment_tui.adapters.memory.certificates import MemoryCertificates
from compartment_tui.adapters.memory.clock import FakeClock
from compartment_tui.adapters.memory.feeds import MemoryFeed
from compartment_tui.adapters.memory.secrets import MemorySecrets
from compartment_tui.domain.commits import Checkout, Commit, CommitRange, WorkingTree
from compartment_tui.domain.config import ProjectConfig, ServiceSpec
from compartment_tui.domain.deployment import EnvironmentRecord, Provenance
from compartment_tui.domain.engine import EngineIdentity
from compartment_tui.domain.errors import NotFound, SensitiveUnreadable, UsageProblem
from compartment_tui.domain.names import EnvironmentKey, parse_environment_name, show
from compartment_tui.domain.owner import Origin
from compartment_tui.domain.planning.required_variables import (
    misplaced_values,
    reason,
    refuse_readers,
    remedy,
)
from compartment_tui.domain.seals import MovedValue
from compartment_tui.domain.variable import Sensitivity, Variable
from compartment_tui.domain.variables.edits import Edit, Rekey, SetVariable, edited, is_sensitive

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
        self.certificates = MemoryCertificates()
        self.copies: dict[tuple[str, EnvironmentKey], tuple[EnvironmentRecord, datetime]] = {}
        """By engine and environment."""
        self.known: set[str] = set()
        """Recipients that were sealed for last."""
        self.addresses: dict[str, str] = {}
        """Which engine was last met where."""
        self._clock = clock
        self._watchers: list[MemoryFeed[None]] = []
        self.files: dict[str, str] = {}
        """Files that the project file names, and what is in them."""
        self.committed: dict[str, tuple[ServiceSpec, ...]] = {}
        """By commit: the services its project file declares, when they are others than now."""

    @property
    def root(self) -> Path:
        return self._root

    @property
    def file(self) -> Path:
        return self.root / "compartment.toml"

    def config(self) -> ProjectConfig:
        return self.current

    def services_in(self, root: Path) -> tuple[ServiceSpec, ...]:
        return self.committed.get(root.name, self.current.services)

    def known_recipients(self) -> frozenset[str]:
        return frozenset(self.known)

    def remember_recipients(self, recipients: Collection[str]) -> None:
        self.known = set(recipients)

    def edit(
        self, edits: Sequence[Edit], *, readers: Collection[str] | None = None
    ) -> ProjectConfig:
        after = edited(self.current, edits)
        content = _sealed(after, edits, self.secrets)
        if any(isinstance(edit, Rekey) or is_sensitive(edit) for edit in edits):
            refuse_readers(after.recipients, readers)
        self.write(content)
        return self.current

    def write(self, config: ProjectConfig) -> None:
        """Write the file: whoever watches it is told."""
        self.current = config
        for feed in tuple(self._watchers):
            feed.push(None)

    def named_text(self, path: str) -> str:
        if path not in self.files:
            raise UsageProblem(f"{path} cannot be read: there is no such file")
        return self.files[path]

    def changes(self) -> MemoryFeed[None]:
        feed = MemoryFeed[None](on_close=self._watchers.remove)
        self._watchers.append(feed)
        return feed

    def keep_copy(self, state: EnvironmentRecord, engine: EngineIdentity) -> None:
        self.copies[engine.key, state.key] = (state, self._clock.now())
        self.addresses[engine.address] = engine.key

    def copy(self, key: EnvironmentKey, address: str) -> tuple[EnvironmentRecord, datetime] | None:
        return self.copies.get((self.addresses.get(address, ""), key))

    def copies_elsewhere(
        self, key: EnvironmentKey, engine: EngineIdentity
    ) -> Mapping[str, EnvironmentRecord]:
        places = {identity: address for address, identity in self.addresses.items()}
        return {
            places[identity]: state
            for (identity, one), (state, _) in self.copies.items()
            if one == key and identity != engine.key
        }


def _sealed(config: ProjectConfig, edits: Sequence[Edit], secrets: MemorySecrets) -> ProjectConfig:
    """What would lie in the file: sensitive values encrypted, all again where that was asked for.

    Those that the world began with in clear stay so, like values that were read.
    """
    again = any(isinstance(edit, Rekey) for edit in edits)
    moved = [move for edit in edits if isinstance(edit, Rekey) for move in edit.moved]
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
        place = config.seal_place(environment, service, variable.key)
        if value is None and variable.sealed is not None:
            found = secrets.unseal(variable.sealed, place)
            if found.sealed_for is not None:
                move = MovedValue(here=place, sealed_for=found.sealed_for)
                if move not in moved:
                    raise misplaced_values((move,))
                found = secrets.unseal(variable.sealed, found.sealed_for)
            value = found.value
        if value is None:
            identity = secrets.identity()
            raise SensitiveUnreadable(
                f"{variable.key} in {show(environment)} cannot be read here, so not encrypted"
                f" again: {reason(identity)}",
                hint=remedy(identity),
            )
        return replace(variable, value=None, sealed=secrets.seal(value, config.recipients, place))

    environments = (where.each(partial(one, where.name)) for where in config.environments)
    return replace(config, environments=tuple(environments))


class MemorySource:
    """`Source` with a short history: commits, their first lines and authors, oldest first."""

    def __init__(self) -> None:
        self.current = Provenance()
        self.place = Origin(host="laptop", directory=str(NOWHERE))
        self.dirty: tuple[str, ...] = ()
        self.unreadable = ""
        """Why git cannot read the repository."""
        self.checkout_notes: tuple[str, ...] = ()
        """What there is to say of whatever is checked out."""
        self.commits: list[tuple[str, str, str]] = []
        self.refs: dict[str, Provenance] = {}
        """Commits, branches and tags that can be checked out, and what lies there."""

    def warm_up(self) -> None:
        """Everything is known at once."""

    def working_tree(self) -> WorkingTree:
        return WorkingTree(provenance=self.current, files=self.dirty, problem=self.unreadable)

    def origin(self) -> Origin:
        return self.place

    def dirty_files(self) -> tuple[str, ...]:
        return self.dirty

    def commits_between(self, older: str, newer: str) -> CommitRange:
        known = [commit for commit, _, _ in self.commits]
        if older not in known or newer not in known:
            return CommitRange()
        first, last = sorted((known.index(older), known.index(newer)))
        between = [
            Commit(id=commit[:10], subject=line, author=author)
            for commit, line, author in reversed(self.commits[first + 1 : last + 1])
        ]
        return CommitRange(
            total=len(between),
            newest=tuple(between[:20]),
            authors=tuple(who for who, _ in Counter(one.author for one in between).most_common()),
            backwards=known.index(older) > known.index(newer),
        )

    @contextmanager
    def check_out(self, ref: str) -> Iterator[Checkout]:
        found = self.refs.get(ref)
        if found is None:
            raise NotFound(f"there is no commit {show(ref)} in this repository")
        root = NOWHERE / found.commit
        yield Checkout(root=root, provenance=found, notes=self.checkout_notes)
