"""Sensitive values as age files: encrypted for several people, read with one's own identity."""

import base64
import binascii
import json
import os
import stat
from collections.abc import Mapping, MutableMapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from compartment_tui.domain import bounds
from compartment_tui.domain.errors import UsageProblem
from compartment_tui.domain.names import show
from compartment_tui.domain.seals import SealPlace
from compartment_tui.domain.variable import Secret

if TYPE_CHECKING:
    import pyrage

    from compartment_tui.domain.variables.views import Identity, Unsealed

IDENTITY_VARIABLE = "COMPARTMENT_TUI_IDENTITY"
"""Holds the identity itself."""
IDENTITY_FILE_VARIABLE = "COMPARTMENT_TUI_IDENTITY_FILE"
"""Names a file that holds it."""
IDENTITY_FILE = "identity.txt"

_KEY_PREFIX = "AGE-SECRET-KEY-"
_ARMOR = "-----BEGIN AGE ENCRYPTED FILE-----"
_MARK = "compartment-tui sealed "
"""Begins the first line of what is encrypted: then the version and the place; the value follows."""
_VERSION = 1


def take_identity(environment: MutableMapping[str, str]) -> dict[str, str]:
    """What the environment says of the identity, taken out of it: no child shall inherit it."""
    names = (IDENTITY_VARIABLE, IDENTITY_FILE_VARIABLE)
    return {name: environment.pop(name) for name in names if environment.get(name)}


class _Unusable(Exception):
    """Why there is no identity, as `Identity.problem` and `Identity.hint`."""

    def __init__(self, problem: str, hint: str = "") -> None:
        super().__init__(problem)
        self.problem, self.hint = problem, hint


class AgeSecrets:
    """`Secrets` with age (X25519). `given` is what `take_identity` took, `directory` ours."""

    def __init__(self, given: Mapping[str, str], directory: Path) -> None:
        self._key = given.get(IDENTITY_VARIABLE)
        named = given.get(IDENTITY_FILE_VARIABLE)
        self._file = _expanded(named) if named else directory / IDENTITY_FILE
        self._known: dict[str, tuple[Secret, SealPlace | None]] = {}
        self._old: dict[SealPlace, None] = {}

    def identity(self) -> "Identity":
        # What starts quickly only takes the identity out of the environment.
        from compartment_tui.domain.variables.views import Identity

        try:
            recipients = tuple(str(one.to_public()) for one in self._identities())
        except _Unusable as why:
            return Identity(place=self._place, problem=why.problem, hint=why.hint)
        return Identity(place=self._place, recipients=recipients)

    def make_identity(self) -> "Identity":
        import pyrage

        if self._key is None and not self._file.exists():
            made = pyrage.x25519.Identity.generate()
            try:
                _write_identity(self._file, str(made), str(made.to_public()))
            except OSError as error:
                raise UsageProblem(
                    f"no identity can be made in {self._file}: {error.strerror}"
                ) from error
        found = self.identity()
        if found.problem:
            raise UsageProblem(found.problem, hint=found.hint)
        return found

    def check_recipient(self, recipient: str) -> str:
        trimmed = recipient.strip()
        _recipient(trimmed)
        return trimmed

    def seal(self, value: Secret, recipients: Sequence[str], place: SealPlace) -> str:
        import pyrage

        if not recipients:
            raise UsageProblem(
                "there is nobody who could read a sensitive value",
                hint="`compartment-tui recipients add` adds you to [secrets] recipients",
            )
        known = [_recipient(one) for one in recipients]
        content = f"{_first_line(place)}\n{value.reveal()}".encode()
        sealed = pyrage.encrypt(content, known, armored=True).decode()
        self._old.pop(place, None)
        return sealed

    def unseal(self, sealed: str, place: SealPlace) -> "Unsealed":
        from compartment_tui.domain.variables.views import Unsealed

        found = self._known.get(sealed) or self._opened(sealed)
        if found is None:
            return Unsealed()
        self._known[sealed] = found
        value, sealed_for = found
        if sealed_for is None:
            self._old[place] = None
        elif sealed_for != place:
            return Unsealed(sealed_for=sealed_for)
        return Unsealed(value=value)

    def old_seals(self) -> tuple[SealPlace, ...]:
        return tuple(self._old)

    @property
    def _place(self) -> str:
        return IDENTITY_VARIABLE if self._key is not None else str(self._file)

    def _opened(self, sealed: str) -> tuple[Secret, SealPlace | None] | None:
        """The value, and where it was sealed for; None for the place in the old form."""
        import pyrage

        try:
            text = pyrage.decrypt(_age_file(sealed), self._identities()).decode()
            if not text.startswith(_MARK):
                return Secret(text), None
            line, _, value = text.partition("\n")
            return Secret(value), _place_of(line)
        except (_Unusable, pyrage.DecryptError, ValueError, LookupError, TypeError, RecursionError):
            return None

    def _identities(self) -> "list[pyrage.x25519.Identity]":
        import pyrage

        text = self._key if self._key is not None else _read_identity(self._file)
        lines = [line.strip() for line in text.splitlines()]
        try:
            found = [
                pyrage.x25519.Identity.from_str(line)
                for line in lines
                if line and not line.startswith("#")
            ]
        except pyrage.IdentityError:
            # Whatever the library says may repeat the key.
            found = []
        if not found:
            raise _Unusable(
                f"there is no age identity in {self._place}", f"it begins with {_KEY_PREFIX}1"
            )
        return found


