"""The public side of an environment: domains, rules, and how requests are treated on their way in.

It speaks of the hosts of routes, and never of deployments: a switch leads a route elsewhere, and
every domain and rule of it goes along.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

HTTPS = 443
HTTP = 80


class CertificateSource(StrEnum):
    """Where the certificate of a domain comes from."""

    NONE = ""
    """Nowhere: it is served over plain HTTP only."""
    OWN = "own"
    """One of `[[edge.certificates]]`."""
    ACME = "acme"
    """A certificate authority, asked by the edge."""
    STAGING = "staging"
    """The same authority's service for trying, which browsers do not believe."""

    @property
    def ordered(self) -> bool:
        """Whether the edge asks somebody for it."""
        return self in (CertificateSource.ACME, CertificateSource.STAGING)


@dataclass(frozen=True, slots=True, kw_only=True)
class Domain:
    """A host that leads where a route leads, beside the host of that route or in place of it.

    The route's own host stands here, too, when it has a certificate.
    """

    host: str
    to: str
    """The route's host."""
    certificate: CertificateSource = CertificateSource.NONE
    secured: bool = False
    """The certificate is there: plain requests are redirected to HTTPS."""
    elsewhere: str = ""
    """The host that all its requests are redirected to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A path of one service that another answers.

    `on` and `to` are services in the project file, and hosts of their routes in a table. At most
    one of `strip`, `replace` and `rewrite` is given.
    """

    on: str
    path: str
    """`/exact`, or `/prefix/*`: that itself and all below it."""
    to: str
    methods: tuple[str, ...] = ()
    """Those it is for; all when none is given."""
    strip: str = ""
    """A prefix that the other service does not see."""
    replace: str = ""
    """What it sees in place of the prefix."""
    rewrite: str = ""
    """The only path that it sees."""

    @property
    def prefix(self) -> str | None:
        """What the path begins with; None for an exact one."""
        return self.path.removesuffix("/*") if self.path.endswith("/*") else None

    def between(self, on: str, to: str) -> "Rule":
        return replace(self, on=on, to=to)

    def matches(self, path: str, method: str = "GET") -> bool:
        """Whether a request is its."""
        if self.methods and method not in self.methods:
            return False
        if self.prefix is None:
            return path == self.path
        return path == self.prefix or path.startswith(f"{self.prefix}/")


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """Who is let in; everybody when nothing is given, else whoever satisfies both."""

    users: tuple[tuple[str, str], ...] = ()
    """Names, and hashes of their passwords."""
    allow: tuple[str, ...] = ()
    """Addresses and networks they may come from."""
    behind: tuple[str, ...] = ()
    """Proxies in front of the edge, whose word on a visitor's address is taken."""

    @property
    def guarded(self) -> bool:
        """Whether anybody is kept out."""
        return bool(self.users or self.allow)


