"""Which Docker engine a person means, and how it is reached: the docker command's own rules."""

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from compartment_tui.adapters.places import home_directory
from compartment_tui.domain import bounds
from compartment_tui.domain.config import EngineSpec
from compartment_tui.domain.errors import EngineUnreachable
from compartment_tui.domain.names import show

LOCAL = "unix:///var/run/docker.sock"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tls:
    """Certificates for a `tcp://` engine. `verify` is whether the engine must prove who it is."""

    ca: Path | None = None
    cert: Path | None = None
    key: Path | None = None
    verify: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where the engine is. `chosen_by` says in words what named it."""

    url: str
    chosen_by: str
    tls: Tls | None = None

    @property
    def host(self) -> str:
        """The host on which ports published by the engine are reached from here."""
        return urlsplit(self.url).hostname or "127.0.0.1"

    @property
    def unsafe(self) -> str:
        """Why the way to it is open to others, in words; empty when it is not."""
        if self.url.partition("://")[0] not in ("tcp", "http", "https"):
            return ""
        if self.tls is None and not self.url.startswith("https:"):
            return (
                f"{show(self.url)} is reached without TLS: values of variables can be read on the"
                " way, and whoever gets to that port can do anything on its machine"
            )
        if self.tls is not None and not self.tls.verify:
            return f"{show(self.url)} need not prove who it is: its certificate is not verified"
        return ""

    @property
    def socket(self) -> str | None:
        """The path of the local socket, if that is how it is reached."""
        scheme, _, path = self.url.partition("://")
        return path if scheme == "unix" else None


def address_of(spec: EngineSpec, environ: Mapping[str, str] | None = None) -> Address:
    """Where the engine is that a project file names: whatever DOCKER_HOST and DOCKER_CONTEXT say.

    Certificates for a bare `tcp://` are those that the docker command would use there. Raises
    EngineUnreachable, as `find_address` does.
    """
    env = os.environ if environ is None else environ
    folder = _configuration(env)
    named_by = f"[engines.{spec.name}]"
    if spec.context:
        return _of_context(folder, spec.context, named_by)
    tls = _tls_of_environment(env, folder) if spec.address.startswith("tcp:") else None
    return _checked(Address(url=spec.address.rstrip("/"), chosen_by=named_by, tls=tls))


def _configuration(env: Mapping[str, str]) -> Path:
    """Where the docker command has its own."""
    return Path(env.get("DOCKER_CONFIG") or home_directory() / ".docker")


def find_address(environ: Mapping[str, str] | None = None) -> Address:
    """DOCKER_HOST, else the current docker context (DOCKER_CONTEXT, config), else the local socket.

    Raises EngineUnreachable when the context it names cannot be read, or what it names is no
    address of an engine.
    """
    env = os.environ if environ is None else environ
    folder = _configuration(env)
    if url := env.get("DOCKER_HOST"):
        tls = _tls_of_environment(env, folder)
        return _checked(Address(url=_with_scheme(url.strip()), chosen_by="DOCKER_HOST", tls=tls))
    if name := env.get("DOCKER_CONTEXT"):
        return _of_context(folder, name, "DOCKER_CONTEXT")
    return _of_context(folder, _current_context(folder), "the docker command's configuration")


def _current_context(folder: Path) -> str:
    try:
        content = _json_of(folder / "config.json")
    except (OSError, ValueError, RecursionError, bounds.TooMuch):
        return ""  # like the docker command: no readable configuration is none
    name = content.get("currentContext") if isinstance(content, dict) else None
    return name if isinstance(name, str) else ""


_NONSENSE = (ValueError, KeyError, TypeError, AttributeError, RecursionError)
"""What reading something of another shape raises."""


def _json_of(file: Path) -> Any:  # noqa: ANN401  (whatever JSON has there)
    """Raises OSError, TooMuch, ValueError, RecursionError."""
    return json.loads(bounds.read_file(file, bounds.SMALL_FILE, str(file)).decode())


def _of_context(folder: Path, name: str, named_by: str) -> Address:
    if name in ("", "default"):
        return Address(url=LOCAL, chosen_by="the local socket")
    # The docker command names a context's folders by the SHA-256 of its name.
    digest = hashlib.sha256(name.encode(errors="surrogateescape")).hexdigest()
    try:
        meta = _json_of(folder / "contexts" / "meta" / digest / "meta.json")
        endpoint: dict[str, Any] = meta["Endpoints"]["docker"]
        url = str(endpoint.get("Host") or LOCAL)
    except (OSError, bounds.TooMuch, *_NONSENSE) as error:
        raise EngineUnreachable(
            f"the docker context {show(name)}, named by {named_by}, cannot be read",
            hint="`docker context ls` lists the contexts, `docker context use NAME` picks one",
        ) from error
    certificates = _tls_in(
        folder / "contexts" / "tls" / digest / "docker",
        verify=not endpoint.get("SkipTLSVerify", False),
    )
    return _checked(
        Address(url=url, chosen_by=f"the docker context {show(name)}", tls=certificates)
    )


def _with_scheme(url: str) -> str:
    """As the docker command reads it: a path is a socket, and a bare host is reached by TCP."""
    if "://" in url:
        return url
    return f"unix://{url}" if url.startswith("/") else f"tcp://{url}"


def _checked(address: Address) -> Address:
    try:
        parts = urlsplit(address.url)
        usable = parts.port != 0 and (parts.path if parts.scheme == "unix" else parts.hostname)
    except ValueError:
        usable = False
    if not usable and not address.url.startswith("npipe:"):
        raise EngineUnreachable(
            f"{show(address.url)} is no address of a Docker engine (chosen by {address.chosen_by})",
            hint="for example unix:///var/run/docker.sock, tcp://HOST:2376 or ssh://USER@HOST",
        )
    return address


def _tls_of_environment(env: Mapping[str, str], folder: Path) -> Tls | None:
    verify = bool(env.get("DOCKER_TLS_VERIFY"))
    if not verify and "DOCKER_TLS" not in env:
        return None
    return _tls_in(Path(env.get("DOCKER_CERT_PATH") or folder), verify=verify) or Tls(verify=verify)


def _tls_in(folder: Path, *, verify: bool) -> Tls | None:
    ca, cert, key = (
        path if (path := folder / name).is_file() else None
        for name in ("ca.pem", "cert.pem", "key.pem")
    )
    if ca is None and (cert is None or key is None):
        return None
    return Tls(ca=ca, cert=cert, key=key, verify=verify)
