"""One connection to a Docker engine, made when first used, and all that is asked of it.

Two ways lead there: the SDK, and a smaller one on the socket of a local engine, for what a status
and a usual run ask, which need not load the SDK. Which of them answers is decided here; `errors`
tells the errors of both in our words.
"""

import socket
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import cached_property
from typing import TYPE_CHECKING, Any, cast

from compartment_tui.adapters.docker.api.address import Address, find_address
from compartment_tui.adapters.docker.api.errors import foreign_errors, is_image_missing, translated
from compartment_tui.adapters.docker.api.unix_client import (
    CONNECT_SECONDS,
    EngineWay,
    Filters,
    Json,
    UnixEngine,
    refuse_old,
)
from compartment_tui.background import EarlyQuestion
from compartment_tui.domain.errors import CompartmentError

if TYPE_CHECKING:
    import requests

    from compartment_tui.adapters.docker.api.sdk_session import SdkSession
    from compartment_tui.domain.deployment import EnvironmentRecord

    EngineStream = requests.Response


class Client:
    """A Docker engine and the way to it. What it is asked raises what `translate` translates."""

    def __init__(self, address: Address) -> None:
        self.address = address
        self.containers: dict[str, str] = {}
        """By deployment: the container that its record names. No other is taken for its own."""
        self.readers: dict[str, str] = {}
        """By volume: the container that it is read through, once it was looked at."""
        self._facts = EarlyQuestion(self.info)
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
        if self.address.socket is not None:
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
                self.containers[deployment.id] = deployment.container
        return state

    def close(self) -> None:
        """Give the connections back; the next use opens new ones."""
        with self._opening:
            if self._session is not None:
                self._session.close()
            self._session = None

    # --- what is only looked at -------------------------------------------------------------------

    def _way(self) -> EngineWay:
        if self._session is None and self.address.socket is not None:
            return UnixEngine(self.address.socket, self.address.url)
        return cast(EngineWay, self.api)

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

    @cached_property
    def in_swarm(self) -> bool:
        """Whether the engine is in Swarm mode. Raises EngineUnreachable."""
        with self.translate("tell about itself"):
            return (self._facts.answer().get("Swarm") or {}).get("LocalNodeState") == "active"

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

    def attach(self, container: str, params: Mapping[str, int]) -> object:
        """What the SDK calls a socket: see `attach.wire_of`."""
        return self._way().attach_socket(container, params=params)

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
        self.api.remove_image(image)

    def create_network(
        self, name: str, *, marks: Mapping[str, str], ipam: Mapping[str, Any] | None = None
    ) -> None:
        sdk: Any = self.api  # the stubs ask for a class that is only a dict
        sdk.create_network(name, driver="bridge", labels=marks, ipam=ipam)

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

    # --- the SDK's connection ---------------------------------------------------------------------

    def _open(self) -> "SdkSession":
        try:
            _knock(self.address)
        except OSError as error:
            raise translated(error, self.address, "answer") from error
        with self.translate("answer"):
            from compartment_tui.adapters.docker.api.sdk_session import SdkSession

            session = SdkSession(self.address)
        try:
            refuse_old(session.api_version, self.address.url)
        except BaseException:
            session.close()
            raise
        return session


def connect() -> Client:
    """The engine a person means: DOCKER_HOST, the current docker context, else the local socket.

    Raises EngineUnreachable only when the docker context cannot be read; nothing is asked yet.
    """
    return Client(find_address())


def _knock(address: Address) -> None:
    """Raises OSError. The SDK would leave a socket that it cannot connect open."""
    if address.socket is None:
        return
    with socket.socket(socket.AF_UNIX) as probe:
        probe.settimeout(CONNECT_SECONDS)
        probe.connect(address.socket)
