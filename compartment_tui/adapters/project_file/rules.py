"""What no single value can tell: whether the parts of a project file fit together.

Run on tables that `reading` found nothing wrong with.
"""

import ipaddress
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from compartment_tui.adapters.project_file.domain_rules import domain_rules
from compartment_tui.adapters.project_file.edge_rules import edge_rules
from compartment_tui.adapters.project_file.engine_rules import engine_rules
from compartment_tui.adapters.project_file.read_tables import Problem, dotted, walk_names
from compartment_tui.adapters.project_file.replica_rules import replica_rules
from compartment_tui.adapters.project_file.route_rules import route_rules
from compartment_tui.adapters.project_file.values import is_variable_key
from compartment_tui.domain.config import Build, Kind, NetworkSettings, ReadinessKind
from compartment_tui.domain.suggestion import nearest

Tables = Mapping[str, Any]

READINESS_KEYS = {
    "path": (ReadinessKind.HTTP,),
    "status": (ReadinessKind.HTTP,),
    "headers": (ReadinessKind.HTTP,),
    "port": (ReadinessKind.HTTP, ReadinessKind.TCP),
    "command": (ReadinessKind.COMMAND,),
}
"""What has a meaning for some types only."""


def broken_rules(tables: Tables, root: Path) -> Iterator[Problem]:
    """Everything in `tables` that contradicts itself; `root` is where paths start."""
    if "name" not in tables.get("project", {}):
        hint = 'write it as: [project] and, below it, name = "shop"'
        yield Problem(path=("project",), message="[project] needs a `name`", hint=hint)
    for name, service in walk_names(tables, "services"):
        yield from _service_rules(name, service, root)
    for name, environment in walk_names(tables, "environments"):
        yield from _environment_rules(name, environment, tuple(tables.get("services", {})))
    yield from _build_argument_rules(tables)
    yield from replica_rules(tables)
    yield from _network_rules(tables.get("networks", {}))
    yield from engine_rules(tables)
    yield from domain_rules(tables)
    yield from route_rules(tables)
    yield from edge_rules(tables, root)


def _service_rules(name: str, service: Tables | str, root: Path) -> Iterator[Problem]:
    at = ("services", name)
    if isinstance(service, str):
        yield from _source_rules(at, {"path": service}, root)
        return
    yield from _source_rules(at, service, root)
    yield from _kind_rules(at, service)
    yield from _readiness_rules(at, service)
    yield from _hold_rules(at, service)
    yield from _header_rules((*at, "headers"), service.get("headers", {}))
    if "release" in service and "command" not in service["release"]:
        yield Problem(path=(*at, "release"), message=f"[{dotted(at)}] release needs a `command`")
    mounts: dict[str, str] = {}
    for volume, place in walk_names(service, "volumes"):
        if place in mounts:
            message = f"{dotted(at)}.volumes mounts {mounts[place]} and {volume} at one place"
            yield Problem(path=(*at, "volumes", volume), message=message)
        mounts[place] = volume


def _source_rules(at: tuple[str, ...], service: Tables, root: Path) -> Iterator[Problem]:
    path, image = service.get("path"), service.get("image")
    if path is None and image is None:
        hint = "`path` is a directory to build, `image` a ready image"
        yield Problem(path=at, message=f"[{dotted(at)}] needs `path` or `image`", hint=hint)
    if path is not None and image is not None:
        message = f"[{dotted(at)}] has both `path` and `image`; keep one"
        yield Problem(path=(*at, "image"), message=message)
    if image is not None and "build" in service:
        message = f"[{dotted(at)}] has `build`, but an `image` is not built"
        yield Problem(path=(*at, "build"), message=message)
    if path is not None:
        if problems := tuple(_inside(root, path, (*at, "path"))):
            yield from problems
            return
        yield from _secret_rules((*at, "build", "secrets"), service.get("build", {}), root)
        dockerfile = service.get("build", {}).get("dockerfile", Build().dockerfile)
        yield from _inside(root, f"{path}/{dockerfile}", (*at, "build", "dockerfile"))


def _secret_rules(at: tuple[str, ...], build: Tables, root: Path) -> Iterator[Problem]:
    for name, source in walk_names(build, "secrets"):
        here = (*at, name)
        if len(source) != 1:
            message = f"{dotted(here)} comes from one `variable` or one `file`"
            yield Problem(path=here, message=message)
        elif "file" in source:
            yield from _inside(root, source["file"], (*here, "file"))
        elif not source["variable"] and not is_variable_key(name):
            message = f"{dotted(here)} is no name that a variable can have"
            hint = 'name the variable: { variable = "NPM_TOKEN" }'
            yield Problem(path=here, message=message, hint=hint)


def _inside(root: Path, path: str, at: tuple[str, ...]) -> Iterator[Problem]:
    """Symbolic links count where they lead; what does not exist yet is judged by its name."""
    try:
        resolved = (root / path).resolve()
    except (OSError, RuntimeError):  # a circle of links
        resolved = Path("/")
    if not resolved.is_relative_to(root.resolve()):
        yield Problem(path=at, message=f"{dotted(at)} leads out of the repository")


