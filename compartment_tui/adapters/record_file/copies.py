"""Copies of records in the user's state directory, for when the engine is away.

    copies/addresses/<address>          which engine was last met there
    copies/<engine>/<root>/<key>.toml   the record as that engine last had it
    copies/<engine>/address             where it was last met, in clear

Addresses, engines and roots stand there as hashes of themselves.
"""

import hashlib
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from compartment_tui.adapters.places import make_private, read_private, write_private
from compartment_tui.adapters.repository_files import is_inside
from compartment_tui.domain.deployment import EnvironmentRecord
from compartment_tui.domain.errors import RecordInvalid
from compartment_tui.domain.names import EnvironmentKey

if TYPE_CHECKING:
    from compartment_tui.domain.engine import EngineIdentity

COPIES = "copies"
ADDRESSES = "addresses"
ADDRESS = "address"


class RecordCopies:
    """Those of one repository, by its root. `state` is the program's own state directory.

    Where that lies in the repository itself, nothing is kept, and what is there is not believed: it
    may have come with the repository.
    """

    def __init__(self, state: Path, root: Path) -> None:
        self._state = state
        self._copies = state / COPIES
        self._root = _digest(str(root))
        self._foreign = is_inside(root, state)

    def keep(self, state: EnvironmentRecord, engine: "EngineIdentity") -> None:
        """Keep one; a failure to do so is not worth a word."""
        from compartment_tui.adapters.record_file.record_file import dumps

        if self._foreign:
            return
        name = _digest(engine.key)
        file = self._file(name, state.key)
        address = self._copies / ADDRESSES / _digest(engine.address)
        with suppress(OSError):
            for directory in (file.parent, address.parent):
                make_private(directory, self._state)
            write_private(file, dumps(state).encode())
            write_private(address, name.encode())
            write_private(self._copies / name / ADDRESS, engine.address.encode())

    def find(self, key: EnvironmentKey, address: str) -> tuple[EnvironmentRecord, datetime] | None:
        """The copy of the engine last met at that address, and when it was written."""
        if self._foreign:
            return None
        try:
            address_file = self._copies / ADDRESSES / _digest(address)
            name, _ = read_private(address_file, self._state)
            return self._read(name.decode("ascii"), key) if name.isalnum() else None
        except (OSError, ValueError):
            return None

    def elsewhere(
        self, key: EnvironmentKey, engine: "EngineIdentity"
    ) -> Mapping[str, EnvironmentRecord]:
        """By address: the copies of other engines, those whose address is known."""
        found = {}
        with suppress(OSError):
            names = [one.name for one in self._copies.iterdir() if one.name.isalnum()]
            for name in sorted(set(names) - {ADDRESSES, _digest(engine.key)}):
                copy = None if self._foreign else self._read(name, key)
                with suppress(OSError, UnicodeDecodeError):
                    address, _ = read_private(self._copies / name / ADDRESS, self._state)
                    if copy is not None:
                        found[address.decode()] = copy[0]
        return found

    def _read(self, engine: str, key: EnvironmentKey) -> tuple[EnvironmentRecord, datetime] | None:
        from compartment_tui.adapters.record_file.record_file import loads

        try:
            content, written = read_private(self._file(engine, key), self._state)
            found = loads(content.decode())
            return (found, datetime.fromtimestamp(written, tz=UTC)) if found.key == key else None
        except (OSError, ValueError, OverflowError, RecursionError, RecordInvalid):
            return None

    def _file(self, engine: str, key: EnvironmentKey) -> Path:
        return self._copies / engine / self._root / f"{key.text}.toml"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode(errors="surrogateescape")).hexdigest()[:32]
