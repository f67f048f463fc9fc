"""The one place that names the SDK: whoever takes a name from here has all of it loaded.

Its modules name each other in circles: when two threads load parts of it at once, Python hands one
of them a module that is only half there. It takes as long to load as a status does: load it late.
"""

import warnings
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import docker.auth
import docker.utils.config
from docker.api.client import APIClient
from docker.auth import AuthConfig, get_config_header, resolve_repository_name
from docker.credentials.errors import StoreError
from docker.errors import (
    APIError,
    DockerException,
    ImageNotFound,
    TLSParameterError,
    create_api_error_from_http_exception,
)
from docker.tls import TLSConfig
from docker.transport.unixconn import (
    UnixHTTPAdapter,
    UnixHTTPConnection,
    UnixHTTPConnectionPool,
)
from docker.utils.build import PatternMatcher, create_archive

__all__ = [
    "APIClient",
    "APIError",
    "AuthConfig",
    "DockerException",
    "ImageNotFound",
    "PatternMatcher",
    "StoreError",
    "TLSConfig",
    "TLSParameterError",
    "UnixHTTPAdapter",
    "UnixHTTPConnection",
    "UnixHTTPConnectionPool",
    "create_api_error_from_http_exception",
    "create_archive",
    "get_config_header",
    "resolve_repository_name",
]


def _read_configuration_like_the_command() -> None:
    """What of the docker configuration is not as it should be counts as not there.

    The SDK raises whatever comes of it, whenever a client is made; and warns past our output.
    """
    auth, config = docker.auth, docker.utils.config
    general, credentials = config.load_general_config, auth.load_config

    def load_general_config(config_path: str | None = None) -> dict[str, Any]:
        try:
            found = general(config_path)
        except Exception:
            return {}
        if not isinstance(found, dict):
            return {}
        return {key: one for key, one in found.items() if _usable(key, one)}

    def load_config(*args: Any, **options: Any) -> Any:  # noqa: ANN401 - as the SDK's own
        try:
            return credentials(*args, **options)
        except Exception:
            return auth.AuthConfig({"auths": {}})

    config.load_general_config = load_general_config  # type: ignore[assignment]
    auth.load_config = load_config
    warnings.filterwarnings("ignore", module=r"docker\.credentials")


def _usable(key: str, found: object) -> bool:
    shape = _SHAPES.get(key)
    return shape is None or isinstance(found, shape)


_SHAPES: Mapping[str, type] = MappingProxyType(
    {
        "auths": dict,
        "credHelpers": dict,
        "credsStore": str,
        "HttpHeaders": dict,
        "proxies": dict,
    }
)

_read_configuration_like_the_command()
