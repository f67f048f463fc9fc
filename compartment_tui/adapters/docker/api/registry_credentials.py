"""Credentials for registries, where the docker configuration leads to some."""

from compartment_tui.adapters.docker.api.errors import reason
from compartment_tui.adapters.docker.api.sdk import (
    AuthConfig,
    get_config_header,
    resolve_repository_name,
)
from compartment_tui.adapters.docker.api.sdk_session import SdkSession

HEADER = "X-Registry-Auth"
"""How an engine is handed credentials. What is in it is shown to nobody."""


def without_broken_store(session: SdkSession, reference: str | None = None) -> str | None:
    """Make the session go on without a credential helper that fails; the line that says so.

    `reference` is the image to be pulled; None asks for all, as a build does. None is returned
    when all is well, or when there is no helper.
    """
    registry = None if reference is None else resolve_repository_name(reference)[0]
    known = session.credentials
    try:
        if reference is None:
            known.get_all_credentials()  # type: ignore[no-untyped-call]
        else:
            known.resolve_authconfig(registry)
    except Exception as error:
        session.credentials = _without_helpers(known)
        return (
            "the docker configuration's credential helper does not work, "
            f"so this goes on without credentials: {reason(_innermost(error))}"
        )
    return None


def credentials_header(session: SdkSession, reference: str) -> dict[str, str]:
    """What gives an engine the person's credentials for a reference's registry; empty: none."""
    without_broken_store(session, reference)
    found: bytes | None = get_config_header(session, resolve_repository_name(reference)[0])
    return {} if found is None else {HEADER: found.decode()}


class _PlainConfig(AuthConfig):
    @property
    def is_empty(self) -> bool:
        return False  # else the SDK would read the configuration again


def _without_helpers(known: AuthConfig) -> AuthConfig:
    """What stands in the configuration itself."""
    return _PlainConfig({"auths": dict(known.auths)})


def _innermost(error: BaseException) -> BaseException:
    return error if error.__cause__ is None else _innermost(error.__cause__)
