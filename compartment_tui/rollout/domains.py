"""Domains in a run: proven before the switch, their certificates awaited after it.

A domain that does not lead here gets no certificate ordered, and goes live with the next deploy or
`domain check` that finds it does. A failed order is taken off the routes: the edge would repeat it
at every change of any route.
"""

from collections.abc import Generator, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from compartment_tui.domain.deployment import EnvironmentRecord, Purpose
from compartment_tui.domain.domain_proof import CertificateOrder, until_of, why_not_here
from compartment_tui.domain.events import Event
from compartment_tui.domain.own_certificate import OwnCertificate
from compartment_tui.domain.public_side import (
    HTTP,
    CertificateSource,
    PublicSide,
    WantedPublicSide,
)
from compartment_tui.domain.routes import RouteTable
from compartment_tui.rollout.context import Rollout
from compartment_tui.rollout.errors import as_expected
from compartment_tui.rollout.progress import Progress
from compartment_tui.rollout.switch import await_in_force

ORDER_PATIENCE = timedelta(seconds=60)
"""How long a certificate may take; most come within a second."""
HAND_OVER_PATIENCE = timedelta(seconds=3)
HAND_OVER_INTERVAL = timedelta(milliseconds=50)
ORDER_INTERVAL = timedelta(milliseconds=250)
UNTOLD = timedelta(seconds=1)
"""How long a certificate may take before anybody is told that it is waited for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unproven:
    """A domain that does not lead to this edge, in words, and the way on."""

    host: str
    why: str
    hint: str


def prove_domains(rollout: Rollout) -> Iterator[Event]:
    """Find out which new domains lead here; those that do not are left out of the switch.

    The project's own certificates are there before a route needs them.
    """
    wanted = rollout.run.public
    if wanted is None or rollout.run.purpose is not Purpose.LIVE:
        return
    yield from hand_over(rollout, rollout.run.certificates)
    rollout.plain |= frozenset(recently_refused(rollout.record, wanted, rollout.now))
    unproven = unproven_domains(rollout, wanted, rollout.before.public, leave=rollout.plain)
    for one in unproven:
        yield rollout.note(f"{one.why}: {_meanwhile(rollout, one.host)}; {one.hint}")
    rollout.unproven |= frozenset(one.host for one in unproven)


def _meanwhile(rollout: Rollout, host: str) -> str:
    known = rollout.before.public.domain(host) is not None
    return "it goes on without a certificate" if known else "it is left out for now"


def hand_over(progress: Progress, certificates: tuple[OwnCertificate, ...]) -> Iterator[Event]:
    """Give the edge the project's own certificates, and see that it shows them."""
    if not progress.lock.write_certificates(certificates):
        return
    clock = progress.world.clock
    deadline = clock.monotonic() + HAND_OVER_PATIENCE
    names = {name for one in certificates for name in one.names}
    while missing := names - progress.lock.certificates().keys():
        if clock.monotonic() >= deadline:
            shown = ", ".join(sorted(missing))
            yield progress.note(f"the edge does not show the certificate for {shown} yet")
            return
        clock.sleep(HAND_OVER_INTERVAL)
    if names:
        yield progress.note(f"the edge was given the certificate for {', '.join(sorted(names))}")


def recently_refused(
    record: EnvironmentRecord, wanted: WantedPublicSide, now: datetime
) -> Iterator[str]:
    """The hosts whose last order failed so short ago that no deploy tries again."""
    for host in wanted.to_prove:
        order = record.orders.get(host)
        if order is not None and order.fresh_failure(now):
            yield host


