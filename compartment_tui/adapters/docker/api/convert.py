"""Docker's JSON to our words, and back. Pure: the shape of that JSON is known here."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from ipaddress import IPv6Address, ip_address
from typing import TYPE_CHECKING, Any

from compartment_tui.adapters.docker.api import labels as names
from compartment_tui.domain import bounds
from compartment_tui.domain.deployment import (
    Health,
    HealthCheck,
    Image,
    Instance,
    InstanceState,
    Provenance,
)
from compartment_tui.domain.dockerfile import exposed
from compartment_tui.domain.names import SERVICE_PATTERN, EnvironmentKey, misnamed
from compartment_tui.domain.refusal import Listener
from compartment_tui.ports import EngineEvent

if TYPE_CHECKING:
    from compartment_tui.domain.planning.plan import ContainerSpec

Json = Mapping[str, Any]

_STATES = {state.value: state for state in InstanceState}
_CHECKS = {
    "starting": Health.PENDING,
    "healthy": Health.HEALTHY,
    "unhealthy": Health.UNHEALTHY,
}
_EXIT_IN_STATUS = re.compile(r"\((-?\d+)\)")
_CHECK_IN_STATUS = re.compile(r"\((?:health: )?(starting|healthy|unhealthy)\)")
_DEPLOYMENT = re.compile(r"dep_[0-9A-Za-z_]{1,64}")
_PORT = re.compile(r"[1-9][0-9]{0,4}")
_ESTABLISHED = "01"
_EXPOSED = re.compile(r"^(?:/bin/sh -c #\(nop\)\s+)?EXPOSE (.*)", re.DOTALL)
_BY_SHELL = "CMD-SHELL"
_SHELL = ("/bin/sh", "-c")
_LISTENING = "0A"
_SHOWN_ACTIONS = frozenset(
    ("create", "start", "die", "oom", "pause", "unpause", "rename", "destroy", "health")
)


def key_of(labels: Json) -> EnvironmentKey | None:
    """The environment that labels name, if they name one that can be."""
    project, environment = labels.get(names.PROJECT), labels.get(names.ENVIRONMENT)
    if not isinstance(project, str) or not isinstance(environment, str):
        return None
    return None if misnamed(project, environment) else EnvironmentKey(project, environment)


def labels_of(birth: "ContainerSpec") -> dict[str, str]:
    """Everything that is fixed when a deployment's container is made."""
    plan = birth.plan
    return {
        **names.of_environment(names.Role.SERVICE, plan.key),
        names.SERVICE: plan.service,
        names.DEPLOYMENT: plan.deployment,
        names.RUN: plan.run,
        names.IMAGE: birth.image.id,
        names.SPEC: plan.spec.text(),
        names.PORT: "" if birth.port is None else str(birth.port),
        names.CREATED: birth.created.isoformat(),
        names.COMMIT: plan.provenance.commit,
        names.BRANCH: plan.provenance.branch,
        names.DIRTY: "true" if plan.provenance.dirty else "false",
        names.AUTHOR: plan.provenance.author,
        names.PREVIOUS: plan.previous.id if plan.previous else "",
        names.FINGERPRINTS: json.dumps(dict(plan.fingerprints), sort_keys=True),
        **({} if plan.sensitive is None else {names.SENSITIVE: json.dumps(plan.sensitive)}),
    }


def instance_of_row(row: Json) -> Instance | None:
    """A line of the container list. It lacks times, restarts, what a check said, and why it died.

    None when the labels are not those of a deployment.
    """
    status = str(row.get("Status", ""))
    state = _state(str(row.get("State", "")))
    check = _CHECK_IN_STATUS.search(status)
    exit_code = _EXIT_IN_STATUS.search(status) if state is InstanceState.EXITED else None
    plain = next((name for name in row.get("Names") or () if name.count("/") == 1), "")
    born = _born(row.get("Labels") or {})
    if born is None:
        return None
    return Instance(
        **born,
        container=row["Id"],
        name=plain.lstrip("/"),
        image=row.get("ImageID", ""),
        state=state,
        exit_code=int(exit_code[1]) if exit_code else None,
        checked=_CHECKS[check[1]] if check else None,
        address=_address(row, born["key"]) if state is InstanceState.RUNNING else None,
    )


