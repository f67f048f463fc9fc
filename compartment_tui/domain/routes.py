"""Routes: the table of hosts and the deployments they lead to."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from compartment_tui.domain.public_side import PublicSide


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class EdgeCheck:
    """A GET by which the edge tells whether a replica can take requests: any 2xx or 3xx will do."""

    path: str
    port: int = 0
    """Where to ask, when that is not the route's own port."""
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Route:
    """A public host bound to a deployment's own alias and port on its network."""

    host: str
    deployment: str
    port: int
    stopped: str = ""
    """The service's name while its container does not run on purpose: the edge answers for it."""
    fallback: bool = False
    """What it says of a path that it does not have is said as found: a page for all paths."""
    inside: str = ""
    """The name by which services of the environment reach it through the edge; empty: directly.

    It is the deployment's: other hosts that lead to it, but for previews, have it too.
    """
    waiting: str = ""
    """The service's name while its requests wait at the edge for whoever is given its name next."""
    wait: int = 0
    """How many seconds they wait at most, then."""
    scheme: str = ""
    """How the deployment is spoken to when that is not plain HTTP: `h2c` or `https`."""
    unverified: bool = False
    """Its certificate is not looked at, then."""
    replicas: int = 1
    """Among how many replicas the requests are shared out: those with the numbers up to that."""
    check: EdgeCheck | None = None
    """What the edge asks several replicas for, over and over; who does not answer is left out."""
    one_name: bool = False
    """All replicas are found by the first one's name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteTable:
    """All routes of one environment: what one rename puts in force.

    `marker` is the id of the run that wrote it. The edge repeats it, so one question tells whether
    a table is in force, also for runs that move no route.
    """

    marker: str | None = None
    routes: tuple[Route, ...] = ()
    public: PublicSide = PublicSide()

    @property
    def hosts(self) -> frozenset[str]:
        domains = (domain.host for domain in self.public.domains)
        return frozenset((*(route.host for route in self.routes), *domains))

    def route_of(self, host: str) -> Route | None:
        """The route that answers visitors of a host, its own or one of its domains."""
        domain = self.public.domain(host)
        found = next(
            (one for one in self.routes if one.host == (domain.to if domain else host)), None
        )
        if found is None or (domain is None and self.public.treatment(host).hidden):
            return None
        return found

    def leads_to(self, deployment: str, host: str | None = None) -> bool:
        """Whether that host, or any when none is given, leads to the deployment."""
        return any(
            route.deployment == deployment and host in (None, route.host) for route in self.routes
        )

    def answered_for(self, deployment: str) -> bool:
        """Whether the edge itself answers in place of the deployment."""
        return any(route.deployment == deployment and route.stopped for route in self.routes)

    def marked(self, marker: str, stopped: Mapping[str, str]) -> "RouteTable":
        """This table with these deployments' routes (deployment to service) as stopped ones.

        An empty service: its route leads to the deployment again.
        """
        routes = (
            replace(route, stopped=stopped.get(route.deployment, route.stopped))
            for route in self.routes
        )
        return replace(self, marker=marker, routes=tuple(sorted(routes)))

    def made_wait(self, marker: str, service: str, deployments: Mapping[str, int]) -> "RouteTable":
        """This table with the routes to these deployments (to seconds) as ones that wait."""
        routes = (
            replace(route, waiting=service, wait=deployments[route.deployment])
            if route.deployment in deployments
            else route
            for route in self.routes
        )
        return replace(self, marker=marker, routes=tuple(sorted(routes)))

    @property
    def waits(self) -> bool:
        """Whether requests to any of its hosts wait."""
        return any(route.waiting for route in self.routes)

    def moved(self, marker: str, changes: tuple[Route, ...]) -> "RouteTable":
        """This table with `changes` in place of the routes that have the same hosts."""
        hosts = {route.host for route in changes}
        kept = tuple(route for route in self.routes if route.host not in hosts)
        return replace(self, marker=marker, routes=tuple(sorted(kept + changes)))

    def host_of(self, deployment: str) -> str | None:
        """A host that leads to the deployment: the first by name, None when no host does."""
        return next((one.host for one in self.routes if one.deployment == deployment), None)

    def only(self, deployments: frozenset[str]) -> "RouteTable":
        """This table with the routes to these deployments alone."""
        kept = tuple(one for one in self.routes if one.deployment in deployments)
        return replace(self, routes=kept)

    def without(self, deployments: frozenset[str]) -> "RouteTable":
        """This table without any route to these deployments."""
        kept = tuple(one for one in self.routes if one.deployment not in deployments)
        return replace(self, routes=kept)
