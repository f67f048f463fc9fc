"""The configuration of a project, as its file says once that is known to be right.

Durations are `timedelta`, memory is bytes, paths are POSIX and relative to the repository.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from enum import StrEnum
from functools import lru_cache
from typing import Any

from compartment_tui.domain.names import DEFAULT_ENVIRONMENT
from compartment_tui.domain.public_side import (
    Access,
    CertificateSource,
    PublicSpec,
    Rule,
    Traffic,
    WantedPublicSide,
)
from compartment_tui.domain.seals import SealPlace
from compartment_tui.domain.variable import Layers, Scope, Variable


class Kind(StrEnum):
    """What a service is. All but `worker` own a route."""

    WEB = "web"
    API = "api"
    STATIC = "static"
    WORKER = "worker"

    @property
    def routed(self) -> bool:
        return self is not Kind.WORKER


class Internal(StrEnum):
    """How other services of its environment reach a routed service."""

    EDGE = "edge"
    DIRECT = "direct"


class Scheme(StrEnum):
    """How the edge speaks to a service."""

    HTTP = "http"
    H2C = "h2c"
    """HTTP/2 without TLS, as gRPC has it."""
    HTTPS = "https"


class ReadinessKind(StrEnum):
    HTTP = "http"
    TCP = "tcp"
    COMMAND = "command"


SUCCESS = ((200, 299),)
"""The statuses of HTTP that mean ready when nobody says otherwise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Readiness:
    """How to ask a candidate whether it can take traffic."""

    kind: ReadinessKind
    path: str = "/healthz"
    status: tuple[tuple[int, int], ...] = SUCCESS
    """For http: the ranges of statuses that mean ready, both ends included."""
    headers: tuple[tuple[str, str], ...] = ()
    """For http: sent with the question, in place of ours where the names are equal."""
    port: int | None = None
    """Where to ask, when that is not the service's own port."""
    command: tuple[str, ...] = ()
    interval: timedelta = timedelta(milliseconds=500)
    timeout: timedelta = timedelta(seconds=30)
    attempt_timeout: timedelta = timedelta(seconds=2)

    @property
    def host(self) -> str | None:
        """The host it is asked as; None when it does not say."""
        return next((value for name, value in self.headers if name.lower() == "host"), None)

    def accepts(self, status: int) -> bool:
        """Whether an answer with that status means ready."""
        return any(low <= status <= high for low, high in self.status)


