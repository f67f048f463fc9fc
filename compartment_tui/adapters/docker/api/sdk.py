"""Loading the SDK, which takes a while, is done when it is needed, and by several threads."""

import threading
import warnings
from collections.abc import Mapping
from functools import cache
from types import MappingProxyType
from typing import Any

_LOADING = threading.Lock()


def load_sdk() -> None:
    """Load all of the SDK before any part of it is named.

    Its modules name each other in circles: when two threads load parts of it at once, Python hands
    one of them a module that is only half there.
    """
    with _LOADING:
        import docker  # noqa: F401

        _read_configuration_like_the_command()


@cache
def _read_configuration_like_the_command() -> None:
    """What of the docker configuration is not as it should be counts as not there.

    The SDK raises whatever comes of it, whenever a client is made; and warns past our output.
    """
    import docker.auth
    import docker.utils.config

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