def unproven_domains(
    progress: Progress,
    wanted: WantedPublicSide,
    now: PublicSide,
    *,
    leave: frozenset[str] = frozenset(),
) -> tuple[Unproven, ...]:
    """The domains that are to get a certificate and do not lead here, `leave` not asked about."""
    known = {one.host for one in now.domains if one.certificate.ordered}
    fresh = tuple(host for host in wanted.to_prove if host not in known | leave)
    if not fresh:
        return ()
    world = progress.world
    token = progress.lock.proof()
    looks = world.domain_names.look(fresh)
    edge = world.edge.info()
    bind = edge.settings.bind if edge is not None else ""
    addresses = world.domain_names.addresses(bind, world.engine.info().host)
    found = []
    for host in fresh:
        why, hint = why_not_here(
            host, looks[host], token=token, addresses=addresses, http_port=wanted.http_port
        )
        if why:
            found.append(Unproven(host=host, why=why, hint=hint))
    return tuple(found)


def await_certificates(
    progress: Progress, table: RouteTable, marker: str, began: timedelta
) -> Generator[Event, None, bool]:
    """Wait for the certificates that were ordered, and lead their hosts to HTTPS.

    `table` is in force; `began` is before they were ordered, on the monotonic clock. Whether all
    of them came. What fails here leaves the hosts on plain HTTP, and is told.
    """
    try:
        return (yield from _await_certificates(progress, table, marker, began))
    except Exception as raised:
        error = as_expected(progress.world, raised)
        yield progress.note(f"the certificates could not be looked after: {error.message}")
        return False


def _await_certificates(
    progress: Progress, table: RouteTable, marker: str, ordered: timedelta
) -> Generator[Event, None, bool]:
    waiting = {
        one.host for one in table.public.domains if one.certificate.ordered and not one.secured
    }
    if not waiting:
        return True
    came: set[str] = set()
    failures: dict[str, str] = {}
    clock = progress.world.clock
    began, told = clock.monotonic(), False
    while True:
        have = progress.lock.certificates()
        came = {host for host in waiting if until_of(host, have) is not None}
        refused = progress.lock.order_failures(clock.monotonic() - ordered)
        failures = {host: refused[host] for host in waiting - came if host in refused}
        left = waiting - came - failures.keys()
        over = clock.monotonic() - began >= ORDER_PATIENCE
        if not left or over or progress.world.cancel.requests:
            break
        if not told and clock.monotonic() - began >= UNTOLD:
            told = True
            yield progress.note(f"waiting for the certificate of {', '.join(sorted(left))}")
        clock.sleep(ORDER_INTERVAL)
    if over:
        limit = f"no certificate came within {ORDER_PATIENCE.total_seconds():g} s"
        failures |= dict.fromkeys(left, limit)
    public = _settle(progress, table, marker, came, failures)
    for host in sorted(came):
        yield progress.note(f"{host} has its certificate: {public.url(host, HTTP)} answers")
    for host, why in sorted(failures.items()):
        yield progress.note(
            f"{host} got no certificate: {why}; it answers over plain HTTP,"
            f" and `compartment-tui domain check {host}` tries again"
        )
    return not failures and came == waiting


def _settle(
    progress: Progress,
    table: RouteTable,
    marker: str,
    came: Iterable[str],
    failures: Mapping[str, str],
) -> PublicSide:
    """Lead to HTTPS what has its certificate, and take failed orders off; then the record."""
    public = table.public
    for host in came:
        domain = public.domain(host)
        if domain is not None:
            public = public.with_domain(replace(domain, secured=True))
    for host in failures:
        domain = public.domain(host)
        if domain is not None:
            public = public.with_domain(replace(domain, certificate=CertificateSource.NONE))
    if public == table.public:
        return public
    settled = replace(table, marker=marker, public=public)
    progress.lock.write_routes(settled)
    await_in_force(progress.world, progress.lock, settled)
    orders = dict(progress.record.orders)
    orders |= {host: CertificateOrder(at=progress.now) for host in came}
    orders |= {
        host: CertificateOrder(at=progress.now, failure=why) for host, why in failures.items()
    }
    progress.save(replace(progress.record, public=public, orders=orders))
    return public