def instance_of_inspect(data: Json) -> Instance | None:
    """Everything about one container. None when the labels are not those of a deployment."""
    said = data["State"]
    state = _state(said["Status"])
    check = said.get("Health") or {}
    outputs = [entry.get("Output", "") for entry in check.get("Log") or ()]
    born = _born(data["Config"].get("Labels") or {})
    if born is None:
        return None
    return Instance(
        **born,
        container=data["Id"],
        name=data["Name"].lstrip("/"),
        image=data["Image"],
        state=state,
        exit_code=said.get("ExitCode") if state is InstanceState.EXITED else None,
        out_of_memory=bool(said.get("OOMKilled")) and state is InstanceState.EXITED,
        started=moment(said.get("StartedAt", "")),
        finished=moment(said.get("FinishedAt", "")),
        restarts=data.get("RestartCount", 0),
        checked=_CHECKS.get(check.get("Status", "")),
        check_output=outputs[-1].strip() if outputs else "",
        address=_address(data, born["key"]) if state is InstanceState.RUNNING else None,
    )


def _born(labels: Json) -> dict[str, Any] | None:
    """What an Instance has from its labels; None when they are not those of a deployment."""
    if misfit_of(labels):
        return None
    port = labels.get(names.PORT, "")
    return {
        "key": key_of(labels),
        "service": labels[names.SERVICE],
        "deployment": labels[names.DEPLOYMENT],
        "run": labels.get(names.RUN, ""),
        "port": int(port) if _PORT.fullmatch(port) else None,
        "spec": labels.get(names.SPEC, ""),
        "provenance": Provenance(
            commit=labels.get(names.COMMIT, ""),
            branch=labels.get(names.BRANCH, ""),
            dirty=labels.get(names.DIRTY) == "true",
            author=labels.get(names.AUTHOR, ""),
        ),
        "fingerprints": _fingerprints(labels.get(names.FINGERPRINTS, "")),
        "sensitive": _keys(labels.get(names.SENSITIVE, "")),
        "previous": labels.get(names.PREVIOUS) or None,
        "created": moment(labels[names.CREATED]),
    }


def misfit_of(labels: Json) -> str:
    """Why labels are not those of a deployment, in words; empty when they are."""
    ours = {name: value for name, value in labels.items() if name.startswith(names.PREFIX)}
    for name, value in ours.items():
        if not isinstance(value, str):
            return f"its label {name} is no text"
        if len(value) > bounds.LABEL_CHARACTERS:
            return f"its label {name} has {len(value)} characters"
    return next((why for right, why in _judged(ours) if not right), "")


def _judged(ours: Json) -> Iterator[tuple[bool, str]]:
    """What labels must be, one by one; each is only asked when those before it are so."""
    for name in (names.PROJECT, names.ENVIRONMENT, names.SERVICE, names.DEPLOYMENT, names.CREATED):
        yield bool(ours.get(name)), f"it has no label {name}"
    yield key_of(ours) is not None, "its labels name no project and environment that can be"
    service, deployment = ours[names.SERVICE], ours[names.DEPLOYMENT]
    yield bool(SERVICE_PATTERN.fullmatch(service)), f"its label {names.SERVICE} is no service name"
    is_deployment = bool(_DEPLOYMENT.fullmatch(deployment))
    yield is_deployment, f"its label {names.DEPLOYMENT} is no deployment"
    yield moment(ours[names.CREATED]) is not None, f"its label {names.CREATED} is no time"


def ports_as_written(image: Image, *orders: tuple[int, ...]) -> Image:
    """With its ports in the first of these orders that has them; the rest by number."""
    wanted = dict.fromkeys(port for order in orders for port in order if port in image.ports)
    return replace(image, ports=tuple(dict.fromkeys((*wanted, *image.ports))))


def ports_of_history(layers: Sequence[Json]) -> tuple[int, ...]:
    """What an image's instructions exposed, the oldest first; within one they are sorted."""
    ports: list[int] = []
    for layer in reversed(layers):
        if found := _EXPOSED.search(str(layer.get("CreatedBy") or "")):
            ports += sorted(exposed(re.sub(r"map\[|:\{\}|[\[\]]", " ", found[1])))
    return tuple(dict.fromkeys(ports))


def image_of(data: Json) -> Image:
    """An inspected image. Its ports are in numerical order: the engine does not keep the file's."""
    config = data.get("Config") or {}
    exposed = (port.partition("/") for port in config.get("ExposedPorts") or ())
    return Image(
        id=data["Id"],
        ports=tuple(sorted(int(number) for number, _, kind in exposed if kind in ("", "tcp"))),
        check=_check_of(config),
        volumes=tuple(sorted(config.get("Volumes") or ())),
        user=config.get("User") or "",
        entrypoint=_words(config.get("Entrypoint")),
        stop_signal=config.get("StopSignal") or "",
    )