UNDECLARED = Readiness(kind=ReadinessKind.TCP)
"""What a routed service is asked that declares no readiness: to accept a connection."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildSecret:
    """What a build step may read and the image never has. Exactly one source is given."""

    id: str
    """As `RUN --mount=type=secret,id=…` names it."""
    variable: str | None = None
    """A variable, whose value in the environment it is."""
    file: str | None = None
    """A file of the working tree, relative to the project file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Build:
    """How to make the image from the service's path."""

    dockerfile: str = "Dockerfile"
    target: str | None = None
    args: tuple[tuple[str, str], ...] = ()
    secrets: tuple[BuildSecret, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """A command that runs once in the new image, with its values, before the candidate starts."""

    command: tuple[str, ...]
    timeout: timedelta = timedelta(minutes=10)


MOST_PIDS = 4096
"""How many processes and threads a container may have when the file does not say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a container may use; None is no limit. `memory` is in bytes, `pids` counts threads."""

    cpus: float | None = None
    memory: int | None = None
    pids: int = MOST_PIDS


HOLD = timedelta(seconds=30)
MOST_REPLICAS = 50
"""How many of a service may run side by side."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceSpec:
    """One `[services.X]` table. Exactly one of `path` and `image` is given."""

    name: str
    kind: Kind = Kind.WEB
    path: str | None = None
    image: str | None = None
    build: Build = field(default_factory=Build)
    port: int | None = None
    command: tuple[str, ...] | None = None
    release: Release | None = None
    readiness: Readiness | None = None
    settle: timedelta = timedelta(seconds=1)
    drain_timeout: timedelta = timedelta(seconds=30)
    stop_grace: timedelta = timedelta(seconds=10)
    hold: timedelta = HOLD
    """How long requests may wait while a single writer with a route is replaced; none: not."""
    requires: tuple[str, ...] = ()
    limits: Limits = field(default_factory=Limits)
    volumes: tuple[tuple[str, str], ...] = ()
    init: bool = False
    """Whether Docker's init process is the first of its container: it passes signals on."""
    new_privileges: bool = False
    """Whether its programs may get more than they were started with: setuid, file capabilities."""
    fallback: str = ""
    """Of a static one: the page it answers with, as found, where there is no such file."""
    internal: Internal = Internal.EDGE
    scheme: Scheme = Scheme.HTTP
    verify: bool = True
    """Of https: whether the certificate that the service shows has to be a good one."""
    traffic: Traffic = Traffic()
    """What the edge does on the way in: no part of how it runs."""
    replicas: int = 1
    """How many of it run side by side where an environment does not say: no part of how it runs."""

    @property
    def stop_first(self) -> bool:
        """Whether two of it must not run at once: workers, and services with volumes."""
        return self.kind is Kind.WORKER or bool(self.volumes)

    @property
    def alone(self) -> str:
        """Why only one of it can run, in words; empty when several can."""
        if self.volumes:
            return "it keeps data in a volume"
        if self.kind.routed and self.internal is Internal.DIRECT:
            return 'with internal = "direct" its name leads to one container'
        return ""

    def text(self) -> str:
        """How it runs, as canonical JSON: equal texts mean that nothing needs replacing.

        Where the image came from is left out; the image id says what it is. So are `traffic` and
        `replicas`.
        """
        return json.dumps(_plain(self), sort_keys=True, separators=(",", ":"))

    @staticmethod
    @lru_cache  # most deployments of a service say the same
    def of_text(text: str) -> "ServiceSpec":
        """Read back what `text()` wrote. Raises ValueError when it is not that."""
        try:
            return _spec(json.loads(text))
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"not a service specification: {error}") from error


@dataclass(frozen=True, slots=True, kw_only=True)
class EnvironmentConfig:
    """One `[environments.X]` table."""

    name: str
    protected: bool = False
    variables: Mapping[str, Variable] = field(default_factory=dict)
    services: Mapping[str, Mapping[str, Variable]] = field(default_factory=dict)
    build_args: Mapping[str, tuple[tuple[str, str], ...]] = field(default_factory=dict)
    """By service: build arguments that are others here."""
    public: Mapping[str, PublicSpec] = field(default_factory=dict)
    """By service: its hosts here."""
    replicas: Mapping[str, int] = field(default_factory=dict)
    """By service: how many of it run here, where that is another number."""
    access: Access = Access()
    engine: str = ""
    """Which engine it is on; empty: the docker command's."""

    def with_build_args(self, spec: ServiceSpec) -> ServiceSpec:
        """The service as it is built here: this environment's arguments win, name by name."""
        own = self.build_args.get(spec.name, ())
        if not own:
            return spec
        args = tuple(sorted({**dict(spec.build.args), **dict(own)}.items()))
        return replace(spec, build=replace(spec.build, args=args))

    def each(self, change: Callable[[str | None, Variable], Variable]) -> "EnvironmentConfig":
        """With every variable as `change` makes it: it is told the service, None for everyone's."""
        return replace(
            self,
            variables={key: change(None, one) for key, one in self.variables.items()},
            services={
                service: {key: change(service, one) for key, one in own.items()}
                for service, own in self.services.items()
            },
        )

    def scopes(self) -> tuple[tuple[str | None, Mapping[str, Variable]], ...]:
        """Everyone's variables, then each service's own."""
        return ((None, self.variables), *self.services.items())

    def layers(self, service: str) -> Layers:
        """The declared variables of one service, by scope."""
        return {
            Scope.SERVICE: self.services.get(service, {}),
            Scope.ENVIRONMENT: self.variables,
        }


