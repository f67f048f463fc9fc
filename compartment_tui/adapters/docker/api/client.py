"""One connection to a Docker engine, made when first used, and all that is asked of it.

Two ways lead there: the SDK, and a smaller one on the socket of a local engine or over ssh, for
what a status and a usual run ask, which need not load the SDK. Which of them answers is decided
here; `errors` tells the errors of both in our words.
"""

import socket
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import cached_property
from typing import TYPE_CHECKING, Any, cast

from compartment_tui.adapters.docker.api.address import Address, address_of, find_address
from compartment_tui.adapters.docker.api.errors import foreign_errors, is_image_missing, translated
from compartment_tui.adapters.docker.api.line import CONNECT_SECONDS, LocalDoor
from compartment_tui.adapters.docker.api.socket_client import (
    EngineWay,
    Filters,
    Json,
    SocketEngine,
    refuse_old,
)
from compartment_tui.background import Background, EarlyQuestion
from compartment_tui.domain.errors import CompartmentError

if TYPE_CHECKING:
    from ipaddress import IPv4Network

    import requests

    from compartment_tui.adapters.docker.api.sdk_session import SdkSession
    from compartment_tui.adapters.docker.api.ssh_link import SshDoor
    from compartment_tui.domain.config import EngineSpec
    from compartment_tui.domain.deployment import EnvironmentRecord

    EngineStream = requests.Response


