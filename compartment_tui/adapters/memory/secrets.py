"""Encryption without mathematics: sealed values lie in a vault, by the number on their text."""

from collections.abc import Sequence

from compartment_tui.domain.errors import UsageProblem
from compartment_tui.domain.names import show
from compartment_tui.domain.seals import SealPlace
from compartment_tui.domain.variable import Secret
from compartment_tui.domain.variables.views import Identity, Unsealed

OURS = "age1memory"


class MemorySecrets:
    """`Secrets` whose identity can be taken away by assigning `recipient`."""

    def __init__(self, recipient: str | None = OURS) -> None:
        self.recipient = recipient
        self._vault: dict[str, tuple[Secret, tuple[str, ...], SealPlace | None]] = {}
        self._old: dict[SealPlace, None] = {}

    def share(self, other: "MemorySecrets") -> None:
        """Have the same vault as somebody else: one file, two readers."""
        self._vault = other._vault

    def identity(self) -> Identity:
        if self.recipient is None:
            hint = "`compartment-tui recipients add` makes one"
            return Identity(place="/memory/identity", problem="there is no identity", hint=hint)
        return Identity(place="/memory/identity", recipients=(self.recipient,))

    def make_identity(self) -> Identity:
        self.recipient = self.recipient or OURS
        return self.identity()

    def check_recipient(self, recipient: str) -> str:
        if not recipient.strip().startswith("age1"):
            raise UsageProblem(f"{show(recipient)} is not a recipient", hint="they begin with age1")
        return recipient.strip()

    def seal(self, value: Secret, recipients: Sequence[str], place: SealPlace) -> str:
        text = self._put(value, recipients, place)
        self._old.pop(place, None)
        return text

    def seal_in_old_form(self, value: Secret, recipients: Sequence[str]) -> str:
        """As it was done before a text named its place."""
        return self._put(value, recipients, None)

    def _put(self, value: Secret, recipients: Sequence[str], place: SealPlace | None) -> str:
        if not recipients:
            raise UsageProblem("nobody could read a sensitive value")
        text = f"sealed in memory, number {len(self._vault) + 1}"
        self._vault[text] = (value, tuple(self.check_recipient(one) for one in recipients), place)
        return text

    def unseal(self, sealed: str, place: SealPlace) -> Unsealed:
        value, recipients, sealed_for = self._vault.get(sealed, (None, (), None))
        if value is None or self.recipient not in recipients:
            return Unsealed()
        if sealed_for is None:
            self._old[place] = None
        elif sealed_for != place:
            return Unsealed(sealed_for=sealed_for)
        return Unsealed(value=value)

    def old_seals(self) -> tuple[SealPlace, ...]:
        return tuple(self._old)
