"""The SDK's low-level client with our time-outs. Import it late: it brings in the whole SDK."""

from typing import Any

import requests
from docker.api.client import APIClient
from docker.tls import TLSConfig

from compartment_tui.adapters.docker.address import Address, Tls

CONNECT_SECONDS = 10
READ_SECONDS = 60


class Session(APIClient):
    """An `APIClient` that gives up connecting sooner than reading.

    The SDK takes one figure for both and adds a container's grace to it, so the pair is made at the
    last moment.
    """

    # `Any` is what requests itself says there.
    def send(self, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:  # noqa: ANN401
        """As `requests.Session.send`."""
        timeout = kwargs.get("timeout")
        if isinstance(timeout, int | float):
            kwargs["timeout"] = (min(CONNECT_SECONDS, timeout), timeout)
        return super().send(request, **kwargs)


def open_session(address: Address) -> Session:
    """Connect and agree on an API version. Raises what the SDK raises."""
    return Session(
        base_url=address.url,
        version="auto",
        timeout=READ_SECONDS,
        tls=_config(address.tls) if address.tls else False,
    )


def _config(tls: Tls) -> TLSConfig:
    return TLSConfig(
        client_cert=(str(tls.cert), str(tls.key)) if tls.cert and tls.key else None,
        ca_cert=str(tls.ca) if tls.ca else None,
        verify=tls.verify,
    )