def _kind_rules(at: tuple[str, ...], service: Tables) -> Iterator[Problem]:
    if service.get("kind") is not Kind.STATIC:
        if "fallback" in service:
            message = f"[{dotted(at)}] has `fallback`, which is for static services only"
            hint = 'kind = "static" serves files; other services answer for their paths themselves'
            yield Problem(path=(*at, "fallback"), message=message, hint=hint)
        return
    for key in ("image", "run", "release", "build"):
        if key in service:
            message = f"[{dotted(at)}] is static: files that are served, so it has no `{key}`"
            yield Problem(path=(*at, key), message=message)


def _hold_rules(at: tuple[str, ...], service: Tables) -> Iterator[Problem]:
    if "hold" not in service:
        return
    if service.get("kind") is Kind.WORKER:
        message = f"[{dotted(at)}] has `hold`, but nobody sends requests to a worker"
        yield Problem(path=(*at, "hold"), message=message, hint="leave `hold` away")
    elif not service.get("volumes"):
        message = f"[{dotted(at)}] has `hold`, which is for services with volumes only"
        hint = "the others are replaced without a gap; leave `hold` away"
        yield Problem(path=(*at, "hold"), message=message, hint=hint)


def _readiness_rules(at: tuple[str, ...], service: Tables) -> Iterator[Problem]:
    readiness = service.get("readiness")
    if readiness is None:
        return
    here = (*at, "readiness")
    kind = readiness.get("type")
    if kind is None:
        hint = 'write type = "http", "tcp" or "command"'
        yield Problem(path=here, message=f"[{dotted(at)}] readiness needs a `type`", hint=hint)
        return
    if kind is ReadinessKind.COMMAND and "command" not in readiness:
        message = f"{dotted(here)} of type command needs a `command`"
        yield Problem(path=here, message=message)
    for key, owners in READINESS_KEYS.items():
        if key in readiness and kind not in owners:
            only = " and ".join(owners)
            message = f"{dotted(here)}.{key} has no meaning for type {kind}, only for {only}"
            yield Problem(path=(*here, key), message=message)
    yield from _header_rules((*here, "headers"), readiness.get("headers", {}))
    worker = service.get("kind") is Kind.WORKER
    has_port = "port" in service or "port" in readiness
    if worker and kind is not ReadinessKind.COMMAND and not has_port:
        message = f"[{dotted(at)}] is a worker: its readiness of type {kind} needs a `port`"
        yield Problem(path=here, message=message)


def _header_rules(here: tuple[str, ...], headers: Tables) -> Iterator[Problem]:
    """Names of headers are the same in capitals and small letters."""
    seen: dict[str, str] = {}
    for name in headers:
        at = (*here, name)
        if name.lower() in seen:
            message = f"{dotted(at)} is the same header as {seen[name.lower()]}"
            yield Problem(path=at, message=message, hint="keep one of them")
        seen[name.lower()] = name


def _environment_rules(name: str, environment: Tables, known: tuple[str, ...]) -> Iterator[Problem]:
    for service in environment.get("services", {}):
        if service not in known:
            at = ("environments", name, "services", service)
            message = f"[{dotted(at)}] names no service of this project{nearest(service, known)}"
            yield Problem(path=at, message=message, hint=f"services: {', '.join(known)}")
    scopes: list[tuple[str, ...]] = [("variables",)]
    scopes += [("services", one, "variables") for one in environment.get("services", {})]
    for scope in scopes:
        for key, value in walk_names(environment, *scope):
            if isinstance(value, dict) and "sensitive" not in value:
                here = ("environments", name, *scope, key)
                message = f'{dotted(here)} needs `sensitive = "…"` in its braces'
                yield Problem(path=here, message=message)


def _build_argument_rules(tables: Tables) -> Iterator[Problem]:
    """Arguments of an environment need a service that is built."""
    services = tables.get("services", {})
    for name, environment in walk_names(tables, "environments"):
        for service, own in walk_names(environment, "services"):
            known = services.get(service)
            ready = isinstance(known, dict) and ("image" in known or known.get("kind") == "static")
            if "build" in own and ready:
                at = ("environments", name, "services", service, "build")
                message = f"[{dotted(at)}] has no meaning: {service} is not built from a Dockerfile"
                yield Problem(path=at, message=message)


def _network_rules(networks: Tables) -> Iterator[Problem]:
    defaults = NetworkSettings()
    pool = ipaddress.IPv4Network(networks.get("pool", defaults.pool))
    size = networks.get("size", defaults.size)
    if size < pool.prefixlen:
        key = "size" if "size" in networks else "pool"
        message = f"networks.size {size} does not fit into the pool {pool}"
        hint = f"use a size from {pool.prefixlen} to 29"
        yield Problem(path=("networks", key), message=message, hint=hint)
