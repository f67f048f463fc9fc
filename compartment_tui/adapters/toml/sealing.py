"""Encrypting the sensitive values of a project file."""

from collections.abc import Mapping

from compartment_tui.adapters.toml.layout import KeyPath
from compartment_tui.domain.config import ProjectConfig
from compartment_tui.domain.errors import SensitiveUnreadable, UsageProblem
from compartment_tui.domain.names import show
from compartment_tui.domain.usable import way_on, why
from compartment_tui.domain.variables import Secret
from compartment_tui.ports import Secrets


class Sealing:
    """Encrypts for the recipients there will be. Without `secrets` it refuses."""

    def __init__(self, secrets: Secrets | None, recipients: tuple[str, ...]) -> None:
        self._secrets = secrets
        self._recipients = recipients

    def sealed(self, value: Secret) -> str:
        """Raises UsageProblem (nobody could read it)."""
        return self._port().seal(value, self._recipients)

    def again(self, config: ProjectConfig) -> Mapping[KeyPath, str]:
        """Every sensitive value encrypted again, by where it stands.

        Raises SensitiveUnreadable, UsageProblem.
        """
        found: dict[KeyPath, str] = {}
        unreadable: list[str] = []
        for environment in config.environments:
            for service, variables in environment.scopes():
                own = () if service is None else ("services", service)
                for key, variable in variables.items():
                    if variable.sealed is None:
                        continue
                    value = self._port().unseal(variable.sealed)
                    if value is None:
                        unreadable.append(f"{key} in {show(environment.name)}")
                        continue
                    path = ("environments", environment.name, *own, "variables", key)
                    found[path] = self.sealed(value)
        if unreadable:
            identity = self._port().identity()
            raise SensitiveUnreadable(
                f"{', '.join(unreadable)} cannot be read here, so not encrypted again:"
                f" {why(identity)}",
                hint=way_on(identity),
            )
        return found

    def _port(self) -> Secrets:
        if self._secrets is None:
            raise UsageProblem("sensitive values cannot be encrypted here")
        return self._secrets
