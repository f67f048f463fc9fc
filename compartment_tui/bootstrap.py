"""The composition root: the one place that names concrete adapters.

Everything is imported when it is asked for, so that `--help` loads neither Docker nor TOML editing.
"""

import os
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from threading import Lock, Thread
from typing import TYPE_CHECKING, TypeVar, cast

from compartment_tui.ports import (
    Builder,
    Certificates,
    Clock,
    DomainNames,
    Dotenv,
    EnginePorts,
    ErrorLog,
    Factories,
    Programs,
    Project,
    ProjectSurvey,
    Secrets,
    Source,
    World,
)

if TYPE_CHECKING:
    from compartment_tui.adapters.docker.api.client import Client
    from compartment_tui.domain.config import EngineSpec
    from compartment_tui.domain.variable import Secret

P = TypeVar("P")
NAMESPACE_VARIABLE = "COMPARTMENT_TUI_NAMESPACE"
"""Names a second, separate edge, state and set of locks on one engine; for tests and benchmarks."""
DEFAULT_NAMESPACE = "compartment"


def entrances() -> Factories:
    """What a front end is given."""
    _hold_identity()
    _hold_path()
    return Factories(
        open_world=open_world,
        init_project=init_project,
        survey_project=survey_project,
        open_demo=open_demo,
        file_schema=file_schema,
        hash_password=hash_password,
    )


def open_world(file: Path | None) -> World:
    """The world of the project file given, or found by walking up from the working directory.

    What reaches Docker loads when it is first asked for something, so that a front end can paint
    before that. Raises NotFound (no project file); EngineUnreachable (the Docker context cannot be
    read) comes with that first question.
    """
    from compartment_tui.adapters.project_file.project import TomlProject

    secrets = open_secrets()
    project = TomlProject.find(None, file, secrets=secrets)
    engines = Engines(lambda spec: _docker_engine(project, spec))
    return _world(project, secrets, engines.open)


def _world(
    project: Project, secrets: Secrets, open_engine: Callable[["EngineSpec | None"], EnginePorts]
) -> World:
    from compartment_tui.adapters.system import SignalCancel, SystemClock, actor

    cancel = SignalCancel()
    clock, ports = SystemClock(cancel), open_engine(None)
    return World(
        engine=ports.engine,
        builder=ports.builder,
        edge=ports.edge,
        locks=ports.locks,
        records=ports.records,
        open_engine=open_engine,
        project=project,
        secrets=secrets,
        dotenv=lazy_port(_dotenv),
        programs=lazy_port(_programs),
        source=lazy_port(cache(lambda: _source(project))),
        domain_names=lazy_port(_domain_names),
        certificates=lazy_port(lambda: _certificates(project, clock)),
        clock=clock,
        cancel=cancel,
        error_log=_error_log(),
        actor=actor(),
    )


def open_secrets() -> Secrets:
    """Reading and writing sensitive values with the user's identity."""
    from compartment_tui.adapters.places import config_directory
    from compartment_tui.adapters.secrets import AgeSecrets

    _hold_identity()
    return AgeSecrets(_identity, config_directory(os.environ))


def _hold_identity() -> None:
    """Take what the environment says of it out of there, before a child is started with it."""
    from compartment_tui.adapters.secrets import IDENTITY_VARIABLE, take_identity

    taken = take_identity(os.environ)
    if IDENTITY_VARIABLE in taken:
        from compartment_tui.adapters.process_guard import hide_process

        hide_process()
    _identity.update(taken)


def _hold_path() -> None:
    """Have only absolute directories on PATH; the person's own one is for what the person runs."""
    from compartment_tui.adapters.process_guard import take_path

    path = take_path(os.environ)
    if path is not None and path != os.environ["PATH"]:
        _path.append(path)


_path: list[str] = []
"""PATH as it was, where that was changed."""


_identity: dict[str, str] = {}
"""What was taken from the environment, for the worlds that are opened."""


def _error_log() -> ErrorLog:
    from compartment_tui.adapters.error_log import FileErrorLog
    from compartment_tui.adapters.places import state_directory

    return FileErrorLog(lambda: state_directory(os.environ))


def _source(project: Project) -> Source:
    from compartment_tui.adapters.git import GitSource

    return GitSource(project.root)


def _domain_names() -> DomainNames:
    from compartment_tui.adapters.domain_names import SystemDomainNames

    return SystemDomainNames()


def _certificates(project: Project, clock: Clock) -> Certificates:
    from compartment_tui.adapters.certificates import PemCertificates

    return PemCertificates(project.named_text, clock.now)


def _dotenv() -> Dotenv:
    from compartment_tui.adapters.dotenv import DotenvText

    return DotenvText()


def _programs() -> Programs:
    from compartment_tui.adapters.programs import LocalPrograms

    return LocalPrograms(_path[0] if _path else None)


def docker_ports(
    project: Project, client: "Client", *, namespace: str, swarm: "EngineSpec | None" = None
) -> EnginePorts:
    """The ports of a Docker engine, or of a Swarm that the file names; nothing is asked yet."""
    from compartment_tui.adapters.docker.api.resource_names import ResourceNames
    from compartment_tui.adapters.docker.edge.edge import DockerEdge
    from compartment_tui.adapters.docker.engine import DockerEngine
    from compartment_tui.adapters.docker.lock.locks import DockerLocks
    from compartment_tui.adapters.docker.records import DockerRecords

    @cache
    def builder() -> Builder:
        # How images are made takes as long to load as the rest, and looking around makes none.
        from compartment_tui.adapters.docker.build.builder import DockerBuilder

        return DockerBuilder(client, project)

    if swarm is not None:
        made_here = lazy_port(builder, warm_up=_find_build_command)
        return _swarm_ports(client, made_here, namespace, swarm.registry)
    layout = ResourceNames(namespace=namespace)
    engine = DockerEngine(client, layout)
    return EnginePorts(
        engine=engine,
        builder=lazy_port(builder, warm_up=_find_build_command),
        edge=DockerEdge(client, layout),
        locks=DockerLocks(client, engine, layout),
        records=DockerRecords(client, layout),
    )