@dataclass(frozen=True, slots=True, kw_only=True)
class Traffic:
    """What a service takes of its visitors, and what its answers are given."""

    requests_per_second: int | None = None
    """Of one visitor's address."""
    in_flight: int | None = None
    """At once, of all visitors."""
    body: int | None = None
    """Bytes of one request."""
    headers: tuple[tuple[str, str], ...] = ()
    """Of the answers; an empty value takes one away."""
    hsts: int | None = None
    """For how many seconds browsers keep to HTTPS."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Treatment:
    """How requests to the hosts of one route are treated before they are passed on."""

    host: str
    """The route's host."""
    hidden: bool = False
    """That host itself is not served, only its domains are."""
    access: Access = Access()
    traffic: Traffic = Traffic()
    maintenance: bool = False
    """The edge answers visitors that the service is being worked on."""
    message: str = ""
    """What it tells them, then."""

    @property
    def plain(self) -> bool:
        """Whether it is as if there were none."""
        return self == Treatment(host=self.host)


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicSide:
    """What stands between an environment's visitors and its routes."""

    domains: tuple[Domain, ...] = ()
    """By host, each once."""
    rules: tuple[Rule, ...] = ()
    """The first that matches wins."""
    treatments: tuple[Treatment, ...] = ()
    """By the route's host, each once; what is left out is treated plainly."""
    http_port: int = HTTP
    https_port: int = HTTPS
    """Where visitors reach the edge, for addresses that it sends them to."""

    @property
    def plain(self) -> bool:
        """Whether there is nothing of it: hosts lead to their routes, and that is all."""
        return not (self.domains or self.rules or self.treatments)

    @property
    def simplified(self) -> "PublicSide":
        """With nothing in it, its ports say nothing: such tables are as they always were."""
        return PublicSide() if self.plain else self

    def treatment(self, host: str) -> Treatment:
        """How requests to a route are treated, by its host."""
        found = next((one for one in self.treatments if one.host == host), None)
        return found if found is not None else Treatment(host=host)

    def domain(self, host: str) -> Domain | None:
        return next((one for one in self.domains if one.host == host), None)

    def hosts_of(self, host: str) -> tuple[str, ...]:
        """Every host that leads to a route: its own first, unless that is hidden."""
        own = () if self.treatment(host).hidden else (host,)
        more = (one.host for one in self.domains if one.to == host and not one.elsewhere)
        return (*own, *(one for one in more if one != host))

    def url(self, host: str, http_port: int) -> str:
        """Where a host is reached in a browser; usual ports are left out."""
        domain = self.domain(host)
        secured = domain is not None and domain.secured
        port, usual = (self.https_port, HTTPS) if secured else (http_port, HTTP)
        place = host if port == usual else f"{host}:{port}"
        return f"http{'s' if secured else ''}://{place}"

    def with_domain(self, domain: Domain) -> "PublicSide":
        """This with a domain in place of what is known of that host."""
        others = tuple(one for one in self.domains if one.host != domain.host)
        return replace(self, domains=tuple(sorted((*others, domain), key=lambda one: one.host)))

    def without_domain(self, host: str) -> "PublicSide":
        return replace(self, domains=tuple(one for one in self.domains if one.host != host))

    def with_treatment(self, treatment: Treatment) -> "PublicSide":
        """This with a treatment in place of what is known of that route."""
        kept = [one for one in self.treatments if one.host != treatment.host]
        if not treatment.plain:
            kept.append(treatment)
        return replace(self, treatments=tuple(sorted(kept, key=lambda one: one.host)))


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicChanges:
    """What a run changes of the public side."""

    added: tuple[Domain, ...] = ()
    removed: tuple[Domain, ...] = ()
    rules_added: tuple[Rule, ...] = ()
    rules_removed: tuple[Rule, ...] = ()
    treated: tuple[Treatment, ...] = ()
    """Routes whose requests are treated otherwise: how they will be."""

    def __bool__(self) -> bool:
        return any((self.added, self.removed, self.rules_added, self.rules_removed, self.treated))


