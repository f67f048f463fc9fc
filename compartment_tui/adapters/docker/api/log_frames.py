"""What a container wrote, out of the frames in which the engine sends both its streams. Pure."""

import struct
from collections.abc import Iterator

from compartment_tui.domain import bounds

_HEADER = struct.Struct(">BxxxL")


class Demultiplexer:
    """Takes frames apart, wherever the chunks they arrive in are cut."""

    def __init__(self) -> None:
        self._rest = bytearray()

    def feed(self, chunk: bytes) -> Iterator[tuple[int, bytes]]:
        """Every stream number and content that is complete now."""
        self._rest += chunk
        while len(self._rest) >= _HEADER.size:
            stream, length = _HEADER.unpack_from(self._rest)
            bounds.refuse_large(length, bounds.FRAME, "what a container wrote at once")
            end = _HEADER.size + length
            if len(self._rest) < end:
                return
            content = bytes(self._rest[_HEADER.size : end])
            del self._rest[:end]
            yield stream, content
