"""The edge of the pretended machine."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from http import HTTPStatus

from compartment_tui.adapters.memory.host import Host
from compartment_tui.domain.config import EdgeSettings
from compartment_tui.domain.deployment import EnvironmentRecord
from compartment_tui.domain.detail_views import Visit
from compartment_tui.domain.domain_proof import until_of
from compartment_tui.domain.edge_address import listening
from compartment_tui.domain.errors import EdgeConflict, NotFound, PortTaken
from compartment_tui.domain.names import EnvironmentKey
from compartment_tui.domain.record.rebuild import routed
from compartment_tui.domain.routes import RouteTable
from compartment_tui.ports import EdgeInfo

VISITOR_PATIENCE = timedelta(seconds=2)
VISIT_TAKES = timedelta(milliseconds=4)
"""How long a visitor waits for an answer."""


class MemoryEdge:
    """`Edge` on a `Host`."""

    def __init__(self, host: Host) -> None:
        self._host = host

    def info(self) -> EdgeInfo | None:
        edge = self._host.edge
        if edge is None:
            return None
        return EdgeInfo(
            running=edge.running,
            settings=edge.settings,
            image="memory",
            container="edge",
            attached=frozenset(edge.attached),
            inside=frozenset(key for key in edge.attached if edge.inner_ports(key)),
            started=edge.started,
            open=edge.open,
            lacks=edge.lacks,
            https=not edge.lacks,
            takes_inner_calls=not edge.lacks,
            maintenance_page=not edge.lacks,
            made_on=edge.made_on,
        )

    def ensure(self, settings: EdgeSettings) -> bool:
        host = self._host
        edge = host.edge
        if edge is not None and not edge.settings.suits(settings, earlier=bool(edge.lacks)):
            raise EdgeConflict(
                f"the edge listens on {listening(edge.settings)}",
                hint="use the same [edge], or `edge restart --apply` to change it for everybody",
            )
        if host.edge is not None and host.edge.running:
            missing = host.networks.keys() - host.edge.attached
            host.edge.attached |= missing
            return self._restore_routes() or bool(missing)
        self._claim(settings)
        self._restore_routes()
        host.start_edge(settings)
        host.tell_of_edge("start")
        return True

    def attach(self, key: EnvironmentKey) -> None:
        if self._host.edge is None:
            raise NotFound("there is no edge", hint="deploy, or `edge restart`, to make it")
        self._host.edge.attached.add(key)

    def warm_up(self) -> None:
        """Nothing to fetch."""

    def look_ahead(self) -> None:
        """Nothing takes time here."""

    def tables(self) -> Mapping[EnvironmentKey, RouteTable]:
        return dict(self._host.documents)

    def certificate_ends(self, hosts: Collection[str]) -> Mapping[str, datetime]:
        edge = self._host.edge
        if edge is None or not edge.running:
            return {}
        have = self._host.certificates()
        ends = {host: until_of(host, have) for host in hosts}
        return {host: until for host, until in ends.items() if until is not None}

    def proof(self) -> str:
        return self._host.proof if self._host.edge is not None else ""

    def visit(self, host: str, path: str = "/", *, secured: bool = False) -> Visit:
        edge = self._host.edge
        if edge is None or not edge.running:
            why = "connection refused" if edge else "there is no edge"
            return Visit(status=None, detail=why, took=timedelta())
        deployment = self._host.answer(host)
        own = self._own_answer(host, secured=secured)
        if own is None and deployment is None and self._host.lets_wait(host):
            return Visit(status=None, detail="no answer within 2 s", took=VISITOR_PATIENCE)
        status = 503 if own is None else own
        if own is None and deployment is not None:
            status = self._host.containers[deployment].behaviour.answers
        return Visit(status=status, detail=HTTPStatus(status).phrase, took=VISIT_TAKES)

    def _own_answer(self, host: str, *, secured: bool) -> int | None:
        """The status of what the edge says itself; None: it passes the request on."""
        table = next((one for one in self._host.in_force.values() if host in one.hosts), None)
        if table is None:
            return 404
        domain = table.public.domain(host)
        treatment = table.public.treatment(domain.to if domain is not None else host)
        if domain is None:
            if treatment.hidden:
                return 404
        elif domain.elsewhere or (domain.secured and not secured):
            return 301
        if treatment.access.users:
            return 401
        return 503 if treatment.maintenance else None

    def unreadable(self) -> tuple[str, ...]:
        return tuple(self._host.unreadable)

    def set_aside(self, document: str) -> None:
        if document in self._host.unreadable:
            self._host.unreadable.remove(document)
            self._host.set_aside.append(document)
            self._host.reload_soon()

    def forget(self, key: EnvironmentKey) -> None:
        self._host.documents.pop(key, None)
        if self._host.edge is not None:
            self._host.edge.attached.discard(key)
        self._host.reload_soon()

    def restart(self, settings: EdgeSettings | None = None) -> None:
        edge = self._host.edge
        if edge is None:
            raise NotFound("there is no edge", hint="deploy to make it")
        settings = settings and settings.beside(edge.settings)
        if settings is not None and settings != edge.settings:
            self._claim(settings)
            edge.settings = settings
        if settings is not None:
            edge.open = edge.lacks = ()
        self._host.kill_edge()
        self._host.start_edge(edge.settings)
        self._host.tell_of_edge("restart")

    def remove(self) -> None:
        self._host.kill_edge()
        self._host.edge = None
        self._host.tell_of_edge("destroy")

    def _claim(self, settings: EdgeSettings) -> None:
        for port, key in ((settings.http_port, "http_port"), (settings.https_port, "https_port")):
            owner = self._host.taken_ports.get(port)
            if owner is not None:
                raise PortTaken(
                    f"port {port} is taken by {owner}",
                    hint=f"free it, or choose another [edge] {key}",
                )

    def _restore_routes(self) -> bool:
        """Make the documents again from the records, when the routes' volume is empty."""
        if self._host.documents or self._host.unreadable:
            return False
        tables = {key: routes_of_record(state) for key, state in self._host.records.items()}
        self._host.documents |= {key: table for key, table in tables.items() if table.routes}
        self._host.reload_soon()
        return bool(self._host.documents)


def routes_of_record(state: EnvironmentRecord) -> RouteTable:
    """The routes that a record says should be there."""
    newest = state.runs[-1].id if state.runs else None
    return replace(routed(state), marker=newest)