def _check_of(config: Json) -> HealthCheck | None:
    found = config.get("Healthcheck") or {}
    how, *words = _words(found.get("Test")) or ("NONE",)
    if how == "NONE" or not words:
        return None
    usual = HealthCheck(command=())
    return HealthCheck(
        command=(*(_words(config.get("Shell")) or _SHELL), *words)
        if how == _BY_SHELL
        else (*words,),
        interval=_nanoseconds(found.get("Interval")) or usual.interval,
        timeout=_nanoseconds(found.get("Timeout")) or usual.timeout,
        start_period=_nanoseconds(found.get("StartPeriod")) or usual.start_period,
    )


def _words(found: Any) -> tuple[str, ...]:  # noqa: ANN401  (a list, a text or nothing)
    return (found,) if isinstance(found, str) else tuple(found or ())


def _nanoseconds(count: int | None) -> timedelta:
    return timedelta(microseconds=(count or 0) / 1000)


def event_of(data: Json, project: str) -> EngineEvent | None:
    """What happened, if it concerns a service or a lock of the project, or the edge.

    And means something.
    """
    labels = (data.get("Actor") or {}).get("Attributes") or {}
    role = labels.get(names.ROLE)
    roles = (names.Role.SERVICE, names.Role.LOCK)
    ours = role in roles and labels.get(names.PROJECT) == project
    action = str(data.get("Action", "")).partition(":")[0].replace("health_status", "health")
    if not (ours or role == names.Role.EDGE) or action not in _SHOWN_ACTIONS:
        return None
    return EngineEvent(
        at=datetime.fromtimestamp(data.get("timeNano", 0) / 1e9, UTC),
        action=action,
        key=key_of(labels) if ours else None,
        service=labels.get(names.SERVICE, ""),
        deployment=labels.get(names.DEPLOYMENT, ""),
    )


def established(table: str, port: int) -> int:
    """How many rows of `/proc/net/tcp` and `tcp6` are established connections *to* `port`."""
    rows = (line.split() for line in table.splitlines())
    return sum(
        len(row) > 3 and row[3] == _ESTABLISHED and row[1].rpartition(":")[2] == f"{port:04X}"
        for row in rows
    )


def listening(table: str) -> tuple[Listener, ...]:
    """The rows of `/proc/net/tcp` and `tcp6` that wait for connections."""
    rows = (line.split() for line in table.splitlines())
    return tuple(
        _listener(*row[1].rpartition(":")[::2])
        for row in rows
        if len(row) > 3 and row[3] == _LISTENING
    )


def _listener(address: str, port: str) -> Listener:
    # The kernel prints an address in words of 32 bits, each as the processor has it.
    words = (bytes.fromhex(address[at : at + 8])[::-1] for at in range(0, len(address), 8))
    found = ip_address(b"".join(words))
    # One of IPv4 that a socket of IPv6 has: `::ffff:127.0.0.1`.
    mapped = found.ipv4_mapped if isinstance(found, IPv6Address) else None
    return Listener(address=str(mapped or found), port=int(port, 16))


def moment(text: str) -> datetime | None:
    """A time as Docker writes it, with up to nine decimals; None for its "never" (the year 1)."""
    try:
        at = datetime.fromisoformat(text)
        return at.astimezone(UTC) if at.year > 1 and at.tzinfo else None
    except (ValueError, TypeError, OverflowError):
        return None


def _state(text: str) -> InstanceState:
    # `dead` and `removing` are on their way out: nothing can run in them any more.
    return _STATES.get(text, InstanceState.EXITED)


def _address(data: Json, key: EnvironmentKey) -> str | None:
    networks = (data.get("NetworkSettings") or {}).get("Networks") or {}
    # Its environment's network, whatever namespace that is in (see `Layout.network`).
    for name, own in networks.items():
        if name.endswith(f".{key.text}"):
            return own.get("IPAddress") or None
    return None


def _fingerprints(text: str) -> dict[str, str]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return {str(k): str(v) for k, v in found.items()} if isinstance(found, dict) else {}


def _keys(text: str) -> tuple[str, ...] | None:
    """The names in a label; None where there are none, as on older containers."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return tuple(str(key) for key in found) if isinstance(found, list) else None
