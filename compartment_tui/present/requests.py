"""A request in words: as a title, and as the command that makes the same one."""

from collections.abc import Callable, Iterator
from dataclasses import fields
from typing import Any

from compartment_tui import PROGRAM
from compartment_tui.domain.names import DEFAULT_ENVIRONMENT
from compartment_tui.domain.requests import (
    EVERY_ENVIRONMENT,
    AdoptEdge,
    BeginMaintenance,
    CheckDomains,
    DeleteEnvironment,
    Deploy,
    Discard,
    EndMaintenance,
    LifecycleRequest,
    MaintenanceRequest,
    Promote,
    PromoteFrom,
    Prune,
    Redeploy,
    Remove,
    Request,
    Restart,
    Resume,
    Rollback,
    RunRequest,
    Scale,
    Start,
    Stop,
)
from compartment_tui.domain.shell_quotes import argument_for, shell_word, short_option_for
from compartment_tui.present.text import listed, short_id, show_name

_VERBS: dict[type[Request], str] = {
    Deploy: "Deploy",
    Promote: "Promote",
    PromoteFrom: "Promote",
    Discard: "Discard",
    Rollback: "Roll back",
    Redeploy: "Redeploy",
    Remove: "Remove",
    Stop: "Stop",
    Start: "Start",
    Restart: "Restart",
    Scale: "Scale",
    Prune: "Prune",
    Resume: "Resume",
    DeleteEnvironment: "Delete",
    CheckDomains: "Check the domains",
    BeginMaintenance: "Begin maintenance",
    EndMaintenance: "End maintenance",
    AdoptEdge: "Adopt the edge",
}
_FLAGS = {
    "force": "--force",
    "preview": "--no-preview",
    "volumes": "--volumes",
    "take_over": "--take-over",
    "remove_undeclared": "--remove-undeclared",
    "variables": "--variables",
}
"""Options that are there or not, in the order in which they are written."""

_VALUED: dict[str, tuple[str, Callable[[Any], str]]] = {
    "to": ("--to", short_id),
    "run": ("--run", short_id),
    "deployment": ("--deployment", short_id),
    "ref": ("--ref", str),
    "before": ("--secrets-before", lambda moment: moment.isoformat()),
    "message": ("--message", str),
    "engine": ("--engine", str),
    "label": ("--label", str),
}
"""Options with a value, in the order in which they are written."""


def verb(request: Request) -> str:
    """`Roll back`: what is to be done, in one or two words."""
    return _VERBS[type(request)]


def answer(request: Request) -> str:
    """What a button says that starts it."""
    held = isinstance(request, Deploy) and request.hold
    return verb(request) + (" and hold" if held else "")


def services_of(request: Request) -> tuple[str, ...]:
    """The services that it names."""
    about = RunRequest | LifecycleRequest | MaintenanceRequest
    return request.services if isinstance(request, about) else ()


def title(request: Request) -> str:
    """`Deploy web in production`, safe to print."""
    services, where = services_of(request), show_name(request.environment)
    what = f" {', '.join(services)}" if services else ""
    match request:
        case PromoteFrom():
            return f"Promote{what} from {show_name(request.origin)} to {where}"
        case DeleteEnvironment():
            return f"Delete the environment {where}"
        case AdoptEdge():
            return f"Make {show_name(request.node)} the home of the Swarm"
        case BeginMaintenance() | EndMaintenance():
            of = f" of{what}" if what else ""
            return f"{answer(request)}{of} in {where}"
        case Scale():
            return f"Scale {listed(map(_number_of, request.replicas))} in {where}"
        case CheckDomains() if request.hosts:
            return f"Check {listed(request.hosts)} in {where}"
        case Discard():
            of = f" of {listed(services)}" if services else "s"
            return f"Discard the candidate{of} in {where}"
        case _:
            return f"{answer(request)}{what} in {where}"


def _number_of(wanted: tuple[str, int]) -> str:
    return f"{wanted[0]} to {wanted[1]}"


def command_line(request: Request) -> str:
    """The command that makes the same request, ready to be pasted into a shell."""
    words = [PROGRAM, request.command]
    if isinstance(request, Deploy) and request.hold:
        words.append("--hold")
    words += _where(request)
    if not isinstance(request, Scale):
        for service in services_of(request):
            words += ["-s", service]
    options = {field.name: field.default for field in fields(request)}
    changed = {name for name, default in options.items() if getattr(request, name) != default}
    words += _values(request)
    words += [flag for name, flag in _FLAGS.items() if name in changed]
    return " ".join(words)


def _where(request: Request) -> Iterator[str]:
    environment = request.environment
    match request:
        case DeleteEnvironment():
            yield argument_for(environment)
        case CheckDomains():
            yield from (argument_for(host) for host in request.hosts)
            if environment != DEFAULT_ENVIRONMENT:
                yield short_option_for(environment)
        case Scale():
            yield from (f"{service}={number}" for service, number in request.replicas)
            if environment != DEFAULT_ENVIRONMENT:
                yield short_option_for(environment)
        case PromoteFrom():
            yield _option("--from", request.origin)
            yield _option("--to", environment)
        case AdoptEdge():
            yield _option("--node", request.node)
        case Prune():
            if environment != EVERY_ENVIRONMENT:
                yield short_option_for(environment)
        case _:
            if environment != DEFAULT_ENVIRONMENT:
                yield short_option_for(environment)


def _values(request: Request) -> Iterator[str]:
    """Options with a value, where it is not the default."""
    for name, (option, words) in _VALUED.items():
        value = getattr(request, name, None)
        if value:
            yield _option(option, words(value))


def _option(name: str, value: str) -> str:
    """Joined where the value would be taken for an option."""
    joint = "=" if value.startswith("-") else " "
    return f"{name}{joint}{shell_word(value)}"
