"""The SDK's low-level client with our time-outs. Import it late: it brings in the whole SDK."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import requests

from compartment_tui.adapters.docker.api.address import LOCAL, Address, Tls
from compartment_tui.adapters.docker.api.line import CONNECT_SECONDS
from compartment_tui.adapters.docker.api.sdk import (
    APIClient,
    APIError,
    AuthConfig,
    ImageNotFound,
    TLSConfig,
    create_api_error_from_http_exception,
)
from compartment_tui.adapters.docker.api.socket_client import READ_SECONDS
from compartment_tui.adapters.docker.api.ssh_transport import SshAdapter
from compartment_tui.domain import bounds
from compartment_tui.domain.errors import ImageUnavailable

if TYPE_CHECKING:
    from compartment_tui.adapters.docker.api.ssh_link import SshDoor

OLDEST = "1.41"
CHUNK = 64 * 1024


class SdkSession(APIClient):
    """An `APIClient` that gives up connecting sooner than reading.

    The SDK takes one figure for both and adds a container's grace to it, so the pair is made at the
    last moment. Making one connects and agrees on an API version; it raises what the SDK raises.
    """

    def __init__(self, address: Address, ssh: "SshDoor | None" = None) -> None:
        super().__init__(
            base_url=LOCAL if ssh else address.url,
            version=OLDEST,
            timeout=READ_SECONDS,
            tls=_config(address.tls) if address.tls else False,
        )
        if ssh is not None:
            # The SDK's own way needs a further package and hands out no usable stream.
            self._custom_adapter = SshAdapter(ssh, READ_SECONDS)
            self.mount("http+docker://", self._custom_adapter)
        # Asked only now, when it is known how.
        try:
            self._version: str = self.version(api_version=False)["ApiVersion"]
        except BaseException:
            self.close()
            raise

    @property
    def credentials(self) -> AuthConfig:
        """What the SDK found for registries in the docker configuration."""
        return self._auth_configs

    @credentials.setter
    def credentials(self, found: AuthConfig) -> None:
        self._auth_configs = found

    # `Any` is what requests itself says there.
    def send(self, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:  # noqa: ANN401
        """As `requests.Session.send`, but an answer that is read whole has a bound.

        Raises bounds.TooMuch, and what that one raises.
        """
        timeout = kwargs.get("timeout")
        if isinstance(timeout, int | float):
            kwargs["timeout"] = (min(CONNECT_SECONDS, timeout), timeout)
        if kwargs.get("stream"):
            return super().send(request, **kwargs)
        response = super().send(request, **{**kwargs, "stream": True})
        _read_whole(response)
        return response

    def ask(
        self,
        method: str,
        path: str,
        query: Mapping[str, Any] | None = None,
        body: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Any:  # noqa: ANN401 - its shape is known to whoever asked
        """Any question with JSON in and out. Raises `APIError` when the engine refuses."""
        response = self.request(
            method,
            f"{self.base_url}/v{self.api_version}{path}",
            params=query,
            json=body,
            headers=dict(headers or {}),
            timeout=READ_SECONDS,
        )
        try:
            response.raise_for_status()
        except requests.HTTPError as error:
            create_api_error_from_http_exception(error)  # raises what fits
        return response.json() if response.content.strip() else None

    def create_or_pull(self, image: str, **settings: Any) -> str:  # noqa: ANN401 - as the SDK's own
        """The new container's id. Raises ImageUnavailable: its image cannot be pulled either."""
        try:
            made = self.create_container(image, **settings)
        except ImageNotFound:
            self.pull_missing(image)
            made = self.create_container(image, **settings)
        return str(made["Id"])

    def pull_missing(self, image: str) -> None:
        """Pull an image that is not on the engine. Raises ImageUnavailable."""
        try:
            self.pull(image)
        except APIError as error:
            raise ImageUnavailable(
                f"the image {image} is not on the Docker engine and could not be pulled",
                hint=f"`docker pull {image}` may say why",
                tail=(str(error.explanation or error),),
            ) from error

    def open_stream(
        self,
        path: str,
        params: Mapping[str, Any],
        *,
        endless: bool,
        patience: int = READ_SECONDS,
    ) -> requests.Response:
        """A GET whose body is read as it arrives; an endless one may be silent for any time.

        Others for `patience` seconds.

        The SDK's own streams hide which of stdout and stderr something came from, and whether they
        ended or broke. Raises `APIError` when the engine refuses.
        """
        response = self.get(
            f"{self.base_url}/v{self.api_version}{path}",
            params=params,
            stream=True,
            timeout=(CONNECT_SECONDS, None if endless else patience),
        )
        try:
            response.raise_for_status()
        except requests.HTTPError as error:
            create_api_error_from_http_exception(error)  # raises what fits
        return response

    def post_stream(
        self, path: str, params: Mapping[str, Any], body: Iterator[bytes], *, patience: int
    ) -> requests.Response:
        """A POST whose body is sent as it comes, and whose answer is read so, too.

        The engine may be busy with a piece, or silent, for `patience` seconds.

        Raises `APIError` when the engine refuses, and what `body` raises: then it is cut off.
        """
        response = self.post(
            f"{self.base_url}/v{self.api_version}{path}",
            params=params,
            data=body,
            headers={"Content-Type": "application/x-tar"},
            stream=True,
            timeout=(patience, patience),  # the first one counts for each piece, too
        )
        try:
            response.raise_for_status()
        except requests.HTTPError as error:
            create_api_error_from_http_exception(error)  # raises what fits
        return response


def _read_whole(response: requests.Response) -> None:
    """As `response.content` would, up to the bound of an answer. Raises bounds.TooMuch."""
    what, content = "an answer of the Docker engine", bytearray()
    try:
        for chunk in response.iter_content(CHUNK):
            content += chunk
            bounds.refuse_large(len(content), bounds.ENGINE_ANSWER, what)
    except bounds.TooMuch:
        response.close()
        raise
    if "json" in response.headers.get("Content-Type", ""):
        bounds.refuse_deep_json(content.decode("utf-8", "replace"), what)
    response._content = bytes(content)


def _config(tls: Tls) -> TLSConfig:
    return TLSConfig(
        client_cert=(str(tls.cert), str(tls.key)) if tls.cert and tls.key else None,
        ca_cert=str(tls.ca) if tls.ca else None,
        verify=tls.verify,
    )
