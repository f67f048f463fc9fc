"""Encrypting the sensitive values of a project file."""

from collections.abc import Collection, Mapping, Sequence

from compartment_tui.adapters.project_file.token_positions import KeyPath
from compartment_tui.domain.config import ProjectConfig
from compartment_tui.domain.errors import SensitiveUnreadable, UsageProblem
from compartment_tui.domain.planning.required_variables import (
    misplaced_values,
    reason,
    refuse_readers,
    remedy,
)
from compartment_tui.domain.seals import MovedValue, SealPlace
from compartment_tui.domain.variable import Secret
from compartment_tui.ports import Secrets


class Sealing:
    """Encrypts for the recipients there will be, each of them one of `readers` if these are given.

    Without `secrets` it refuses.
    """

    def __init__(
        self,
        secrets: Secrets | None,
        recipients: tuple[str, ...],
        project: str,
        readers: Collection[str] | None = None,
    ) -> None:
        self._secrets = secrets
        self._recipients = recipients
        self._project = project
        self._readers = readers

    def sealed(self, value: Secret, *, environment: str, service: str | None, key: str) -> str:
        """Raises UsageProblem (nobody could read it, or somebody who is not among `readers`)."""
        place = SealPlace(project=self._project, environment=environment, service=service, key=key)
        return self._seal(value, place)

    def again(self, config: ProjectConfig, moved: Sequence[MovedValue]) -> Mapping[KeyPath, str]:
        """Every sensitive value encrypted again, by where it stands.

        Raises SensitiveUnreadable, UsageProblem.
        """
        values: dict[SealPlace, Secret] = {}
        unreadable: list[SealPlace] = []
        misplaced: list[MovedValue] = []
        for place, text in config.sealed():
            one = self._port().unseal(text, place)
            if one.sealed_for is not None:
                move = MovedValue(here=place, sealed_for=one.sealed_for)
                if move not in moved:
                    misplaced.append(move)
                    continue
                one = self._port().unseal(text, one.sealed_for)
            if one.value is None:
                unreadable.append(place)
                continue
            values[place] = one.value
        if misplaced:
            raise misplaced_values(misplaced)
        if unreadable:
            identity = self._port().identity()
            names = ", ".join(place.words() for place in unreadable)
            raise SensitiveUnreadable(
                f"{names} cannot be read here, so not encrypted again: {reason(identity)}",
                hint=remedy(identity),
            )
        refuse_readers(self._recipients, self._readers)
        return {_path(place): self._seal(value, place) for place, value in values.items()}

    def _seal(self, value: Secret, place: SealPlace) -> str:
        refuse_readers(self._recipients, self._readers)
        return self._port().seal(value, self._recipients, place)

    def _port(self) -> Secrets:
        if self._secrets is None:
            raise UsageProblem("sensitive values cannot be encrypted here")
        return self._secrets


def _path(place: SealPlace) -> KeyPath:
    own = () if place.service is None else ("services", place.service)
    return ("environments", place.environment, *own, "variables", place.key)
