"""What one invocation of a command works with, and how it ends whatever happens."""

import traceback
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, TypedDict

from compartment_tui.cli.exit_codes import CANCELLED, UNEXPECTED, exit_code
from compartment_tui.cli.options import DEFAULT_ENVIRONMENT, Format
from compartment_tui.cli.output import CommandOutput
from compartment_tui.domain.config import EdgeSettings, ProjectConfig
from compartment_tui.domain.errors import CompartmentError, Unexpected, UsageProblem, expected
from compartment_tui.domain.names import EnvironmentKey, parse_environment_name
from compartment_tui.operations.engines import world_of
from compartment_tui.ports import Factories, World


class RequestScope(TypedDict):
    """What every request about services says."""

    environment: str
    services: tuple[str, ...]
    take_over: bool


@dataclass(kw_only=True)
class Session:
    """The shared options of one invocation, and the world, opened when first asked for."""

    entrances: Factories
    output: CommandOutput
    file: Path | None = None
    named_environment: str | None = None
    """As given on the command line; None when it was not."""
    services: tuple[str, ...] = ()
    yes: bool = False
    take_over: bool = False

    @classmethod
    def of(cls, entrances: Factories, given: dict[str, Any]) -> "Session":
        """Takes the shared options out of `given`, which keeps a command's own."""
        output = CommandOutput(
            form=given.pop("output", Format.TEXT),
            quiet=given.pop("quiet", False),
            verbose=given.pop("verbose", False),
        )
        return cls(
            entrances=entrances,
            output=output,
            file=given.pop("file", None),
            named_environment=given.pop("env", None),
            services=tuple(given.pop("service", None) or ()),
            yes=given.pop("yes", False),
            take_over=given.pop("take_over", False),
        )

    @property
    def environment(self) -> str:
        """Raises UsageProblem when the name is none."""
        named = self.named_environment
        return parse_environment_name(DEFAULT_ENVIRONMENT if named is None else named)

    @property
    def scope(self) -> RequestScope:
        """Raises UsageProblem, as `environment` does."""
        return RequestScope(
            environment=self.environment, services=self.services, take_over=self.take_over
        )

    @cached_property
    def world(self) -> World:
        """Raises NotFound (no project file), EngineUnreachable."""
        return self.entrances.open_world(self.file)

    @property
    def engine_world(self) -> World:
        """The world at the engine that the environment is on.

        Raises UsageProblem, ProjectFileInvalid, NotFound (no such file).
        """
        return world_of(self.world, self.environment)

    @cached_property
    def config(self) -> ProjectConfig:
        """Raises ProjectFileInvalid, NotFound."""
        return self.world.project.config()

    @cached_property
    def edge(self) -> EdgeSettings:
        """`[edge]` as it is at the environment's engine. Raises as `engine_world`."""
        return self.engine_world.project.config().edge

    @property
    def key(self) -> EnvironmentKey:
        return EnvironmentKey(self.config.name, self.environment)

    def name_environment(self, name: str | None) -> None:
        """An argument that says what `--env` says. Raises UsageProblem when the two differ."""
        if name is None:
            return
        if self.named_environment not in (None, name):
            raise UsageProblem("two environments are named: use the argument or --env")
        self.named_environment = name

    def one_service(self, candidates: tuple[str, ...], purpose: str) -> str:
        """The service named, or the only candidate. Raises UsageProblem."""
        chosen = self.services or candidates
        if len(chosen) == 1:
            return chosen[0]
        known = ", ".join(candidates) or "none"
        hint = f"name one with --service: {known}"
        raise UsageProblem(f"{purpose} needs exactly one service", hint=hint)

    def guarded(self, body: Callable[[], int | None]) -> int:
        """The exit code of `body`; whatever it raises becomes a sentence and a code."""
        try:
            code = body() or 0
            self.warn_of_old_seals()
        except CompartmentError as error:
            self.output.problem(error)
            code = exit_code(error)
        except KeyboardInterrupt:
            self.output.leave_line()
            code = CANCELLED
        except Exception as error:  # the one place where anything at all is caught
            told = expected(error)
            if isinstance(told, Unexpected):
                self.output.bug(error, traceback.format_exc(), self._kept(error))
            else:
                self.output.problem(told)
            code = UNEXPECTED
        return self.output.settle(code)

    def warn_of_old_seals(self) -> None:
        """Of values that were opened and would open anywhere; each time it is asked for."""
        opened: World | None = self.__dict__.get("world")
        places = opened.secrets.old_seals() if opened else ()
        if places:
            from compartment_tui.present.recipients import old_seal_words

            self.output.warn(old_seal_words(places))

    def _kept(self, error: Exception) -> str:
        """Where the details of a bug were kept: nowhere before there was a world."""
        opened: World | None = self.__dict__.get("world")
        return opened.error_log.write(error) if opened else ""
