"""`doctor`: everything a deployment stands on, looked at one by one, with the way on."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import TypeAlias

from compartment_tui.background import (
    Background,
)
from compartment_tui.domain.claims import (
    own_instances,
)
from compartment_tui.domain.config import (
    EdgeSettings,
    Kind,
    ProjectConfig,
    engine_label,
)
from compartment_tui.domain.deployment import EnvironmentRecord, Image
from compartment_tui.domain.detail_views import Check, DomainState, DomainView, Grade
from compartment_tui.domain.domain_proof import ENDING
from compartment_tui.domain.edge_address import (
    LOOPBACK,
    address_of,
    curl,
    leads_here,
    listening,
    tunnel,
)
from compartment_tui.domain.errors import CompartmentError, RecordInvalid
from compartment_tui.domain.health import replica_mismatch, replica_surplus
from compartment_tui.domain.image_notes import volume_warning
from compartment_tui.domain.names import DEFAULT_ENVIRONMENT, EnvironmentKey, show
from compartment_tui.domain.planning.planning_context import host_of
from compartment_tui.domain.planning.required_variables import reason, remedy
from compartment_tui.domain.planning.rollback_targets import spec_of
from compartment_tui.domain.routes import (
    RouteTable,
)
from compartment_tui.domain.shell_quotes import (
    option_for,
    shell_word,
)
from compartment_tui.operations.domains import domains
from compartment_tui.operations.engines import ProjectEngine, engines_of, world_at
from compartment_tui.operations.environments import environments
from compartment_tui.operations.home_checks import home_checks
from compartment_tui.operations.recipients import readers
from compartment_tui.ports import EdgeInfo, World
from compartment_tui.rollout.infrastructure import REPLACE_EDGE

CheckFunction: TypeAlias = Callable[[World, ProjectConfig], Iterator[Check]]
Checks: TypeAlias = tuple[tuple[str, CheckFunction], ...]


_WITHOUT_RECORD = (
    "use the version of compartment-tui that wrote it; or, where it is spoilt, move its file away"
    " (records/{directory}/record.toml in the volume compartment-state): the next change makes it"
    " again from routes and labels"
)


def doctor(world: World, *, engine: str | None = None) -> tuple[Check, ...]:
    """Every check, in the order in which they build on each other; engine by engine.

    All engines of the project, or the one that a person names. What is on one that does not answer
    is not asked. Raises NotFound (no such engine).
    """
    try:
        config = world.project.config()
        checks = [
            Check(
                name="project file",
                grade=Grade.GOOD,
                message=f"{config.name}: {world.project.file}",
            )
        ]
    except CompartmentError as error:
        return (_bad("project file", error),)
    checks += _checked(world, config, _HERE)
    if not config.engines:
        return (*checks, *_checked(world, config, _ON_ENGINE))
    engines = engines_of(world)
    if engine is not None:
        one = world_at(world, engine)
        engines = (ProjectEngine(world=one, names=(one.engine_name,)),)
    looks = [Background(partial(_of_engine, config, one)) for one in engines]
    checks += [check for look in looks for check in look.answer()]
    return (*checks, *(_moved(world) if engine is None else ()))


def _checked(world: World, config: ProjectConfig, looks: Checks) -> list[Check]:
    checks: list[Check] = []
    for name, look in looks:
        try:
            checks.extend(look(world, config))
        except CompartmentError as error:
            checks.append(_bad(name, error))
            if name == "engine":
                break
    return checks


def _of_engine(config: ProjectConfig, engine: ProjectEngine) -> list[Check]:
    """The checks of one of several engines, which bear its name."""
    if engine.failure is not None:
        return [replace(_bad("engine", engine.failure), engine=engine.label)]
    there = config.at_engine(engine.world.engine_name)
    checks = _checked(engine.world, there, _ON_ENGINE)
    # By one of its names it may be a Swarm, and by another the docker command's engine.
    for name in engine.names:
        if (spec := config.engine(name)) is not None and spec.swarm:
            checks += _checked(engine.world.at(name), there, _ON_SWARM)
    return [replace(check, engine=engine.label) for check in checks]


def _moved(world: World) -> Iterator[Check]:
    """Environments that are on an engine where the file does not say that they are."""
    with suppress(CompartmentError):  # of an engine that is away more was said already
        for view in environments(world):
            for name in view.also_on:
                there, where = engine_label(name), view.key.environment
                meant = engine_label(view.engine)
                yield Check(
                    name=f"environment {show(where)}",
                    grade=Grade.WARN,
                    message=f"it is on {there}, too: every command goes to the one on {meant}",
                    hint=f"`compartment-tui environment delete {shell_word(where)}"
                    f" --engine {there}` takes it away there",
                )


def _bad(name: str, error: CompartmentError) -> Check:
    return Check(name=name, grade=Grade.BAD, message=error.message, hint=error.hint)


def _secrets(world: World, _config: ProjectConfig) -> Iterator[Check]:
    found = readers(world)
    if not found.sensitive:
        return
    if not found.unreadable:
        message = f"all {found.sensitive} can be read with {found.identity.place}"
        yield Check(name="sensitive values", grade=Grade.GOOD, message=message)
        return
    yield Check(
        name="sensitive values",
        grade=Grade.WARN,
        message=f"{found.unreadable} of {found.sensitive} cannot be read: {reason(found.identity)}",
        hint=remedy(found.identity),
    )


def _engine(world: World, config: ProjectConfig) -> Iterator[Check]:
    info = world.engine.info()
    where = f"Docker {info.version} at {info.address}"
    chosen = f", chosen by {info.chosen_by}" if info.chosen_by else ""
    yield Check(name="engine", grade=Grade.GOOD, message=where + chosen)
    if info.unsafe:
        yield Check(
            name="way to the engine",
            grade=Grade.WARN,
            message=info.unsafe,
            hint="ssh://USER@HOST is safe; for TLS set DOCKER_TLS_VERIFY=1, certificates in"
            " DOCKER_CERT_PATH, or `docker context create --docker ca=…,cert=…,key=…`",
        )
    if not info.live_restore:
        yield Check(
            name="live restore",
            grade=Grade.WARN,
            message="containers stop answering while the Docker engine is down",
            hint='"live-restore": true in the engine\'s daemon.json keeps them up',
        )
    builder = info.builder or "classic"
    grade = Grade.GOOD if builder.startswith("buildkit") else Grade.WARN
    hint = "" if grade is Grade.GOOD else "install docker-buildx for faster builds and cache mounts"
    takes = f"; takes {', '.join(info.builder_takes)}" if info.builder_takes else ""
    lacks = f"; does not take {', '.join(info.builder_lacks)}" if info.builder_lacks else ""
    if lacks and not hint:
        hint = info.builder_hint
    yield Check(name="builder", grade=grade, message=f"{builder}{takes}{lacks}", hint=hint)


def _edge(world: World, config: ProjectConfig) -> Iterator[Check]:
    info = world.edge.info()
    if info is None:
        yield Check(
            name="edge", grade=Grade.GOOD, message="not there yet: the first deploy makes it"
        )
        return
    listens = listening(info.settings)
    if not info.running:
        yield Check(
            name="edge",
            grade=Grade.BAD,
            message=f"{info.container} does not run, so no route answers",
            hint="`compartment-tui edge restart` starts it",
        )
    elif not info.settings.suits(config.edge, earlier=not info.https):
        wanted = listening(config.edge)
        yield Check(
            name="edge",
            grade=Grade.BAD,
            message=f"it listens on {listens}, the project file wants {wanted}",
            hint="change [edge], or `compartment-tui edge restart --apply`",
        )
    else:
        yield Check(name="edge", grade=Grade.GOOD, message=f"listens on {listens}")
        yield from _edge_of_older_version(info)
        yield from _answers(world, config, info.settings)


def _edge_of_older_version(info: EdgeInfo) -> Iterator[Check]:
    if info.open or info.lacks:
        yield Check(
            name="edge",
            grade=Grade.WARN,
            message=f"an earlier version made it: it {', '.join((*info.open, *info.lacks))}",
            hint=REPLACE_EDGE,
        )


def _answers(world: World, config: ProjectConfig, settings: EdgeSettings) -> Iterator[Check]:
    """Whether visitors from this machine get to the edge; any answer of it will do."""
    engine_host = world.engine.info().host
    if address_of(settings, engine_host) is None:
        yield Check(
            name="edge from here",
            grade=Grade.WARN,
            message=f"it listens on {settings.bind} of {engine_host} only",
            hint=f"`{tunnel(settings, engine_host)}`"
            ' brings it here; [edge] bind = "0.0.0.0" opens it to the network',
        )
        return
    found = world.edge.visit(config.base_domain)
    if found.status is None:
        yield Check(
            name="edge from here",
            grade=Grade.BAD,
            message=f"it runs, and gives no answer on port {settings.http_port}: {found.detail}",
            hint="see what else listens there, and firewalls; `compartment-tui edge restart`",
        )


def _documents(world: World, config: ProjectConfig) -> Iterator[Check]:
    unreadable = world.edge.unreadable()
    if unreadable:
        with world.locks.engine(actor=world.actor):
            for document in unreadable:
                world.edge.set_aside(document)
    for document in unreadable:
        yield Check(
            name="route documents",
            grade=Grade.WARN,
            message=f"{show(document)} was unreadable and blocked everybody: moved aside",
            hint="deploy or resume that environment to write it again",
        )
    if not unreadable:
        count = len(world.edge.tables())
        yield Check(name="route documents", grade=Grade.GOOD, message=f"{count}, all readable")


def _environments(world: World, config: ProjectConfig) -> Iterator[Check]:
    """One line for each that needs somebody, and one for all that do not."""
    records = world.records.read_all(config.name)
    needy = 0
    for key, record in sorted(records.items()):
        found = _trouble(world, key, record)
        needy += len(found)
        yield from found
    if len(records) > needy:
        message = f"{len(records) - needy} of {len(records)} in order"
        yield Check(name="environments", grade=Grade.GOOD, message=message)


def _strangers(world: World, config: ProjectConfig) -> Iterator[Check]:
    """What has labels or names of ours, makes no sense, and is left out everywhere else."""
    for one in world.engine.misfits(config.name):
        remove = {"image": "docker rmi", "network": "docker network rm"}
        yield Check(
            name="strangers",
            grade=Grade.WARN,
            message=f"the {one.kind} {show(one.name)} is left out: {one.why}",
            hint=f"`{remove.get(one.kind, 'docker rm -f')} NAME` if nobody needs it",
        )
    for entry in world.records.unreadable():
        yield Check(
            name="strangers",
            grade=Grade.WARN,
            message=f"the entry {show(entry)} of the index of records is left out:"
            " it names no environment",
            hint="the next change of that environment writes it again",
        )


def _archives(world: World, config: ProjectConfig) -> Iterator[Check]:
    """Spoilt files of history that was put away; the history does without them."""
    for key in world.records.environments(config.name):
        for old in world.records.archived(key):
            if isinstance(old, RecordInvalid):
                yield Check(
                    name="history",
                    grade=Grade.WARN,
                    message=f"it is left out: {old.message}",
                    hint="nothing that is live needs it",
                )


def _images(world: World, config: ProjectConfig) -> Iterator[Check]:
    """Data that the images of what is live declare, and that nothing keeps."""
    images: dict[str, Image | None] = {}
    for key, record in sorted(world.records.read_all(config.name).items()):
        if isinstance(record, RecordInvalid):
            continue
        for service in record.active:
            active = record.active_deployment(service)
            spec = config.service(service)
            if active is None or spec is None or not active.image:
                continue
            if active.image not in images:
                images[active.image] = world.engine.image(active.image)
            image = images[active.image]
            if warning := volume_warning(spec, image) if image else "":
                message, _, hint = warning.partition("; ")
                name = f"{service} in {show(key.environment)}"
                yield Check(name=name, grade=Grade.WARN, message=message, hint=hint)


def _tags(world: World, config: ProjectConfig) -> Iterator[Check]:
    """Whether the tags that edge and static services stand on lead to the same images still."""
    bases: dict[str, str] = {}
    edge = world.edge.info()
    if edge is not None and edge.made_on:
        bases[edge.made_on] = "the edge"
    for key, record in sorted(world.records.read_all(config.name).items()):
        if isinstance(record, RecordInvalid):
            continue
        for service in record.active:
            active = record.active_deployment(service)
            if active and active.made_on and spec_of(active).kind is Kind.STATIC:
                bases.setdefault(active.made_on, f"{service} in {show(key.environment)}")
    for base, who in bases.items():
        reference, _, noted = base.rpartition("@")
        now = world.engine.digests(reference)
        if now and noted and noted not in now:
            yield Check(
                name=reference,
                grade=Grade.WARN,
                message=f"it is another image than {who} was made on:"
                f" {_short(noted)} then, {_short(now[0])} now",
                hint="what is made next is made on it, so see where it came from:"
                f" `docker image inspect {reference}`",
            )


def _short(digest: str) -> str:
    algorithm, _, text = digest.partition(":")
    return f"{algorithm}:{text[:12]}"


def _trouble(
    world: World, key: EnvironmentKey, record: EnvironmentRecord | RecordInvalid
) -> tuple[Check, ...]:
    name = f"environment {show(key.environment)}"
    if isinstance(record, RecordInvalid):
        hint = _WITHOUT_RECORD.format(directory=key.text)
        return (Check(name=name, grade=Grade.BAD, message=record.message, hint=hint),)
    if record.journal is not None and world.locks.holder(key) is None:
        return (
            Check(
                name=name,
                grade=Grade.BAD,
                message=f"{record.journal.run} neither finished nor reverted",
                hint=f"`compartment-tui resume{option_for(key.environment)}`",
            ),
        )
    if record.rebuilt:
        message = "its record was lost and rebuilt: failed runs and audit are gone"
        return (Check(name=name, grade=Grade.WARN, message=message),)
    return ()


def _replicas(world: World, config: ProjectConfig) -> Iterator[Check]:
    """What an interrupted `scale` left, and replicas that somebody took away."""
    tables = world.edge.tables()
    for key, record in sorted(world.records.read_all(config.name).items()):
        if isinstance(record, RecordInvalid) or record.journal is not None:
            continue
        here = own_instances(record, world.engine.instances(key))
        if all(len(one.replicas) == 1 for one in here.values()) and not _several(record):
            continue
        if world.locks.holder(key) is not None:
            continue
        table = tables.get(key, RouteTable())
        for service in record.active:
            active = record.deployments[record.active[service]]
            instance = here.get(active.id)
            if instance is None or active.resting:
                continue
            found = replica_mismatch(active, instance, table) or replica_surplus(active, instance)
            if found is not None:
                message = f"{service} in {show(key.environment)}: {found[0]}"
                yield Check(name="replicas", grade=Grade.WARN, message=message, hint=found[1])


def _several(record: EnvironmentRecord) -> bool:
    live = (record.deployments.get(id_) for id_ in record.active.values())
    return any(one is not None and one.replicas > 1 for one in live)


def _domains(world: World, config: ProjectConfig) -> Iterator[Check]:
    """Domains that do not lead here, are not served, or whose certificate ends soon."""
    wanted = [
        one.name
        for one in config.environments
        if one.engine == world.engine_name and config.wanted_public(one.name).hosts
    ]
    for name in wanted:
        views = domains(world, environment=name)
        troubled = 0
        for view in views:
            if found := _of_domain(world, view):
                troubled += 1
                yield found
        if len(views) > troubled:
            message = f"{len(views) - troubled} of {len(views)} of {show(name)} in order"
            yield Check(name="domains", grade=Grade.GOOD, message=message)


def _of_domain(world: World, view: DomainView) -> Check | None:
    again = f"`compartment-tui domain check {view.host}{option_for(view.key.environment)}`"
    if view.problem:
        return Check(name="domains", grade=Grade.WARN, message=view.problem, hint=view.hint)
    if view.until is not None and view.until - world.clock.now() < ENDING:
        message = f"the certificate of {view.host} ends on {view.until:%Y-%m-%d}"
        own = "put a newer one where compartment.toml names it, then deploy"
        renewed = "it should have been renewed a month before: the edge's log says why it was not"
        hint = renewed if view.certificate.ordered else own
        return Check(name="domains", grade=Grade.WARN, message=message, hint=hint)
    if view.state is DomainState.LEFT_OUT:
        message = f"{view.host} leads here, and is not served yet"
        return Check(name="domains", grade=Grade.WARN, message=message, hint=again)
    if view.order is not None and view.order.failure:
        message = f"{view.host} got no certificate: {view.order.failure}"
        return Check(name="domains", grade=Grade.WARN, message=message, hint=again)
    return None


def _hosts(world: World, config: ProjectConfig) -> Iterator[Check]:
    here = [one.name for one in config.environments if one.engine == world.engine_name]
    usual = config.engine_of(DEFAULT_ENVIRONMENT) == world.engine_name or not here
    key = EnvironmentKey(config.name, DEFAULT_ENVIRONMENT if usual else here[0])
    hosts = [host for spec in config.services if (host := host_of(config, key, spec))]
    if not hosts:
        return
    engine_host = world.engine.info().host
    address = address_of(config.edge, engine_host) or config.edge.bind
    line = curl(hosts[0], address, config.edge.http_port)
    far = engine_host not in LOOPBACK and leads_here(hosts[0])
    if far:
        message = f"{hosts[0]} means the machine that asks, and the engine is {engine_host}"
        hint = f"[project] base_domain = a domain that leads to {engine_host}; meanwhile {line}"
    elif not world.engine.resolves(hosts[0]):
        message, hint = f"{hosts[0]} does not resolve on this machine", line
        message += " (most browsers do without)" if leads_here(hosts[0]) else ""
    else:
        yield Check(name="host names", grade=Grade.GOOD, message=f"{hosts[0]} resolves", hint=line)
        return
    yield Check(name="host names", grade=Grade.WARN, message=message, hint=hint)


_HERE: Checks = (("sensitive values", _secrets),)
_ON_SWARM: Checks = (("home", home_checks),)
_ON_ENGINE: Checks = (
    ("engine", _engine),
    ("edge", _edge),
    ("route documents", _documents),
    ("environments", _environments),
    ("replicas", _replicas),
    ("strangers", _strangers),
    ("history", _archives),
    ("images", _images),
    ("image tags", _tags),
    ("host names", _hosts),
    ("domains", _domains),
)
