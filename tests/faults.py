"""Makes any port call of a world fail, end the process or be cancelled, before or after its effect.

    watched = FaultPlan()
    list(run(faulty(world, watched)))             # watched.calls now names every call, in order
    for at in range(1, len(watched.calls) + 1):
        plan = FaultPlan(Fault(at=at, when=When.AFTER, what=Killed))
        ...                                       # the same again on a fresh world

Every call of a port counts, also those of a hold, and a hold's release; time and cancelling do not.
A call that yields lines counts twice: its first step, and its end (where "before" is too late to
spare the effect, since only the end tells that it has come).
"""

from collections.abc import Callable, Generator
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import partial
from types import GeneratorType
from typing import Any, Self, cast

from compartment_tui.domain.errors import EngineUnreachable
from compartment_tui.ports import (
    Builder,
    Cancel,
    Edge,
    Engine,
    EnginePorts,
    Locks,
    Project,
    Records,
    Source,
    World,
)


class Killed(BaseException):
    """The process is dead: no port does anything for it any more, its locks go with `Host.kill`."""


def unreachable() -> BaseException:
    """The engine does not answer, for this one call."""
    return EngineUnreachable("the engine does not answer", hint="start it, then `resume`")


class When(StrEnum):
    BEFORE = "before"
    AFTER = "after"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """What happens at one call. `what` makes the exception; None is a person asking to stop.

    Where it makes none, it has done something to the machines, and the call goes on.
    """

    at: int
    """Which call, counted from 1."""
    when: When
    what: Callable[[], BaseException | None] | None = unreachable


class FaultPlan:
    """The faults to come, and the calls that came."""

    def __init__(self, *faults: Fault) -> None:
        self.faults = faults
        self.calls: list[str] = []
        """Names as `engine.create`, `hold.write_routes`, `builder.build end`."""
        self.dead = False

    def reached(self) -> bool:
        """Whether the run came as far as the last fault."""
        return all(fault.at <= len(self.calls) for fault in self.faults)

    def enter(self, name: str, cancel: Cancel) -> int:
        """Count a call and let its faults happen that come before the effect."""
        if self.dead:
            raise Killed(f"{name} was called by a dead process")
        self.calls.append(name)
        number = len(self.calls)
        self.happen(number, When.BEFORE, cancel)
        return number

    def happen(self, number: int, when: When, cancel: Cancel) -> None:
        for fault in self.faults:
            if fault.at != number or fault.when is not when:
                continue
            if fault.what is None:
                cast(Any, cancel).requests += 1
                continue
            error = fault.what()
            if error is None:
                continue
            self.dead = isinstance(error, Killed)
            raise error


def faulty(world: World, plan: FaultPlan) -> World:
    """The same world, in which `plan` happens. Its cancel must be one whose requests can be set."""

    def wrap(name: str, port: object) -> Any:  # noqa: ANN401 - it stands in for any port
        return _Faulty(name, port, plan, world.cancel)

    def wrapped(ports: EnginePorts | World) -> dict[str, Any]:
        return {
            "engine": cast(Engine, wrap("engine", ports.engine)),
            "builder": cast(Builder, wrap("builder", ports.builder)),
            "edge": cast(Edge, wrap("edge", ports.edge)),
            "locks": cast(Locks, wrap("locks", ports.locks)),
            "records": cast(Records, wrap("records", ports.records)),
        }

    return replace(
        world,
        **wrapped(world),
        open_engine=lambda spec: EnginePorts(**wrapped(world.open_engine(spec))),
        project=cast(Project, wrap("project", world.project)),
        source=cast(Source, wrap("source", world.source)),
    )


class _Faulty:
    """Stands in for a port, or for something a port returned that goes out by itself."""

    def __init__(self, name: str, inner: object, plan: FaultPlan, cancel: Cancel) -> None:
        self._name = name
        self._inner = cast(Any, inner)
        self._plan = plan
        self._cancel = cancel

    def __getattr__(self, member: str) -> Any:  # noqa: ANN401 - whatever the port has
        found = getattr(self._inner, member)
        if not callable(found):
            return found  # properties of a port are what it was opened with: they do not go out
        return self._wrapped(f"{self._name}.{member}", found)

    def __enter__(self) -> Self:
        self._inner.__enter__()
        return self

    def __exit__(self, *error: object) -> None:
        self._call(f"{self._name}.release", self._inner.__exit__, *error)

    def _wrapped(self, name: str, method: Callable[..., Any]) -> Callable[..., Any]:
        if name in _LINE_BY_LINE:
            return lambda *args, **options: self._steps(name, method(*args, **options))
        return partial(self._call, name, method)

    def _call(
        self, name: str, method: Callable[..., Any], /, *args: object, **options: object
    ) -> Any:  # noqa: ANN401 - as above
        number = self._plan.enter(name, self._cancel)
        result = method(*args, **options)
        inner_name = _GOES_OUT_ITSELF.get(name)
        try:
            self._plan.happen(number, When.AFTER, self._cancel)
        except Exception:
            if inner_name in _LOCKS:  # a lock lives as long as the connection that now failed
                result.__exit__(None, None, None)
            raise
        return _Faulty(inner_name, result, self._plan, self._cancel) if inner_name else result

    def _steps(
        self, name: str, lines: Generator[str, None, object]
    ) -> Generator[str, None, object]:
        result: object = None
        ended = False

        def step() -> str | None:
            nonlocal result, ended
            try:
                return next(lines)
            except StopIteration as end:
                result, ended = end.value, True
                return None

        try:
            line = self._call(name, step)
            while not ended:
                yield line
                line = step()
            self._call(f"{name} end", lambda: None)
        finally:
            if isinstance(lines, GeneratorType):
                lines.close()
        return result


_LINE_BY_LINE = frozenset(
    {
        "builder.build",
        "builder.pull",
        "engine.run_release",
        *(f"engine.{way}_image" for way in ("save", "load", "push", "pull", "spread")),
    }
)
_GOES_OUT_ITSELF = {
    "locks.environment": "hold",
    "locks.engine": "engine hold",
    "engine.count_connections": "connections",
}
_LOCKS = frozenset({"hold", "engine hold"})