class Client:
    """A Docker engine and the way to it. What it is asked raises what `translate` translates."""

    def __init__(self, address: Address) -> None:
        self.address = address
        self.containers: dict[str, tuple[str, ...]] = {}
        """By deployment: the containers that its record names, by number. No others are its own."""
        self.unsettled: set[str] = set()
        """Deployments that may have more containers than that: their number was just changed."""
        self.readers: dict[str, str] = {}
        """By volume: the container that it is read through, once it was looked at."""
        self.subnets: dict[str, IPv4Network] = {}
        """By network: its subnet when it was looked at last, as every lock's maker does."""
        self._facts = EarlyQuestion(self.info)
        self._removals: list[Background[None]] = []
        self._session: SdkSession | None = None
        self._opening = threading.Lock()

    @property
    def api(self) -> "SdkSession":
        """The SDK's low-level client, connected; for this folder alone.

        Raises:
            EngineUnreachable: nothing answers there, or we may not use the socket.
            EngineTooOld: it answers, and is older than 20.10.
        """
        with self._opening:
            if self._session is None:
                self._session = self._open()
            return self._session

    def warm_up(self) -> None:
        """Ask what a change will have to know; where only the SDK leads there, load it."""
        self._facts.begin()
        if self.ssh is not None:
            self.ssh.begin_apart()
        if self._sockets is not None:
            return

        def connect() -> None:
            with suppress(CompartmentError):  # whoever uses `api` is told
                _ = self.api

        threading.Thread(target=connect, daemon=True).start()

    @contextmanager
    def translate(self, doing: str = "do that") -> Iterator[None]:
        """Tell either way's errors as ours: `Docker could not {doing}: its reason`.

        Raises:
            EngineUnreachable: no answer, no permission, or the connection broke.
            DiskFull: the engine has no room left.
            Missing: a container, network or image is not there.
            Conflict: a name is taken, or something is in use.
            EngineProblem: the engine refused for any other reason.
        """
        try:
            yield
        except foreign_errors() as error:
            raise translated(error, self.address, doing) from error

    def heed(self, state: "EnvironmentRecord") -> "EnvironmentRecord":
        """Take from a record which containers are whose; the record."""
        for deployment in state.deployments.values():
            if deployment.container:
                self.containers[deployment.id] = deployment.containers
                self.unsettled.discard(deployment.id)
                if deployment.replicas != len(deployment.containers):
                    self.unsettled.add(deployment.id)
        return state

    def remove_meanwhile(self, remove: Callable[[], None]) -> None:
        """Do it without waiting for it. If it fails nobody is told: the engine does it, too."""
        self._removals.append(Background(remove))

    def await_removals(self) -> None:
        """Until what is removed meanwhile is gone."""
        while self._removals:
            with suppress(Exception):
                self._removals.pop().answer()

    def close(self) -> None:
        """Give the connections back; the next use opens new ones."""
        with self._opening:
            if self._session is not None:
                self._session.close()
            self._session = None
        if self._sockets is not None:
            self._sockets.close()
        if self.ssh is not None:
            self.ssh.close()

    # --- what is only looked at -------------------------------------------------------------------

    def _way(self) -> EngineWay:
        # Whoever has loaded the SDK for a local engine has nothing to gain any more.
        if self._sockets is not None and (self._session is None or self.ssh is not None):
            return self._sockets
        return cast(EngineWay, self.api)

    @cached_property
    def ssh(self) -> "SshDoor | None":
        """Where connections to an engine behind ssh are opened."""
        if not self.address.url.startswith("ssh://"):
            return None
        from compartment_tui.adapters.docker.api.ssh_link import SshDoor

        return SshDoor(self.address.url)

    @cached_property
    def _sockets(self) -> SocketEngine | None:
        local = None if self.address.socket is None else LocalDoor(self.address.socket)
        door = local or self.ssh
        return None if door is None else SocketEngine(door, self.address.url)

    @contextmanager
    def host_of_commands(self) -> Iterator[str]:
        """What DOCKER_HOST is meanwhile for a docker command that asks this engine."""
        if self.ssh is None:
            yield self.address.url
            return
        with self.ssh.listen() as host:
            yield host

    def list_containers(self, *, all: bool = False, filters: Filters | None = None) -> list[Json]:  # noqa: A002
        return self._way().containers(all=all, filters=filters or {})

    def inspect_container(self, container: str) -> Json:
        return self._way().inspect_container(container)

    def inspect_image(self, image: str) -> Json:
        return self._way().inspect_image(image)

    def image_history(self, image: str) -> list[Json]:
        return self._way().history(image)

    def list_networks(self, *, filters: Filters | None = None) -> list[Json]:
        return self._way().networks(filters=filters or {})

    def read_archive(self, container: str, path: str) -> Iterable[bytes]:
        return self._way().get_archive(container, path)[0]

    def info(self) -> Json:
        return self._way().info()

    def ask(
        self,
        method: str,
        path: str,
        query: Mapping[str, object] | None = None,
        body: Json | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Any:  # noqa: ANN401 - its shape is known to whoever asked
        """Any question with JSON in and out: what is a Swarm's has no other way."""
        return self._way().ask(method, path, query, body, headers)

    @cached_property
    def facts(self) -> Json:
        """What the engine said of itself when it was asked first. Raises EngineUnreachable."""
        with self.translate("tell about itself"):
            return self._facts.answer()

    @property
    def in_swarm(self) -> bool:
        """Whether the engine is in Swarm mode. Raises EngineUnreachable."""
        return (self.facts.get("Swarm") or {}).get("LocalNodeState") == "active"

    @property
    def api_version(self) -> str:
        return self.api.api_version

    def version(self) -> str:
        return str(self.api.version()["Version"])

    def disk_use(self) -> Json:
        return self.api.df()

    def list_images(self, *, filters: Filters) -> list[Json]:
        found: list[Json] = self.api.images(filters=dict(filters))
        return found

    def list_volumes(self, *, filters: Filters) -> list[Json]:
        return self.api.volumes(filters=dict(filters)).get("Volumes") or []

    def inspect_network(self, network: str) -> Json:
        return self._way().inspect_network(network)

    def open_stream(self, path: str, params: Mapping[str, Any], *, endless: bool) -> "EngineStream":
        return self.api.open_stream(path, params, endless=endless)

    # --- containers -------------------------------------------------------------------------------

    def create_container(self, config: Mapping[str, Any], name: str | None) -> str:
        """From a configuration in the words of the engine's API; the new container's id."""
        return str(self._way().create_container_from_config(config, name)["Id"])

    def create_shell(self, config: Mapping[str, Any], name: str | None) -> str:
        """As `create_container`. Raises ImageUnavailable: its image cannot be pulled either."""
        try:
            return self.create_container(config, name)
        except foreign_errors() as error:
            if not is_image_missing(error):
                raise
        self.pull(str(config["Image"]))
        return self.create_container(config, name)

    def create_or_pull(self, image: str, **settings: Any) -> str:  # noqa: ANN401 - the SDK's own
        """The new container's id. Raises ImageUnavailable: its image cannot be pulled either."""
        return self.api.create_or_pull(image, **settings)

    def host_config(self, **settings: Any) -> Json:  # noqa: ANN401 - the SDK's own
        return self.api.create_host_config(**settings)

    def set_restart_policy(self, container: str, policy: str) -> None:
        self._way().update_container(container, restart_policy={"Name": policy})

    def start(self, container: str) -> None:
        self._way().start(container)

    def stop(self, container: str, *, timeout: int) -> None:
        self._way().stop(container, timeout=timeout)

    def restart(self, container: str, *, timeout: int) -> None:
        self.api.restart(container, timeout=timeout)

    def rename(self, container: str, name: str) -> None:
        self._way().rename(container, name)

    def remove_container(self, container: str, *, volumes: bool = False) -> None:
        """Running or not; with `volumes`, those of its own that have no name."""
        self._way().remove_container(container, force=True, v=volumes)

    def write_archive(self, container: str, path: str, archive: bytes) -> None:
        self.api.put_archive(container, path, archive)

    def attach(self, container: str, params: Mapping[str, int], *, apart: bool = False) -> object:
        """What the SDK calls a socket: see `attach.wire_of`."""
        if apart and self._sockets is not None:
            return self._sockets.attach_apart(container, params)
        return self._way().attach_socket(container, params)

    # --- commands in containers -------------------------------------------------------------------

    def create_exec(self, container: str, command: list[str], **settings: Any) -> str:  # noqa: ANN401
        return str(self.api.exec_create(container, command, **settings)["Id"])

    def start_exec(self, execution: str, *, terminal: bool = False) -> Any:  # noqa: ANN401
        """What the SDK calls a socket: see `attach.wire_of`."""
        return self.api.exec_start(execution, tty=terminal, socket=True)

    def inspect_exec(self, execution: str) -> Json:
        return self.api.exec_inspect(execution)

    def resize_exec(self, execution: str, *, height: int, width: int) -> None:
        self.api.exec_resize(execution, height=height, width=width)

    # --- images, networks, volumes ----------------------------------------------------------------

    def pull(self, image: str) -> None:
        """Pull what is not on the engine. Raises ImageUnavailable."""
        self.api.pull_missing(image)

    def tag_image(self, image: str, repository: str, tag: str) -> None:
        self._way().tag(image, repository, tag)

    def remove_image(self, image: str) -> None:
        self._way().remove_image(image)

    def create_network(
        self,
        name: str,
        *,
        marks: Mapping[str, str],
        ipam: Mapping[str, Any] | None = None,
        overlay: bool = False,
    ) -> None:
        """A bridge, or one over all machines of a Swarm that plain containers may join, too."""
        sdk: Any = self.api  # the stubs ask for a class that is only a dict
        kind = {"driver": "overlay", "attachable": True} if overlay else {"driver": "bridge"}
        sdk.create_network(name, labels=marks, ipam=ipam, **kind)

    def connect_network(self, container: str, network: str, address: str | None = None) -> None:
        """Join it to a network; at that address, if one is given."""
        self.api.connect_container_to_network(container, network, ipv4_address=address)

    def disconnect_network(self, container: str, network: str) -> None:
        self.api.disconnect_container_from_network(container, network, force=True)

    def remove_network(self, network: str) -> None:
        self.api.remove_network(network)

    def create_volume(self, name: str, marks: Mapping[str, str]) -> None:
        self.api.create_volume(name, labels=dict(marks))

    def remove_volume(self, name: str) -> None:
        self.api.remove_volume(name)

    def credentials_for(self, reference: str) -> dict[str, str]:
        """A header with a person's credentials for the registry of an image; empty: there are none.

        For `ask`: whoever gets it may pull with it.
        """
        from compartment_tui.adapters.docker.api.registry_credentials import credentials_header

        return credentials_header(self.api, reference)

    # --- the SDK's connection ---------------------------------------------------------------------

    def _open(self) -> "SdkSession":
        try:
            _knock(self.address)
        except OSError as error:
            raise translated(error, self.address, "answer") from error
        with self.translate("answer"):
            from compartment_tui.adapters.docker.api.sdk_session import SdkSession

            session = SdkSession(self.address, self.ssh)
        try:
            refuse_old(session.api_version, self.address.url)
        except BaseException:
            session.close()
            raise
        return session


def connect(spec: "EngineSpec | None" = None) -> Client:
    """The engine that a project file names, else the one a person means: see `find_address`.

    Raises EngineUnreachable only when the docker context cannot be read; nothing is asked yet.
    """
    return Client(find_address() if spec is None else address_of(spec))


def _knock(address: Address) -> None:
    """Raises OSError. The SDK would leave a socket that it cannot connect open."""
    if address.socket is None:
        return
    with socket.socket(socket.AF_UNIX) as probe:
        probe.settimeout(CONNECT_SECONDS)
        probe.connect(address.socket)
