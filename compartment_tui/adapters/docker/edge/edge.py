"""The engine's one reverse proxy: made, joined to every environment, brought back with routes."""

import io
import re
import tarfile
import time
from collections.abc import Collection, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from compartment_tui.adapters.docker.api import labels
from compartment_tui.adapters.docker.api.attach import deadline_in
from compartment_tui.adapters.docker.api.client import Client
from compartment_tui.adapters.docker.api.convert import key_of, moment
from compartment_tui.adapters.docker.api.errors import Conflict, Missing
from compartment_tui.adapters.docker.api.helper_shell import Shell, ShellGone, remove, volume_mount
from compartment_tui.adapters.docker.api.labels import Role
from compartment_tui.adapters.docker.api.ownership import name_taken
from compartment_tui.adapters.docker.api.resource_names import ROUTES, ResourceNames
from compartment_tui.adapters.docker.edge import stopped_page, traefik
from compartment_tui.adapters.docker.edge.edge_container import (
    ACME_AUTHORITY,
    ACME_EMAIL,
    ACME_LIFETIME,
    ACME_SERVER,
    BIND,
    CAPABILITY,
    HTTP_PORT,
    HTTPS_PORT,
    INNER_CALLS,
    INNER_PORTS,
    LATEST,
    MADE_AS,
    MADE_ON,
    MAINTENANCE_PAGE,
    NO_NEW_PRIVILEGES,
    PIDS,
    SYSCTLS,
    SYSCTLS_IPV6,
    TRUSTED,
    USER,
    EdgeContainer,
    find_edge,
)
from compartment_tui.adapters.docker.edge.edge_namespace import QUESTIONS, answers
from compartment_tui.adapters.docker.edge.port_owner import listener
from compartment_tui.adapters.docker.edge.route_documents import Documents
from compartment_tui.adapters.docker.records import DockerRecords
from compartment_tui.adapters.docker.resources.images import digests
from compartment_tui.adapters.docker.resources.subnets import subnet_of
from compartment_tui.background import Background, EarlyQuestion
from compartment_tui.domain.config import EdgeSettings
from compartment_tui.domain.edge_address import address_of, listening
from compartment_tui.domain.errors import EdgeConflict, EngineProblem, NameTaken, PortTaken
from compartment_tui.domain.names import EnvironmentKey
from compartment_tui.domain.routes import RouteTable
from compartment_tui.domain.subnets import edge_address
from compartment_tui.ports import EdgeInfo

if TYPE_CHECKING:
    from compartment_tui.domain.detail_views import Visit

LOG_LIMITS = {"max-size": "10m", "max-file": "3"}
_ADDRESS_TAKEN = "address already in use"
_PORT = "bind"
"""What the engine's sentence contains when that is about a port of its machine."""
_TAKEN = (_ADDRESS_TAKEN, "port is already allocated")
"""How the engine says that a port cannot be published: it has no code for it."""
_IPV6 = "net/ipv6/"
"""What the engine's sentence contains when the kernel has no such settings."""
STOP_SECONDS = 15
"""It lets requests end for 10 s."""
START_LIMIT = timedelta(seconds=10)
PAUSE_SECONDS = 0.05


