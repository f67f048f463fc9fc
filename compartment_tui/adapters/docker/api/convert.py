"""Docker's JSON to our words, and back. Pure: the shape of that JSON is known here."""

import json
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from compartment_tui.adapters.docker.api import labels as names
from compartment_tui.domain import bounds
from compartment_tui.domain.deployment import (
    Health,
    Instance,
    InstanceState,
    Provenance,
)
from compartment_tui.domain.names import SERVICE_PATTERN, EnvironmentKey, misnamed
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
_REPLICA = re.compile(r"[2-9]|[1-9][0-9]{1,2}")
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
        **({names.INNER: " ".join(birth.inner)} if birth.inner else {}),
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
    born = born_of(row.get("Labels") or {})
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
    born = born_of(data["Config"].get("Labels") or {})
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


def born_of(labels: Json) -> dict[str, Any] | None:
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
        "inner": tuple(labels.get(names.INNER, "").split()),
        "number": int(labels.get(names.REPLICA, "1")),
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
    right = bool(_REPLICA.fullmatch(ours.get(names.REPLICA, "2")))
    yield right, f"its label {names.REPLICA} is no number of a replica"
    is_deployment = bool(_DEPLOYMENT.fullmatch(deployment))
    yield is_deployment, f"its label {names.DEPLOYMENT} is no deployment"
    yield moment(ours[names.CREATED]) is not None, f"its label {names.CREATED} is no time"


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
    number = labels.get(names.REPLICA, "1")
    return EngineEvent(
        at=datetime.fromtimestamp(data.get("timeNano", 0) / 1e9, UTC),
        action=action,
        key=key_of(labels) if ours else None,
        service=labels.get(names.SERVICE, ""),
        deployment=labels.get(names.DEPLOYMENT, ""),
        replica=int(number) if _REPLICA.fullmatch(number) else 1,
    )


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