class BuildPlace(StrEnum):
    """Where the images of an engine's environments are built."""

    ENGINE = "engine"
    """There."""
    LOCAL = "local"
    """By the docker command's engine; they are carried from there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineSpec:
    """One `[engines.X]` table. Exactly one of `address` and `context` is given."""

    name: str
    address: str = ""
    """`ssh://…`, `tcp://…` or `unix://…`."""
    context: str = ""
    """A context of the docker command, which has the address."""
    registry: str = ""
    """`HOST/PATH`: what images are carried by."""
    build_on: BuildPlace = BuildPlace.ENGINE
    swarm: bool = False
    """It is a manager of a Swarm, and deployments are services of that."""
    edge: "EdgeSettings | None" = None
    """`[edge]` as it is there, where that is something else."""


USUAL_ENGINE = "default"
"""What the docker command's own engine is called where a person names one; no table has it."""


def engine_label(name: str) -> str:
    """What an engine is called where engines are told apart."""
    return name or USUAL_ENGINE


INNER_PORTS = (80, 3000, 4000, 5000, 8000, 8080, 9000)
"""Where every edge takes calls of an environment's own services."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AcmeSettings:
    """`[edge.acme]`: the certificate authority that domains get their certificates from."""

    email: str = ""
    """Whom it writes to; empty: nobody is asked for certificates."""
    server: str = ""
    """Its directory's address; empty: Let's Encrypt."""
    staging: bool = False
    """Certificates are for trying only."""
    ca: str = ""
    """The file with the certificate of who signs for `server`, where that is a private one."""
    lifetime: int = 0
    """For how many hours its certificates are good, where that is not some months."""
    authority: str = ""
    """What is in that file, once it was read."""

    @property
    def asked(self) -> "AcmeSettings":
        """Only what an edge is started with: whom it asks, and in whose name."""
        return replace(self, staging=False, ca="")

    @property
    def source(self) -> CertificateSource:
        """Where a domain's certificate comes from when no other is given."""
        if not self.email:
            return CertificateSource.NONE
        return CertificateSource.STAGING if self.staging else CertificateSource.ACME


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateSpec:
    """One of `[[edge.certificates]]`. Exactly one of `key` and `variable` is given."""

    cert: str
    """A file with the certificate, and with those that sign for it behind."""
    key: str = ""
    """A file with its key, outside the repository."""
    variable: str = ""
    """The sensitive variable that is the key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EdgeSettings:
    """`[edge]`: what the engine's one reverse proxy listens on."""

    bind: str = "127.0.0.1"
    http_port: int = 8080
    https_port: int = 8443
    """0: none."""
    inner_ports: tuple[int, ...] = INNER_PORTS
    """Where it takes calls of an environment's own services. More of them suit everybody."""
    acme: AcmeSettings = AcmeSettings()
    trusted_proxies: tuple[str, ...] = ()
    """Addresses and networks whose word on who a visitor is, and how they came, is taken."""

    def suits(self, wanted: "EdgeSettings", *, earlier: bool) -> bool:
        """Whether an edge that listens so is what is wanted.

        One of an `earlier` version has no HTTPS: it does until somebody replaces it. Whom it trusts
        and asks for certificates keeps nobody from using it.
        """
        wanted = replace(
            wanted,
            inner_ports=self.inner_ports,
            acme=self.acme,
            trusted_proxies=self.trusted_proxies,
        )
        return self == (replace(wanted, https_port=self.https_port) if earlier else wanted)

    def beside(self, others: "EdgeSettings") -> "EdgeSettings":
        """These, and the inner ports that others have, too.

        Whoever asks for no certificates leaves it at whom the others ask.
        """
        both = {*self.inner_ports, *others.inner_ports}
        acme = self.acme if self.acme.email else others.acme
        return replace(self, inner_ports=tuple(sorted(both)), acme=acme)

    def falls_short(self, wanted: "EdgeSettings") -> tuple[str, ...]:
        """In words, what an edge with these does not do though it is wanted."""
        found = []
        if wanted.acme.email and self.acme.asked != wanted.acme.asked:
            asked = self.acme.server or "Let's Encrypt"
            found.append(
                f"asks {asked} for certificates in the name of {self.acme.email}"
                if self.acme.email
                else "asks nobody for certificates"
            )
        if wanted.trusted_proxies and self.trusted_proxies != wanted.trusted_proxies:
            found.append("does not take the word of these `trusted_proxies`")
        return tuple(found)


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkSettings:
    """`[networks]`: where the environments' subnets are taken from; `size` is a prefix length."""

    pool: str = "10.201.0.0/16"
    size: int = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectConfig:
    """A whole `compartment.toml`."""

    name: str
    base_domain: str = "localhost"
    static_image: str = "busybox:1"
    services: tuple[ServiceSpec, ...] = ()
    environments: tuple[EnvironmentConfig, ...] = ()
    edge: EdgeSettings = field(default_factory=EdgeSettings)
    networks: NetworkSettings = field(default_factory=NetworkSettings)
    keep: int = 5
    recipients: tuple[str, ...] = ()
    rules: tuple[Rule, ...] = ()
    """`[[routes]]`, in the order of the file."""
    certificates: tuple[CertificateSpec, ...] = ()
    """`[[edge.certificates]]`."""
    engines: tuple[EngineSpec, ...] = ()

    def engine(self, name: str) -> EngineSpec | None:
        """The engine's table."""
        return next((spec for spec in self.engines if spec.name == name), None)

    def engine_of(self, environment: str) -> str:
        """Which engine an environment is on; empty: the docker command's."""
        return self.environment(environment).engine

    def service(self, name: str) -> ServiceSpec | None:
        return next((spec for spec in self.services if spec.name == name), None)

    @property
    def edge_for_services(self) -> EdgeSettings:
        """`[edge]`, with every port of a routed service for inner calls."""
        own = {spec.port for spec in self.services if spec.kind.routed and spec.port is not None}
        acme = self.edge.acme.asked
        return replace(self.edge, inner_ports=tuple(sorted({*INNER_PORTS, *own})), acme=acme)

    @property
    def environments_or_default(self) -> tuple[EnvironmentConfig, ...]:
        """The declared environments; of a file that declares none, the default one."""
        return self.environments or (EnvironmentConfig(name=DEFAULT_ENVIRONMENT),)

    def environment(self, name: str) -> EnvironmentConfig:
        """The environment's table, or an empty one: an environment need not be declared."""
        declared = (known for known in self.environments if known.name == name)
        return next(declared, EnvironmentConfig(name=name))

    def at_engine(self, name: str) -> "ProjectConfig":
        """The file as it is for what is on that engine: with the edge that it has there."""
        spec = self.engine(name)
        return self if spec is None or spec.edge is None else replace(self, edge=spec.edge)

    def replicas_of(self, environment: str, service: str) -> int:
        """How many of a service the file wants there; 1 of one that it does not name."""
        spec = self.service(service)
        own = self.environment(environment).replicas
        return own.get(service, spec.replicas if spec else 1)

    def wanted_public(self, environment: str, certified: tuple[str, ...] = ()) -> WantedPublicSide:
        """What the file wants of an environment's public side.

        `certified` are the names that `certificates` are for.
        """
        own = self.environment(environment)
        return WantedPublicSide(
            services=own.public,
            traffic={spec.name: spec.traffic for spec in self.services},
            access=replace(own.access, behind=self.edge.trusted_proxies),
            rules=self.rules,
            certified=certified,
            authority=self.edge.acme.source,
            http_port=self.edge.http_port,
            https_port=self.edge.https_port,
        )

    def sealed(self) -> Iterator[tuple[SealPlace, str]]:
        """Every encrypted text of the file, and where it stands."""
        for environment in self.environments:
            for service, variables in environment.scopes():
                for key, variable in variables.items():
                    if variable.sealed is not None:
                        place = self.seal_place(environment.name, service, key)
                        yield place, variable.sealed

    def seal_place(self, environment: str, service: str | None, key: str) -> SealPlace:
        """What a sensitive value of that scope is sealed for."""
        return SealPlace(project=self.name, environment=environment, service=service, key=key)


