"""One thing at a time: names and values, where a table would be too narrow."""

from collections.abc import Iterator
from datetime import datetime

from compartment_tui.domain.config import (
    MOST_PIDS,
    SUCCESS,
    Internal,
    Readiness,
    ReadinessKind,
    ServiceSpec,
)
from compartment_tui.domain.deployment import Deployment, Instance
from compartment_tui.domain.detail_views import Deletion, DeploymentView, InspectView
from compartment_tui.domain.engine import EngineInfo, LockInfo
from compartment_tui.domain.refusal import statuses_text
from compartment_tui.domain.views import (
    EnvironmentStatus,
    EnvironmentView,
    Left,
    ServiceStatus,
)
from compartment_tui.present.replicas import (
    by_hand_words,
    by_node_words,
    replica_cell,
    replicas_cell,
)
from compartment_tui.present.tables import (
    available_cell,
    commit_cell,
    deployment_cell,
    health_cell,
)
from compartment_tui.present.text import (
    age,
    clean,
    duration,
    left_words,
    on_engine,
    short_id,
    show,
    show_name,
    size,
    variable_words,
)
from compartment_tui.present.tone import Cell, Line, Tone, line, with_symbol

Fact = tuple[str, Cell]


def inspect_facts(view: InspectView, now: datetime) -> Iterator[Fact]:
    """Everything about one service."""
    status, active = view.status, view.status.active
    yield "service", Cell(f"{show(status.service)} ({status.kind.value})")
    yield "health", _with_reason(health_cell(status), status.reason)
    if active is not None:
        yield from _made(active, now)
    if status.url:
        yield "route", Cell(show(status.url))
    if view.upstream:
        yield "leads to", Cell(show(view.upstream))
    if view.internal:
        yield "inside", Cell(show(view.internal))
    if status.several:
        yield from _replicas(status, now)
    elif status.instance is not None:
        yield "container", Cell(_container_words(status.instance))
        if status.instance.restarts:
            yield "restarts", Cell(str(status.instance.restarts), Tone.WARN)
    spec = view.running_spec or view.spec
    if spec is not None:
        yield from _how(spec)
    yield "variables", Cell(", ".join(map(show, view.variables)) or "none")
    if status.drift:
        yield "in the file", Cell(variable_words(status.drift), Tone.WARN)
    if status.rollback_left is Left.GONE:
        yield "rollback to", Cell("nothing: what was before it is gone", Tone.QUIET)
    if status.rollback_to:
        yield (
            "rollback to",
            Cell(f"{short_id(status.rollback_to)}{left_words(status.rollback_left)}"),
        )
    for deployment in view.history[:5]:
        yield "history", _short_story(deployment, now)


def _replicas(status: ServiceStatus, now: datetime) -> Iterator[Fact]:
    """How many there are, and each of them with its container."""
    cell, why, nodes = replicas_cell(status), by_hand_words(status), by_node_words(status)
    text = f"{cell.text} ({nodes})" if nodes else cell.text
    yield "replicas", Cell(f"{text}, {why}", Tone.WARN) if why else Cell(text, cell.tone)
    for one in status.replicas:
        how = replica_cell(one, now)
        name = f"replica {one.number}"
        yield name, Cell(f"{how.text}; {show(one.name)} {one.container[:12]}", how.tone)


def deployment_facts(view: DeploymentView, now: datetime) -> Iterator[Fact]:
    """One deployment's story."""
    one = view.deployment
    yield "service", Cell(show(one.service))
    yield "state", deployment_cell(one, active=view.active)
    yield from _made(one, now)
    yield "run", Cell(f"{one.run}, by {one.trigger.value}")
    if one.completed:
        yield (
            "ended",
            Cell(f"{age(one.completed, now)}, after {duration(one.completed - one.created)}"),
        )
    if one.replicas > 1:
        yield "replicas", Cell(f"{one.replicas}, {view.running} of them running")
    if view.url and view.active:
        yield "route", Cell(show(view.url))
    if one.previous:
        yield "before it", Cell(one.previous)
    if one.source:
        yield "image of", Cell(one.source)
    if view.drift:
        yield "in the file", Cell(variable_words(view.drift), Tone.WARN)
    if not view.active:
        yield "going back", available_cell(view)
    if one.failure:
        yield "failure", Cell(clean(one.failure), Tone.BAD)


def environment_facts(
    view: EnvironmentView, status: EnvironmentStatus, now: datetime
) -> Iterator[Fact]:
    """One environment, without its services."""
    yield "environment", Cell(show_name(view.key.environment))
    if view.engine:
        yield "engine", Cell(show_name(view.engine))
    yield "protected", Cell("yes" if view.protected else "no")
    yield "in the file", Cell("yes" if view.declared else "no")
    if view.last is not None:
        last = view.last
        said = f"{last.trigger.value} {last.status.value}, {age(last.created, now)}"
        yield "last run", Cell(f"{said}, by {clean(last.actor)}")
    if view.owner is not None:
        yield "belongs to", Cell(view.owner.words())
    if view.unreadable is not None:
        yield "record", Cell(clean(view.unreadable.message), Tone.WARN)
    yield "changed by", Cell(clean(status.holder or "nobody right now"))


