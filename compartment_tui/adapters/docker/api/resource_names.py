"""What our few containers and volumes are called, and where things lie in them.

`namespace` is `compartment` wherever people deploy; tests run a second edge beside a real one.
"""

from dataclasses import dataclass

from compartment_tui.domain.names import LABEL_LIMIT, EnvironmentKey, slug

ROUTES = "/routes"
"""The routes volume in every container of ours: the directory that the edge watches."""
UNFINISHED = f"{ROUTES}/unfinished"
"""Where a document lies until it is whole: a file that comes into the watched directory itself
would make the edge read them all, find nothing new, and then not look for 50 ms."""
CERTIFICATE = f"{ROUTES}/edge/certificate.toml"
"""The edge's own certificate: read with the documents, and none of any environment's."""
PROOF = f"{ROUTES}/edge/proof.toml"
"""By which the edge says which one it is."""
INNER = f"{ROUTES}/edge"
"""A document per environment, for inner calls."""
STATE = "/state"
"""The state volume in every container of ours but the edge."""
RECORDS = f"{STATE}/records"
"""A directory per environment, read as one: each time the engine hands out files it starts a
process, which takes longer than all other questions together, and a directory is no slower."""
RECORD_FILE = "record.toml"
SHELF = f"{STATE}/shelf"
"""A directory per environment, with what was put away from its record."""
AUDIT = f"{STATE}/audit"
INDEX = f"{STATE}/index"
"""One tiny file per record, with the names that its file name may only hint at."""
ASIDE = f"{STATE}/aside"
KEY_FILE = "fingerprint.key"
FINGERPRINT_KEY = f"{STATE}/{KEY_FILE}"
"""Each environment's directory has a link to it, so that it is read with the record."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceNames:
    """What our containers, networks and volumes are called on an engine."""

    namespace: str = "compartment"

    def within(self, engine: str) -> str:
        """What an engine is called by those who share its edge and state with nobody else."""
        return f"{engine} {self.namespace}"

    @property
    def edge(self) -> str:
        return f"{self.namespace}-edge"

    @property
    def routes_volume(self) -> str:
        return f"{self.namespace}-routes"

    @property
    def state_volume(self) -> str:
        return f"{self.namespace}-state"

    @property
    def certificates_volume(self) -> str:
        return f"{self.namespace}-certificates"

    @property
    def engine_lock(self) -> str:
        return f"{self.namespace}-lock-engine"

    @property
    def network_prefix(self) -> str:
        """How the names of the environments' networks begin."""
        return f"{self.namespace}."

    @property
    def volumes(self) -> dict[str, str]:
        """Both volumes and where they are mounted.

        Each is read through a container of the same name that never runs.
        """
        return {self.state_volume: STATE, self.routes_volume: ROUTES}

    def lock(self, key: EnvironmentKey) -> str:
        return f"{self.namespace}-lock.{key.text}"

    def network(self, key: EnvironmentKey) -> str:
        return f"{self.network_prefix}{key.text}"


class SwarmNames(ResourceNames):
    """The same in a Swarm, whose networks have names without dots, of 63 characters at most."""

    @property
    def network_prefix(self) -> str:
        return f"{self.namespace}_"

    def network(self, key: EnvironmentKey) -> str:
        room = LABEL_LIMIT - len(self.network_prefix) - len(key.identifier) - 1
        words = slug(f"{key.project}-{slug(key.environment)}", limit=room)
        return f"{self.network_prefix}{words}_{key.identifier}"


def standing_path(key: EnvironmentKey) -> str:
    """The directory with the environment's record and the key for its fingerprints."""
    return f"{RECORDS}/{key.text}"


def record_path(key: EnvironmentKey) -> str:
    """Where the environment's record lies."""
    return f"{standing_path(key)}/{RECORD_FILE}"


def archive_path(key: EnvironmentKey) -> str:
    """Where the environment's old history lies."""
    return f"{SHELF}/{key.text}"


def index_path(key: EnvironmentKey) -> str:
    """Where the index says which environment that is."""
    return f"{INDEX}/{key.text}.toml"


def audit_path(key: EnvironmentKey) -> str:
    """Where the audit lines lie once the record has gone."""
    return f"{AUDIT}/{key.text}.toml"


def route_path(key: EnvironmentKey) -> str:
    """Where the environment's route document lies."""
    return f"{ROUTES}/{key.text}.toml"


def inner_path(key: EnvironmentKey) -> str:
    """Where the document lies that leads inner calls to what the route document says.

    Below the watched directory: it is read with the route document that is renamed after it, and
    clients of an earlier version leave it alone.
    """
    return f"{INNER}/{key.text}.toml"


def certificates_path(key: EnvironmentKey) -> str:
    """Where the document lies with the environment's own certificates, and their keys."""
    return f"{INNER}/certificates/{key.text}.toml"


def unfinished_path(key: EnvironmentKey) -> str:
    """Where the environment's route document lies until it is whole."""
    return f"{UNFINISHED}/{key.text}"