def _plain(spec: ServiceSpec) -> dict[str, Any]:
    readiness, release = spec.readiness, spec.release
    return {
        "name": spec.name,
        "kind": spec.kind.value,
        "port": spec.port,
        "command": spec.command,
        "release": None
        if release is None
        else {"command": release.command, "timeout": release.timeout.total_seconds()},
        "readiness": None
        if readiness is None
        else {
            "kind": readiness.kind.value,
            "path": readiness.path,
            "command": readiness.command,
            "interval": readiness.interval.total_seconds(),
            "timeout": readiness.timeout.total_seconds(),
            "attempt": readiness.attempt_timeout.total_seconds(),
            **_beyond_default(readiness),
        },
        "settle": spec.settle.total_seconds(),
        "drain": spec.drain_timeout.total_seconds(),
        "grace": spec.stop_grace.total_seconds(),
        "requires": spec.requires,
        "limits": {
            "cpus": spec.limits.cpus,
            "memory": spec.limits.memory,
            **({} if spec.limits.pids == MOST_PIDS else {"pids": spec.limits.pids}),
        },
        "volumes": spec.volumes,
        # Left out at its default: what was recorded before there was such a key stays equal.
        **({"init": True} if spec.init else {}),
        **({"new_privileges": True} if spec.new_privileges else {}),
        # Left out where it is not given, as in texts that were written before there was one.
        **({"fallback": spec.fallback} if spec.fallback else {}),
        **({"internal": "direct"} if spec.internal is Internal.DIRECT else {}),
        **({} if spec.hold == HOLD else {"hold": spec.hold.total_seconds()}),
        **({} if spec.scheme is Scheme.HTTP else {"scheme": spec.scheme.value}),
        **({} if spec.verify else {"verify": False}),
    }


