"""The place that a sensitive value was sealed for: it opens nowhere else."""

import re
from dataclasses import dataclass

from compartment_tui.domain.names import show

_PLAIN = re.compile(r"[A-Za-z0-9_.:-]{1,128}")


@dataclass(frozen=True, slots=True, kw_only=True)
class SealPlace:
    """One key at one scope of one project; with `service` None the scope is everyone's."""

    project: str
    environment: str
    service: str | None = None
    key: str

    def words(self) -> str:
        """The place in its project: no secret."""
        own = "" if self.service is None else f" for {_word(self.service)}"
        return f"{_word(self.key)} in {show(self.environment)}{own}"

    def words_from(self, project: str) -> str:
        """The place as it is told in `project`; the name of another one is not told there."""
        return self.words() + ("" if self.project == project else " of another project")


def _word(text: str) -> str:
    """A plain word as it is; anybody can have sealed anything for us."""
    return text if _PLAIN.fullmatch(text) else show(text)


@dataclass(frozen=True, slots=True, kw_only=True)
class MovedValue:
    """A sensitive value that stands where it was not sealed for."""

    here: SealPlace
    sealed_for: SealPlace
