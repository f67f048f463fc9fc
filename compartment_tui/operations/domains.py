"""The domains of a project: where they lead, their certificates, and another look at them."""

from collections.abc import Collection, Iterator
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from compartment_tui.background import Background
from compartment_tui.domain.deployment import EnvironmentRecord
from compartment_tui.domain.detail_views import DomainsChecked, DomainState, DomainView
from compartment_tui.domain.domain_proof import DomainLook, why_not_here
from compartment_tui.domain.errors import CompartmentError, NotFound
from compartment_tui.domain.events import Noted
from compartment_tui.domain.names import EnvironmentKey, show
from compartment_tui.domain.own_certificate import OwnCertificate
from compartment_tui.domain.public_side import Domain, PublicSide, WantedPublicSide
from compartment_tui.domain.record.transitions import audited
from compartment_tui.domain.requests import CheckDomains
from compartment_tui.domain.routes import RouteTable
from compartment_tui.operations.engines import world_of
from compartment_tui.operations.environment_record import key_and_config, record_of
from compartment_tui.operations.owner import refuse_others_environment, with_owner
from compartment_tui.operations.public_side import own_certificates, wanted_public
from compartment_tui.operations.recovery import keep_copy, recovered
from compartment_tui.rollout.domains import await_certificates, hand_over, unproven_domains
from compartment_tui.rollout.infrastructure import ensure_infrastructure
from compartment_tui.rollout.progress import Progress
from compartment_tui.rollout.switch import await_in_force, hosts_of_services, write_claimed

if TYPE_CHECKING:
    from compartment_tui.ports import World


def domains(
    world: "World", *, environment: str, hosts: Collection[str] = ()
) -> tuple[DomainView, ...]:
    """The domains of an environment, in the file or in force: all, or those named.

    Each is looked up, and visited. Raises NotFound (one is none of its domains).
    """
    world = world_of(world, environment)
    key, config = key_and_config(world, environment)
    certificates: tuple[OwnCertificate, ...] = ()
    with suppress(CompartmentError):  # what is wrong with one is told by whoever needs it
        certificates = own_certificates(world, config, key)
    wanted = wanted_public(world, config, key, certificates, edge=world.edge.info())
    on_record = Background(lambda: record_of(world, key))
    table = world.edge.tables().get(key, RouteTable())
    chosen = _chosen(key, wanted, table.public, hosts)
    looks = Background(lambda: world.domain_names.look(chosen))
    ends = Background(lambda: world.edge.certificate_ends(chosen))
    token = world.edge.proof() if chosen else ""
    edge = world.edge.info()
    bind = edge.settings.bind if edge is not None else config.edge.bind
    there = world.domain_names.addresses(bind, world.engine.info().host)
    views = []
    for host in chosen:
        look = looks.answer()[host]
        why, hint = why_not_here(
            host, look, token=token, addresses=there, http_port=wanted.http_port
        )
        view = _view(key, wanted, on_record.answer(), table, host, look)
        views.append(replace(view, problem=why, hint=hint, until=ends.answer().get(host)))
    return tuple(views)


def check_domains(world: "World", request: CheckDomains) -> DomainsChecked:
    """Look again whether they lead here; those that do are served, and get their certificates.

    No deploy is needed for that. Raises NotFound (nothing is live, none of its domains),
    HostConflict, OwnedElsewhere, Locked.
    """
    key, config = key_and_config(world, request.environment)
    record = record_of(world, key)
    refuse_others_environment(world, record, take_over=request.take_over)
    if not record.active:
        raise NotFound(
            f"nothing is live in {show(key.environment)}",
            hint="`compartment-tui deploy` puts it live, with its domains",
        )
    certificates = own_certificates(world, config, key)
    wanted = wanted_public(world, config, key, certificates, edge=world.edge.info())
    chosen = _chosen(key, wanted, record.public, request.hosts)
    ensure_infrastructure(world, key, config)
    notes: list[str] = []
    with world.locks.environment(key, actor=world.actor, purpose=request.purpose) as lock:
        try:
            record = recovered(world, lock, notes)
            record = with_owner(world, record, take_over=request.take_over)
            progress = Progress(world=world, lock=lock, record=record)
            handed = hand_over(progress, certificates)
            notes += [event.message for event in handed if isinstance(event, Noted)]
            notes += _checked(progress, wanted, chosen)
        finally:
            keep_copy(world, lock)
    return DomainsChecked(
        domains=domains(world, environment=request.environment, hosts=request.hosts),
        notes=tuple(notes),
    )


def _checked(
    progress: Progress, wanted: WantedPublicSide, chosen: Collection[str]
) -> Iterator[str]:
    """Serve what leads here, and wait for its certificates: what there is to say of it."""
    world, record = progress.world, progress.record
    key, began = record.key, world.clock.monotonic()
    before = progress.lock.routes()
    others = frozenset(wanted.hosts) - frozenset(chosen)
    unproven = unproven_domains(progress, wanted, before.public, leave=others)
    yield from (f"{one.why}; {one.hint}" for one in unproven)
    out = frozenset(one.host for one in unproven)
    side = wanted.side(hosts_of_services(record, before), before.public, unproven=out)
    public = before.public
    for host in chosen:
        domain = side.domain(host)
        public = public.without_domain(host) if domain is None else public.with_domain(domain)
    if public.domains:
        public = replace(public, http_port=wanted.http_port, https_port=wanted.https_port)
    if public != before.public:
        table = replace(before, marker=world.clock.new_id("run"), public=public)
        write_claimed(progress, key, before, table)
        await_in_force(world, progress.lock, table)
        hosts = ", ".join(chosen)
        record = audited(record, world.actor, world.clock.now(), "domain check", hosts)
        progress.save(replace(record, public=public))
    for event in await_certificates(
        progress, progress.lock.routes(), world.clock.new_id("run"), began
    ):
        if isinstance(event, Noted):
            yield event.message


def _chosen(
    key: EnvironmentKey, wanted: WantedPublicSide, now: PublicSide, hosts: Collection[str]
) -> tuple[str, ...]:
    """The domains asked for, or all: the file's, then those that only the routes have."""
    extra = (one.host for one in now.domains if one.host != one.to)
    known = tuple(dict.fromkeys((*wanted.hosts, *extra)))
    for host in hosts:
        if host not in known:
            there = ", ".join(known) or "none"
            raise NotFound(
                f"{show(host)} is no domain of {show(key.environment)}",
                hint=f"there are: {there}; `domains` of a service in compartment.toml has them",
            )
    return tuple(host for host in known if not hosts or host in hosts)


def _view(
    key: EnvironmentKey,
    wanted: WantedPublicSide,
    record: EnvironmentRecord,
    table: RouteTable,
    host: str,
    look: DomainLook,
) -> DomainView:
    domain = table.public.domain(host)
    service, elsewhere = wanted.place_of(host)
    if domain is not None and not service:
        names = hosts_of_services(record, table)
        service = next((name for name, own in names.items() if own == domain.to), "")
        elsewhere = domain.elsewhere
    return DomainView(
        key=key,
        service=service,
        host=host,
        state=_state(domain),
        declared=host in wanted.hosts,
        elsewhere=elsewhere,
        certificate=domain.certificate if domain is not None else wanted.certificate_of(host),
        addresses=look.addresses,
        order=record.orders.get(host),
    )


def _state(domain: Domain | None) -> DomainState:
    if domain is None:
        return DomainState.LEFT_OUT
    if domain.secured:
        return DomainState.SECURED
    return DomainState.ORDERED if domain.certificate.ordered else DomainState.PLAIN