def _beyond_default(readiness: Readiness) -> dict[str, Any]:
    """What older versions did not know is left out while it says nothing: texts stay equal."""
    values = {
        "status": None if readiness.status == SUCCESS else readiness.status,
        "headers": readiness.headers or None,
        "port": readiness.port,
    }
    return {key: value for key, value in values.items() if value is not None}


def _spec(plain: dict[str, Any]) -> ServiceSpec:
    readiness, release = plain["readiness"], plain["release"]
    return ServiceSpec(
        name=plain["name"],
        kind=Kind(plain["kind"]),
        port=plain["port"],
        command=None if plain["command"] is None else tuple(plain["command"]),
        release=None
        if release is None
        else Release(
            command=tuple(release["command"]), timeout=timedelta(seconds=release["timeout"])
        ),
        readiness=None
        if readiness is None
        else Readiness(
            kind=ReadinessKind(readiness["kind"]),
            path=readiness["path"],
            command=tuple(readiness["command"]),
            interval=timedelta(seconds=readiness["interval"]),
            timeout=timedelta(seconds=readiness["timeout"]),
            attempt_timeout=timedelta(seconds=readiness["attempt"]),
            status=tuple((low, high) for low, high in readiness.get("status", SUCCESS)),
            headers=tuple((name, value) for name, value in readiness.get("headers", ())),
            port=readiness.get("port"),
        ),
        settle=timedelta(seconds=plain["settle"]),
        drain_timeout=timedelta(seconds=plain["drain"]),
        stop_grace=timedelta(seconds=plain["grace"]),
        requires=tuple(plain["requires"]),
        limits=Limits(**plain["limits"]),
        volumes=tuple((name, path) for name, path in plain["volumes"]),
        init=bool(plain.get("init", False)),
        new_privileges=bool(plain.get("new_privileges", False)),
        fallback=plain.get("fallback", ""),
        internal=Internal(plain.get("internal", Internal.EDGE)),
        hold=timedelta(seconds=plain["hold"]) if "hold" in plain else HOLD,
        scheme=Scheme(plain.get("scheme", Scheme.HTTP)),
        verify=bool(plain.get("verify", True)),
    )