def changes(now: PublicSide, then: PublicSide) -> PublicChanges:
    """What is different afterwards; that a certificate came is nothing that anybody changed."""
    before = {one.host: (one.to, one.elsewhere, one.certificate) for one in now.domains}
    after = {one.host: (one.to, one.elsewhere, one.certificate) for one in then.domains}
    hosts = {one.host for one in (*now.treatments, *then.treatments)}
    return PublicChanges(
        added=tuple(one for one in then.domains if before.get(one.host) != after[one.host]),
        removed=tuple(one for one in now.domains if one.host not in after),
        rules_added=tuple(one for one in then.rules if one not in now.rules),
        rules_removed=tuple(one for one in now.rules if one not in then.rules),
        treated=tuple(
            then.treatment(host)
            for host in sorted(hosts)
            if now.treatment(host) != then.treatment(host)
        ),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicSpec:
    """What `[environments.X.services.Y]` says of a service's hosts."""

    domains: tuple[str, ...] = ()
    redirects: tuple[str, ...] = ()
    """Hosts that are led to the first domain."""
    derived_host: bool = True
    """Whether the host that is made of the names stays beside the domains."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedPublicSide:
    """What the project file wants of an environment, by service."""

    services: Mapping[str, PublicSpec] = field(default_factory=dict)
    traffic: Mapping[str, Traffic] = field(default_factory=dict)
    access: Access = Access()
    rules: tuple[Rule, ...] = ()
    certified: tuple[str, ...] = ()
    """The names that `[[edge.certificates]]` are for; one may begin with `*.`."""
    authority: CertificateSource = CertificateSource.NONE
    """Who is asked for the others; NONE: nobody."""
    http_port: int = HTTP
    https_port: int = HTTPS
    """0: no HTTPS."""

    def certificate_of(self, host: str) -> CertificateSource:
        """Where the certificate of a domain comes from."""
        if not self.https_port:
            return CertificateSource.NONE
        if any(covers(name, host) for name in self.certified):
            return CertificateSource.OWN
        return self.authority

    @property
    def hosts(self) -> tuple[str, ...]:
        """Every domain that the file gives the environment."""
        specs = self.services.values()
        return tuple(host for spec in specs for host in (*spec.domains, *spec.redirects))

    def place_of(self, host: str) -> tuple[str, str]:
        """The service of a domain, and the host that it is redirected to; either may be empty."""
        for service, spec in self.services.items():
            if host in spec.domains:
                return service, ""
            if host in spec.redirects:
                return service, spec.domains[0] if spec.domains else ""
        return "", ""

    @property
    def to_prove(self) -> tuple[str, ...]:
        """The hosts that a certificate has to be ordered for: each is to be proven before."""
        return tuple(host for host in self.hosts if self.certificate_of(host).ordered)

    def side(
        self,
        hosts: Mapping[str, str],
        now: PublicSide,
        *,
        unproven: frozenset[str] = frozenset(),
        plain: frozenset[str] = frozenset(),
    ) -> PublicSide:
        """The public side for these routes, service to host.

        What is in force and stays wanted keeps its certificate and its maintenance. New hosts that
        are `unproven` are left out, for `plain` ones no certificate is ordered.
        """
        domains: dict[str, Domain] = {}
        for service, host in sorted(hosts.items()):
            wanted = (*self._of_service(service, host), *self._own_host(service, host))
            for one in wanted:
                known = now.domain(one.host)
                if one.host not in unproven:
                    domains[one.host] = _as_known(one, known, plain)
                elif known is not None:
                    # Somebody may come by it all the same: it answers as it did.
                    domains[one.host] = _as_known(one, known, unproven)
        rules = (
            rule.between(hosts[rule.on], hosts[rule.to])
            for rule in self.rules
            if rule.on in hosts and rule.to in hosts
        )
        treated = (self._treatment(service, host, now) for service, host in hosts.items())
        side = PublicSide(
            domains=tuple(domains[host] for host in sorted(domains)),
            rules=tuple(rules),
            treatments=tuple(
                sorted((one for one in treated if not one.plain), key=lambda one: one.host)
            ),
            http_port=self.http_port,
            https_port=self.https_port,
        )
        return side.simplified

    def main_host(self, service: str, host: str, now: PublicSide) -> str:
        """By which of its hosts a service is called: the first of its domains that is served.

        A domain that is still to be proven is not counted on.
        """
        spec = self.services.get(service, PublicSpec())
        for one in spec.domains:
            if now.domain(one) is not None or not self.certificate_of(one).ordered:
                return one
        return host

    def _of_service(self, service: str, host: str) -> tuple[Domain, ...]:
        spec = self.services.get(service, PublicSpec())
        first = spec.domains[0] if spec.domains else host
        served = (self._domain(one, host) for one in spec.domains)
        led = (self._domain(one, host, elsewhere=first) for one in spec.redirects)
        return (*served, *led)

    def _domain(self, host: str, to: str, *, elsewhere: str = "") -> Domain:
        certificate = self.certificate_of(host)
        own = certificate is CertificateSource.OWN
        return Domain(host=host, to=to, certificate=certificate, secured=own, elsewhere=elsewhere)

    def _own_host(self, service: str, host: str) -> tuple[Domain, ...]:
        """The route's own host, where it has a certificate: none is ordered for it."""
        hidden = not self.services.get(service, PublicSpec()).derived_host
        if hidden or self.certificate_of(host) is not CertificateSource.OWN:
            return ()
        return (self._domain(host, host),)

    def _treatment(self, service: str, host: str, now: PublicSide) -> Treatment:
        before = now.treatment(host)
        return Treatment(
            host=host,
            hidden=not self.services.get(service, PublicSpec()).derived_host,
            access=self.access if self.access.guarded else Access(),
            traffic=self.traffic.get(service, Traffic()),
            maintenance=before.maintenance,
            message=before.message,
        )


def _as_known(wanted: Domain, known: Domain | None, plain: frozenset[str]) -> Domain:
    """A domain that has its certificate keeps it."""
    if wanted.host in plain and wanted.certificate.ordered:
        return replace(wanted, certificate=CertificateSource.NONE)
    if known is not None and known.certificate is wanted.certificate:
        return replace(wanted, secured=known.secured)
    return wanted


def covers(name: str, host: str) -> bool:
    """Whether a certificate for a name is one for the host: `*.` stands for one label."""
    if name.startswith("*."):
        return host.partition(".")[2] == name[2:]
    return name == host