class DockerEdge:
    """Keeps the promises of `compartment_tui.ports.Edge`."""

    def __init__(self, client: Client, layout: ResourceNames | None = None) -> None:
        self._client = client
        self._layout = layout or ResourceNames()
        self._documents = Documents(client, self._layout, DockerRecords(client, self._layout))
        self._early = EarlyQuestion(self._look)

    def info(self) -> EdgeInfo | None:
        return self._early.answer()

    def look_ahead(self) -> None:
        self._forget_look()
        self._early.begin()

    def _forget_look(self) -> None:
        """What was looked at before is so no longer."""
        self._early = EarlyQuestion(self._look)

    def _look(self) -> EdgeInfo | None:
        networks = Background(self._networks)
        edge = self._ours()
        if edge is None:
            return None
        ours = {name: key for name, key in networks.answer().items() if name in edge.networks}
        return EdgeInfo(
            running=edge.running,
            settings=edge.settings,
            image=edge.image_name,
            container=edge.id,
            attached=frozenset(ours.values()),
            inside=frozenset(
                key for name, key in ours.items() if edge.inner_ports and edge.is_pinned(name)
            ),
            started=moment(edge.started),
            open=edge.open,
            lacks=edge.lacks,
            https=edge.https,
            takes_inner_calls=edge.version >= INNER_CALLS,
            maintenance_page=edge.version >= MAINTENANCE_PAGE,
            made_on=edge.labels.get(MADE_ON, ""),
        )

    def ensure(self, settings: EdgeSettings) -> bool:
        self._forget_look()
        edge = self._find()
        if edge is not None and not edge.settings.suits(settings, earlier=not edge.https):
            raise self._conflict(edge.settings, settings)
        fresh = edge is None
        if edge is None:
            edge = self._make(settings, SYSCTLS | SYSCTLS_IPV6)
        # Before the start, so that it comes up with every route and every network.
        joined = self._join(edge)
        self._documents.certify()
        restored = self._documents.restore(edge.inner_ports)
        if edge.running:
            return joined or restored
        if not fresh:
            # A replacement that was stopped half way had taken it away.
            self._client.set_restart_policy(edge.id, "always")
        self._start(edge, settings, fresh=fresh)
        return True

    def attach(self, key: EnvironmentKey) -> None:
        self._forget_look()
        network = self._layout.network(key)
        subnet = subnet_of(self._client, network)
        try:
            self._connect(network, edge_address(subnet) if subnet is not None else None)
        except EngineProblem as error:
            if is_address_taken(error):
                # Somebody has its address who was there before. Callers there do without.
                self._leave(network)
                self._connect(network, None)
                return
            # The engine refuses a second time with a plain "forbidden": look whether that was it.
            edge = self._find()
            if edge is None or not edge.is_on(network):
                raise

    def _connect(self, network: str, address: str | None) -> None:
        with self._client.translate(f"join the network {network}"):
            self._client.connect_network(self._layout.edge, network, address)

    def _leave(self, network: str) -> None:
        """Be no longer on a network, on which it may never have been."""
        with suppress(EngineProblem), self._client.translate(f"leave the network {network}"):
            self._client.disconnect_network(self._layout.edge, network)

    def warm_up(self) -> None:
        self._documents.warm_up()

    def tables(self) -> Mapping[EnvironmentKey, RouteTable]:
        return self._documents.tables()

    def visit(self, host: str, path: str = "/", *, secured: bool = False) -> "Visit":
        # What a look at the routes does not need, it does not load.
        from compartment_tui.adapters.docker.edge.visits import no_answer, visit

        edge = self._ours()
        if edge is None:
            return no_answer("there is no edge")
        address = address_of(edge.settings, self._client.address.host)
        if address is None:
            return no_answer(f"the edge only listens on {edge.settings.bind} of its own machine")
        settings = edge.settings
        port = settings.https_port if secured else settings.http_port
        return visit(address, port, host=host, path=path, secured=secured)

    def certificate_ends(self, hosts: Collection[str]) -> Mapping[str, datetime]:
        edge = self._ours()
        if edge is None or not edge.settings.https_port or not hosts:
            return {}
        address = address_of(edge.settings, self._client.address.host)
        if address is None:
            return {}
        from compartment_tui.adapters.docker.edge.shown_certificates import ends

        return ends(address, edge.settings.https_port, hosts)

    def proof(self) -> str:
        return self._documents.proof()

    def unreadable(self) -> tuple[str, ...]:
        return self._documents.unreadable()

    def set_aside(self, document: str) -> None:
        self._documents.set_aside(document)

    def forget(self, key: EnvironmentKey) -> None:
        self._forget_look()
        self._documents.remove(key)
        if self._ours() is None:
            return
        try:
            with self._client.translate("leave a network"):
                self._client.disconnect_network(self._layout.edge, self._layout.network(key))
        except Missing:
            return
        except EngineProblem:
            edge = self._find()
            if edge is not None and self._layout.network(key) in edge.networks:
                raise

    def restart(self, settings: EdgeSettings | None = None) -> None:
        self._forget_look()
        edge = self._find()
        wanted = settings or (edge.settings if edge is not None else EdgeSettings())
        if edge is not None:
            # What another project needs stays.
            wanted = wanted.beside(edge.settings)
        # What an older version made is made anew only by whoever asks for settings: it may take
        # longer than a restart, and an image that has to be pulled.
        as_it_is = settings is None or (edge is not None and not (edge.open or edge.lacks))
        if edge is not None and edge.settings == wanted and as_it_is:
            with self._client.translate("restart the edge"):
                self._client.restart(edge.id, timeout=STOP_SECONDS)
            self._await(edge)
        elif edge is None:
            self.ensure(wanted)
        else:
            self._replace(edge, wanted)

    def remove(self) -> None:
        self._forget_look()
        self._remove_put_aside()
        edge = self._find()
        if edge is None:
            return
        try:
            with self._client.translate("remove the edge"):
                self._client.remove_container(edge.id, volumes=True)
        except Missing:
            return

    def _replace(self, edge: EdgeContainer, settings: EdgeSettings) -> None:
        """Make another in its place; where that cannot be, it serves again as it did."""
        self._remove_put_aside()
        with self._client.translate("put the edge aside"):
            # Not even an engine that starts anew may bring both.
            self._client.set_restart_policy(edge.id, "no")
            self._client.stop(edge.id, timeout=STOP_SECONDS)
            self._client.rename(edge.id, self._put_aside)
        try:
            self.ensure(settings)
        except BaseException:
            if (fresh := self._find()) is not None:
                remove(self._client, fresh.id)
            with self._client.translate("bring the edge back"):
                self._client.rename(edge.id, self._layout.edge)
            # Environments may have come meanwhile, so it is not only started.
            self.ensure(edge.settings)
            raise
        remove(self._client, edge.id)

    @property
    def _put_aside(self) -> str:
        return f"{self._layout.edge}-before"

    def _remove_put_aside(self) -> None:
        """What a replacement left that was killed half way. Raises NameTaken."""
        left = find_edge(self._client, self._put_aside)
        if left is not None:
            remove(self._client, left.id)

    # --- making and starting it -------------------------------------------------------------------

    def _ours(self) -> EdgeContainer | None:
        """For those who only look: somebody else's under that name is no edge."""
        try:
            return self._find()
        except NameTaken:
            return None

    def _find(self) -> EdgeContainer | None:
        """Raises NameTaken when somebody else's container has the edge's name."""
        return find_edge(self._client, self._layout.edge)

    def _make(self, settings: EdgeSettings, sysctls: Mapping[str, str]) -> EdgeContainer:
        self._make_network()
        inner = tuple(port for port in settings.inner_ports if port not in traefik.OWN_PORTS)
        with self._client.translate("make the volume for certificates"):
            self._client.create_volume(
                self._layout.certificates_volume, {labels.ROLE: Role.STATE.value}
            )
        with self._client.translate("make the edge"):
            self._client.create_or_pull(
                traefik.EDGE_IMAGE,
                name=self._layout.edge,
                command=list(traefik.arguments(ROUTES, settings, inner)),
                user=USER,
                working_dir=stopped_page.ROOT,
                ports=[traefik.WEB_PORT, (traefik.TLS_PORT, "tcp"), (traefik.TLS_PORT, "udp")],
                stop_timeout=STOP_SECONDS,
                labels={
                    labels.ROLE: Role.EDGE.value,
                    BIND: settings.bind,
                    HTTP_PORT: str(settings.http_port),
                    HTTPS_PORT: str(settings.https_port),
                    INNER_PORTS: " ".join(map(str, inner)),
                    **_marks_of(settings),
                    MADE_AS: str(LATEST),
                    MADE_ON: f"{traefik.EDGE_IMAGE}@{self._exact_image()}",
                },
                healthcheck={"Test": ["NONE"]},
                host_config=self._host_config(settings, sysctls),
            )
            self._client.write_archive(self._layout.edge, stopped_page.ROOT, stopped_page.archive())
            packed = _own_directory(settings.acme.authority)
            self._client.write_archive(self._layout.edge, traefik.CERTIFICATES, packed)
        edge = self._find()
        if edge is None:
            raise EngineProblem("the edge was removed while it was being made")
        return edge

    def _host_config(self, settings: EdgeSettings, sysctls: Mapping[str, str]) -> dict[str, object]:
        return self._client.host_config(
            network_mode=self._layout.edge,
            restart_policy={"Name": "always"},
            port_bindings=_published(settings),
            # A look-up that got lost on its way is asked again, and not waited for.
            dns_opt=["timeout:1", "attempts:3"],
            mounts=[
                volume_mount(ROUTES, self._layout.routes_volume, read_only=True),
                # Without a name, it goes with the container. It can be filled though the rest
                # cannot be written to, and what is in it belongs to root.
                volume_mount(stopped_page.ROOT, None),
                volume_mount(traefik.CERTIFICATES, self._layout.certificates_volume),
            ],
            log_config={"type": "json-file", "config": LOG_LIMITS},
            sysctls=dict(sysctls),
            cap_drop=["ALL"],
            cap_add=[CAPABILITY],
            security_opt=[NO_NEW_PRIVILEGES],
            pids_limit=PIDS,
            read_only=True,
        )

    def _exact_image(self) -> str:
        """Which image the edge's tag leads to; pulled when it is not there. ImageUnavailable."""
        found = digests(self._client, traefik.EDGE_IMAGE)
        if not found:
            self._client.pull(traefik.EDGE_IMAGE)
            found = digests(self._client, traefik.EDGE_IMAGE)
        return found[0] if found else ""

    def _make_network(self) -> None:
        """Its own network, where published ports end.

        On the default one it would start with the host's name server and keep asking that for some
        seconds after it joined its first environment. Its name sorts before the environments': the
        engine routes a container through its first network, and moving that cuts connections.
        """
        try:
            with self._client.translate("look at the edge's network"):
                found = self._client.inspect_network(self._layout.edge)
            if (found.get("Labels") or {}).get(labels.ROLE) != Role.EDGE:
                why = f"its label {labels.ROLE} is not {Role.EDGE.value}"
                raise name_taken(self._layout.edge, why, kind="network")
        except Missing:
            with self._client.translate("make the edge's network"):
                self._client.create_network(self._layout.edge, marks={labels.ROLE: Role.EDGE.value})

    def _start(self, edge: EdgeContainer, settings: EdgeSettings, *, fresh: bool) -> None:
        try:
            try:
                self._start_pinned(edge)
            except EngineProblem as error:
                if not fresh or _IPV6 not in error.message:
                    raise
                remove(self._client, edge.id)
                edge = self._make(settings, SYSCTLS)
                self._join(edge)
                with self._client.translate("start the edge"):
                    self._client.start(edge.id)
        except EngineProblem as error:
            if fresh:
                remove(self._client, edge.id)
            if any(words in error.message.lower() for words in _TAKEN):
                raise self._port_taken(settings, error.message) from error
            raise
        self._await(edge)

    def _start_pinned(self, edge: EdgeContainer) -> None:
        """Start it; where somebody got its address meanwhile, with any other there."""
        try:
            with self._client.translate("start the edge"):
                self._client.start(edge.id)
        except EngineProblem as error:
            if not is_address_taken(error):
                raise
            for name in filter(edge.is_pinned, edge.networks):
                self._leave(name)
                self._connect(name, None)
            with self._client.translate("start the edge"):
                self._client.start(edge.id)

    def _await(self, edge: EdgeContainer) -> None:
        """Until it serves its documents: it listens a moment before it has read them.

        Raises EngineProblem when it does not come up.
        """
        tables, deadline = self.tables(), deadline_in(START_LIMIT)
        try:
            with Shell.open(
                self._client,
                labels={labels.ROLE: Role.STATE.value},
                network_mode=f"container:{edge.id}",
                image=edge.image,
            ) as shell:
                while not _serves(shell, tables):
                    if time.monotonic() > deadline:
                        raise _silent(self._layout.edge)
                    time.sleep(PAUSE_SECONDS)
        except (Conflict, ShellGone) as error:
            # It ended at once, and took the network that was to be joined with it.
            raise _silent(self._layout.edge) from error

    # --- networks ---------------------------------------------------------------------------------

    def _networks(self) -> dict[str, EnvironmentKey]:
        """The environments' networks by name."""
        with self._client.translate("list the networks"):
            found = self._client.list_networks(filters=labels.filters(Role.NETWORK))
        keys = {one["Name"]: key_of(one.get("Labels") or {}) for one in found}
        return {
            name: key
            for name, key in keys.items()
            if key is not None and name.startswith(self._layout.network_prefix)
        }

    def _join(self, edge: EdgeContainer) -> bool:
        missing = [key for name, key in self._networks().items() if name not in edge.networks]
        for key in missing:
            self.attach(key)
        return bool(missing)

    # --- what to say when it cannot be ------------------------------------------------------------

    def _conflict(self, now: EdgeSettings, wanted: EdgeSettings) -> EdgeConflict:
        return EdgeConflict(
            f"the edge of this engine listens on {listening(now)},"
            f" and `[edge]` asks for {listening(wanted)}",
            hint="use the same values, or `compartment-tui edge restart --apply` to change it"
            " for all projects",
        )

    def _port_taken(self, settings: EdgeSettings, said: str) -> PortTaken:
        secure = re.search(rf":{settings.https_port}\b", said) is not None
        port = settings.https_port if secure else settings.http_port
        who = self._container_on(port)
        if who is None and self._client.address.socket is not None:
            who = listener(port)
        key, none = ("https_port", " (0: none)") if secure else ("http_port", "")
        return PortTaken(
            f"port {port} is taken by {who or 'another program'}",
            hint=f"stop that, or give `[edge] {key}` another value{none}",
        )

    def _container_on(self, port: int) -> str | None:
        with self._client.translate("list the containers"):
            rows = self._client.list_containers()
        for row in rows:
            if any(one.get("PublicPort") == port for one in row.get("Ports") or ()):
                return f"the container {row['Names'][0].lstrip('/')}"
        return None


