"""The SDK's requests over the connections of `ssh_link`."""

from typing import TYPE_CHECKING, Any

from compartment_tui.adapters.docker.api.sdk import (
    UnixHTTPAdapter,
    UnixHTTPConnection,
    UnixHTTPConnectionPool,
)

if TYPE_CHECKING:
    from compartment_tui.adapters.docker.api.line import Line
    from compartment_tui.adapters.docker.api.ssh_link import SshDoor

_ENGINE = "http+docker://localhost"


class SshAdapter(UnixHTTPAdapter):
    """Sends requests over connections that a door opens."""

    def __init__(self, door: "SshDoor", timeout: int) -> None:
        super().__init__("http+unix:///", timeout)
        self._door = door

    def get_connection(self, url: Any, proxies: Any = None) -> "_Pool":  # noqa: ANN401 - as the SDK has it
        """The pool of connections: one for all questions, since each takes a while to open.

        It is asked with the whole address of a question.
        """
        with self.pools.lock:
            pool: _Pool | None = self.pools.get(_ENGINE)
            if pool is None:
                pool = _Pool(_ENGINE, self._door, self.timeout, self.max_pool_size)
                self.pools[_ENGINE] = pool
            return pool


class _Pool(UnixHTTPConnectionPool):
    def __init__(self, url: str, door: "SshDoor", timeout: int, size: int) -> None:
        super().__init__(url, "", timeout, maxsize=size)
        self._door = door
        self._seconds = timeout

    def _new_conn(self) -> Any:  # noqa: ANN401 - as the SDK has it
        return _Connection(self.base_url, self._door, self._seconds)


class _Connection(UnixHTTPConnection):
    def __init__(self, url: str, door: "SshDoor", timeout: int) -> None:
        super().__init__(url, "", timeout)
        self._door = door
        self._line: Line | None = None

    def connect(self) -> None:
        """Open one that ends when our end of it is closed."""
        self._line = self._door.open()
        self._line.channel.settimeout(self.timeout)
        self.sock = self._line.channel

    def getresponse(self) -> Any:  # noqa: ANN401 - as the SDK has it
        """As usual. Raises SshFailed with ssh's own words when it ended without an answer."""
        try:
            return super().getresponse()
        except ConnectionError as error:
            raise (self._line.told(error) if self._line else error) from error