def _first_line(place: SealPlace) -> str:
    """`compartment-tui sealed 1 {"environment": …}`."""
    words = {
        "project": place.project,
        "environment": place.environment,
        "service": place.service,
        "key": place.key,
    }
    return f"{_MARK}{_VERSION} {json.dumps(words)}"


def _place_of(line: str) -> SealPlace:
    """Raises ValueError or TypeError for what this version does not write."""
    version, _, text = line.removeprefix(_MARK).partition(" ")
    words = json.loads(text)
    if version != str(_VERSION) or not isinstance(words, dict):
        raise ValueError("another version")
    service = words.pop("service")
    if not all(isinstance(word, str) for word in (*words.values(), service or "")):
        raise TypeError("a word is no text")
    return SealPlace(service=service, **words)


def _expanded(text: str) -> Path:
    """With `~` in full; as it is when nobody knows whose home that would be."""
    try:
        return Path(text).expanduser()
    except RuntimeError:
        return Path(text)


def _recipient(text: str) -> "pyrage.x25519.Recipient":
    import pyrage

    if text.upper().startswith(_KEY_PREFIX):
        raise UsageProblem(
            "that is an identity, which nobody else may see",
            hint="a recipient begins with age1; take this one as known to others",
        )
    try:
        return pyrage.x25519.Recipient.from_str(text)
    except pyrage.RecipientError as error:
        raise UsageProblem(
            f"{show(text)} is not an age recipient", hint="it begins with age1"
        ) from error


def _age_file(sealed: str) -> bytes:
    """Armored text as it is; base64 of a binary age file is understood too."""
    if sealed.lstrip().startswith(_ARMOR):
        return sealed.strip().encode() + b"\n"
    try:
        return base64.b64decode("".join(sealed.split()), validate=True)
    except (binascii.Error, ValueError):
        return sealed.encode()


def _read_identity(file: Path) -> str:
    try:
        with file.open(encoding="utf-8") as opened:
            mode = stat.S_IMODE(os.fstat(opened.fileno()).st_mode)
            if mode & 0o077:
                raise _Unusable(
                    f"the identity in {file} can be read by others (mode {mode:04o})",
                    f"chmod 600 {file}",
                )
            return opened.read(bounds.SMALL_FILE)
    except FileNotFoundError as error:
        raise _Unusable(
            f"there is no identity in {file}",
            "`compartment-tui recipients add` makes one; somebody who can read the values adds it",
        ) from error
    except OSError as error:
        raise _Unusable(f"the identity in {file} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise _Unusable(f"there is no age identity in {file}") from error


def _write_identity(file: Path, key: str, recipient: str) -> None:
    """For its owner alone; never over one that is there."""
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    text = (
        f"# made by compartment-tui; keep it, and keep it to yourself\n# public key: {recipient}\n"
    )
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as opened:
        opened.write(f"{text}{key}\n")
        opened.flush()
        os.fsync(opened.fileno())