def _serves(shell: Shell, tables: Mapping[EnvironmentKey, RouteTable]) -> bool:
    said = shell.run(QUESTIONS, *traefik.queries())
    if said.exit_code != 0:
        return False
    try:
        routers, services = answers(said)
        return all(traefik.in_force(key, table, routers, services) for key, table in tables.items())
    except (ValueError, traefik.UnreadableDocument):
        return False


def _published(settings: EdgeSettings) -> dict[int | str, tuple[str, int]]:
    """The ports of the edge, each with the address and port of its machine."""
    published: dict[int | str, tuple[str, int]] = {
        traefik.WEB_PORT: (settings.bind, settings.http_port)
    }
    if settings.https_port:
        place = (settings.bind, settings.https_port)
        published |= {f"{traefik.TLS_PORT}/{protocol}": place for protocol in ("tcp", "udp")}
    return published


def _marks_of(settings: EdgeSettings) -> dict[str, str]:
    """The labels of what not every edge has."""
    marks = {
        TRUSTED: " ".join(settings.trusted_proxies),
        ACME_EMAIL: settings.acme.email,
        ACME_SERVER: settings.acme.server,
        ACME_LIFETIME: str(settings.acme.lifetime or ""),
        ACME_AUTHORITY: settings.acme.authority,
    }
    return {name: text for name, text in marks.items() if text}


def _own_directory(authority: str) -> bytes:
    """A directory of the edge's own, as a tar archive for the volume of certificates.

    Beside it lies whom a private certificate authority is known by, if there is one.
    """
    entry = tarfile.TarInfo(PurePosixPath(traefik.ACME).name)
    entry.type, entry.mode = tarfile.DIRTYPE, 0o700
    entry.uid, entry.gid = (int(number) for number in USER.split(":"))
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        tar.addfile(entry)
        if authority:
            known = tarfile.TarInfo(PurePosixPath(traefik.AUTHORITY).name)
            known.size, known.mode = len(authority.encode()), 0o644
            tar.addfile(known, io.BytesIO(authority.encode()))
    return packed.getvalue()


def _silent(name: str) -> EngineProblem:
    return EngineProblem(
        "the edge was started and does not serve its routes",
        hint=f"`docker logs {name}` may say why",
    )


def is_address_taken(error: EngineProblem) -> bool:
    """Whether somebody has the address that was asked for on a network."""
    said = error.message.lower()
    return _ADDRESS_TAKEN in said and _PORT not in said