def _swarm_ports(client: "Client", builder: Builder, namespace: str, registry: str) -> EnginePorts:
    from compartment_tui.adapters.docker.api.resource_names import SwarmNames
    from compartment_tui.adapters.docker.swarm.builder import SwarmBuilder
    from compartment_tui.adapters.docker.swarm.edge import SwarmEdge
    from compartment_tui.adapters.docker.swarm.engine import SwarmEngine
    from compartment_tui.adapters.docker.swarm.home import at_home
    from compartment_tui.adapters.docker.swarm.locks import SwarmLocks, SwarmRecords

    layout = SwarmNames(namespace=namespace)
    engine = SwarmEngine(client, layout, registry)
    return EnginePorts(
        engine=engine,
        builder=SwarmBuilder(builder, engine.spread_image),
        edge=at_home(SwarmEdge(client, layout), engine.claim),
        locks=at_home(SwarmLocks(client, engine, layout), engine.claim),
        records=at_home(SwarmRecords(client, layout), engine.claim),
    )


def docker_world(
    project: Project, client: "Client", *, namespace: str, swarm: "EngineSpec | None" = None
) -> World:
    """A world on a Docker engine, whatever the project file names; nothing is asked of it yet."""
    ports = docker_ports(project, client, namespace=namespace, swarm=swarm)
    return _world(project, open_secrets(), lambda _spec: ports)


class Engines:
    """The engines of a process: each has its ports, opened when first asked, and once."""

    def __init__(self, connect: "Callable[[EngineSpec | None], EnginePorts]") -> None:
        self._connect = connect
        self._known: dict[EngineSpec | None, EnginePorts] = {}

    def open(self, spec: "EngineSpec | None") -> EnginePorts:
        """Those of a named engine, or of the docker command's; one that is named anew is another.

        What is asked of them raises EngineUnreachable where the engine's place cannot be told.
        """
        ports = LazyPorts(lambda: self._connect(spec))
        # Of two that are made at once the same one is given to everybody.
        return self._known.setdefault(
            spec,
            EnginePorts(
                engine=lazy_port(lambda: ports().engine),
                builder=lazy_port(lambda: ports().builder),
                edge=lazy_port(lambda: ports().edge),
                locks=lazy_port(lambda: ports().locks),
                records=lazy_port(lambda: ports().records),
            ),
        )


class LazyPorts:
    """Opens an engine's ports once, whoever asks first; when that fails, the next one tries again.

    A status asks several ports at once, each in a thread, and nothing in `functools` has a lock.
    """

    def __init__(self, open_them: Callable[[], EnginePorts]) -> None:
        self._open = open_them
        self._ports: EnginePorts | None = None
        self._lock = Lock()

    def __call__(self) -> EnginePorts:
        with self._lock:
            if self._ports is None:
                self._ports = self._open()
            return self._ports


class LazyPort:
    """Stands for a port until somebody asks it for something.

    What is named besides is done without it: to get warm must not load what is not needed yet.
    """

    def __init__(self, port: Callable[[], object], **own: Callable[[], None]) -> None:
        self._port = port
        self.__dict__.update(own)

    def __getattr__(self, name: str) -> object:
        return getattr(self._port(), name)


def lazy_port(port: Callable[[], P], **own: Callable[[], None]) -> P:
    """A port of the same kind, opened when it is first asked for something else than `own`."""
    return cast(P, LazyPort(port, **own))


def _find_build_command() -> None:
    from compartment_tui.adapters.docker.build.build_command import find_build_command

    Thread(target=find_build_command, daemon=True).start()


def _docker_engine(project: Project, spec: "EngineSpec | None") -> EnginePorts:
    from compartment_tui.adapters.docker.api.client import connect

    namespace = os.environ.get(NAMESPACE_VARIABLE) or DEFAULT_NAMESPACE
    swarm = spec if spec is not None and spec.swarm else None
    return docker_ports(project, connect(spec), namespace=namespace, swarm=swarm)


def init_project(directory: Path, name: str | None) -> ProjectSurvey:
    """Write a project file into a directory. Raises UsageProblem when there is one."""
    from compartment_tui.adapters.project_file.init import init_project as write

    return write(directory, name, open_secrets())


def survey_project(directory: Path) -> ProjectSurvey:
    """What a project file for a directory would hold. Raises UsageProblem when there is one."""
    from compartment_tui.adapters.project_file.init import survey_project as survey

    return survey(directory)


def open_demo() -> World:
    """A pretended machine with services that live."""
    from compartment_tui.adapters.demo.demo import demo_world

    return demo_world()


def hash_password(password: "Secret") -> str:
    """A password's hash. Raises UsageProblem."""
    from compartment_tui.adapters.passwords import hash_password as make

    return make(password)


def file_schema() -> Mapping[str, object]:
    """The JSON Schema of compartment.toml."""
    from compartment_tui.adapters.project_file.schema import json_schema

    return json_schema()