def info_facts(engine: EngineInfo | None, trouble: str) -> Iterator[Fact]:
    """The Docker engine, or why there is none."""
    if engine is None:
        yield "engine", with_symbol(clean(trouble), Tone.BAD)
        return
    yield "engine", Cell(f"Docker {show(engine.version)}, API {show(engine.api)}")
    yield "at", Cell(show(engine.address))
    yield "builder", Cell(show(engine.builder) or "none")
    yield "live restore", Cell("on" if engine.live_restore else "off")


def lock_facts(lock: LockInfo, now: datetime) -> Iterator[Fact]:
    """Who holds an environment's lock."""
    yield "environment", Cell(show_name(lock.key.environment))
    yield "changed by", Cell(clean(lock.holder))
    yield "to", Cell(clean(lock.purpose))
    yield "since", Cell(age(lock.since, now))


def deletion_lines(
    deletion: Deletion, *, volumes: bool, variables: bool = False
) -> tuple[Line, ...]:
    """Exactly what goes, and what stays."""
    where = f"{deletion.key.project}{on_engine(deletion.engine)}"
    lines = [line(f"goes with {show_name(deletion.key.environment)} of {where}:")]
    lines += [line(f"  route      {show(host)}") for host in deletion.hosts]
    lines += [line(f"  container  {show(name)}") for name in deletion.containers]
    if deletion.network:
        lines.append(line("  network    with all its names"))
    if deletion.record:
        lines.append(line("  record     and with it the way back"))
    for name in deletion.volumes:
        if volumes:
            lines.append(line(f"  volume     {show(name)}, with its data", Tone.BAD))
        else:
            lines.append(line(f"  stays      volume {show(name)}", Tone.QUIET))
    lines += _deleted_in_file(deletion) if variables and deletion.declared else ()
    file = "" if variables else "what the file says of it, and "
    lines.append(line(f"  stays      {file}the audit lines", Tone.QUIET))
    return tuple(lines)


def _deleted_in_file(deletion: Deletion) -> Iterator[Line]:
    yield line("  table      of it in the project file")
    for service, key in deletion.variables:
        whose = f", of {show(service)}" if service else ""
        yield line(f"  variable   {show(key)}{whose}", Tone.BAD)


def _with_reason(cell: Cell, reason: str) -> Cell:
    return Cell(f"{cell.text}: {clean(reason)}", cell.tone) if reason else cell


def _made(one: Deployment, now: datetime) -> Iterator[Fact]:
    yield "deployment", Cell(one.id)
    yield "created", Cell(age(one.created, now))
    if one.provenance.commit:
        branch = f" on {show(one.provenance.branch)}" if one.provenance.branch else ""
        author = f", by {show(one.provenance.author)}" if one.provenance.author else ""
        dirty = ", with uncommitted changes" if one.provenance.dirty else ""
        yield "commit", Cell(f"{show(one.provenance.commit[:12])}{branch}{author}{dirty}")
    yield "image", Cell(show(one.image) or "not known yet")


def _container_words(one: Instance) -> str:
    """Its name, the start of its id, and the machine of a Swarm that it is on."""
    place = f" on {show(one.node)}" if one.node else ""
    return f"{show(one.name)} {one.container[:12]}{place}"


def _how(spec: ServiceSpec) -> Iterator[Fact]:
    if spec.command is not None:
        yield "command", Cell(clean(" ".join(spec.command)))
    yield "readiness", Cell(readiness_words(spec.readiness))
    if spec.limits.cpus is not None:
        yield "processors", Cell(f"{spec.limits.cpus:g}")
    if spec.limits.memory is not None:
        yield "memory", Cell(size(spec.limits.memory))
    if spec.limits.pids != MOST_PIDS:
        yield "processes", Cell(f"{spec.limits.pids} at most")
    if spec.new_privileges:
        yield (
            "privileges",
            Cell("its programs may get more than they were started with (setuid, sudo)"),
        )
    if spec.init:
        yield "init", Cell("Docker's init process is the first in its container")
    for name, path in spec.volumes:
        yield "volume", Cell(f"{show(name)} at {show(path)}")
    yield "drain", Cell(f"{duration(spec.drain_timeout)}, then {duration(spec.stop_grace)} to stop")
    if spec.kind.routed and spec.internal is Internal.DIRECT:
        yield "called inside", Cell("directly, not through the edge")
    if spec.kind.routed and spec.stop_first:
        words = f"at most {duration(spec.hold)} while it is replaced" if spec.hold else "never"
        yield "requests wait", Cell(words)


def readiness_words(readiness: Readiness | None) -> str:
    """How it is asked whether it can take traffic."""
    if readiness is None:
        return "the image's own check, or that it accepts connections"
    what = {
        ReadinessKind.HTTP: f"http {clean(readiness.path)}",
        ReadinessKind.TCP: "tcp",
        ReadinessKind.COMMAND: f"command {clean(' '.join(readiness.command))}",
    }[readiness.kind]
    if readiness.port is not None:
        what += f" on port {readiness.port}"
    if readiness.headers:
        what += f" with {clean(', '.join(f'{name}: {value}' for name, value in readiness.headers))}"
    if readiness.status != SUCCESS:
        what += f" for {statuses_text(readiness.status)}"
    every = duration(readiness.interval)
    return f"{what}, every {every} for up to {duration(readiness.timeout)}"


def _short_story(one: DeploymentView, now: datetime) -> Cell:
    cell = deployment_cell(one.deployment, active=one.active)
    commit = commit_cell(one.deployment).text
    when = age(one.deployment.created, now)
    return Cell(f"{short_id(one.deployment.id)}  {cell.text}  {commit}  {when}", cell.tone)
