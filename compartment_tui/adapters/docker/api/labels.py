"""The labels that say which container, network or volume is ours, and what is fixed at its birth.

Values may hold any Unicode text: the engine compares label filters exactly.
"""

from enum import StrEnum

from compartment_tui.domain.names import EnvironmentKey

PREFIX = "compartment."

ROLE = PREFIX + "role"
PROJECT = PREFIX + "project"
ENVIRONMENT = PREFIX + "environment"
SERVICE = PREFIX + "service"
DEPLOYMENT = PREFIX + "deployment"
RUN = PREFIX + "run"
SPEC = PREFIX + "spec"
PORT = PREFIX + "port"
CREATED = PREFIX + "created"
COMMIT = PREFIX + "commit"
BRANCH = PREFIX + "branch"
DIRTY = PREFIX + "dirty"
AUTHOR = PREFIX + "author"
PREVIOUS = PREFIX + "previous"
FINGERPRINTS = PREFIX + "fingerprints"
SENSITIVE = PREFIX + "sensitive"
INNER = PREFIX + "inner"
"""The services that it reaches through the edge."""
REPLICA = PREFIX + "replica"
"""Which replica of its deployment it is, where it is not the first."""
IMAGE = PREFIX + "image"
"""The image's id. An image that is made of the container passes the label on, and has another."""


class Role(StrEnum):
    """What a container, network or volume is for."""

    SERVICE = "service"
    RELEASE = "release"
    EDGE = "edge"
    LOCK = "lock"
    STATE = "state"
    DRAIN = "drain"
    NETWORK = "network"
    VOLUME = "volume"
    TASK = "task"
    """A container that a Swarm makes for a deployment's service, on whichever machine."""
    HOME = "home"
    """What says on which machine of a Swarm the edge and the records are."""
    RECORD = "record"
    """A copy of an environment's record and routes, with the managers of a Swarm."""


def of_environment(role: Role, key: EnvironmentKey) -> dict[str, str]:
    """The labels of something that belongs to one environment."""
    return {ROLE: role.value, PROJECT: key.project, ENVIRONMENT: key.environment}


def of_replica(number: int) -> dict[str, str]:
    """What a replica has beside its deployment's: the first has nothing."""
    return {} if number == 1 else {REPLICA: str(number)}


def filters(role: Role, key: EnvironmentKey | None = None, **more: str) -> dict[str, list[str]]:
    """The SDK's `filters` for everything of a role, of one environment if given.

    `more` are further labels by their short name: `filters(Role.SERVICE, deployment="dep_…")`.
    """
    wanted = {ROLE: role.value} if key is None else of_environment(role, key)
    return _filters(wanted | {PREFIX + name: value for name, value in more.items()})


def any_role(**labels: str) -> dict[str, list[str]]:
    """As `filters`, whatever the role: `any_role(project=…, environment=…)`."""
    return _filters({PREFIX + name: value for name, value in labels.items()})


def _filters(wanted: dict[str, str]) -> dict[str, list[str]]:
    return {"label": [f"{name}={value}" for name, value in wanted.items()]}


def volume_name(key: EnvironmentKey, service: str, volume: str) -> str:
    """The named volume behind one entry of a service's `volumes`."""
    return f"compartment.{key.text}.{service}.{volume}"
