"""An image in a file that has no name: nobody else can open it, and it is gone with the process."""

import hashlib
import io
import json
import os
import posixpath
import re
import tarfile
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from compartment_tui.domain import bounds
from compartment_tui.domain.errors import DiskFull, EngineProblem

ROOMY = Path("/var/tmp")  # noqa: S108 - what is made there has no name
"""For what is large: the usual directory may be a part of the memory."""
PIECE = 1024 * 1024
_MANIFEST = "manifest.json"
_CONFIG = "config.json"
_LAYER = "layer-"
_NAMED_LAYER = re.compile(rf"{_LAYER}(\d+)\b")
_NONSENSE = (tarfile.TarError, KeyError, IndexError, TypeError, ValueError, AttributeError)


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchivePart:
    """A stretch of what is sent: text of ours, or a piece of the file."""

    size: int
    text: bytes = b""
    file: IO[bytes] | None = None
    start: int = 0

    def pieces(self) -> Iterator[bytes]:
        if self.file is None:
            yield self.text
            return
        done = 0
        while done < self.size:
            piece = os.pread(self.file.fileno(), min(PIECE, self.size - done), self.start + done)
            if not piece:
                raise EngineProblem("the image ends too early in the file it was read into")
            done += len(piece)
            yield piece


class ImageFile:
    """`ImageArchive`: what `docker save` makes of one image, whichever version of the engine does.

    It is written, then ended, then its parts can be sent.
    """

    def __init__(self, image: str) -> None:
        self.image = image
        self.layers: tuple[ArchivePart, ...] = ()
        """Without what an archive puts around them, the lowest first."""
        self.by_digest = False
        """Its id is that of a manifest, not of its configuration: so containerd's store has it."""
        self._config = b""
        self._directory = _directory()
        self._file = tempfile.TemporaryFile(dir=self._directory)  # noqa: SIM115 - it is closed by `close`

    def write(self, piece: bytes) -> None:
        """Raises DiskFull: there is no room here."""
        with self._room():
            self._file.write(piece)

    def end(self) -> None:
        """All of it is there: find what it is made of. Raises DiskFull, EngineProblem."""
        with self._room():
            self._file.flush()
        try:
            self._file.seek(0)
            with tarfile.open(fileobj=self._file, mode="r:") as archive:
                self._read(archive)
        except _NONSENSE as error:
            raise EngineProblem(
                f"what the engine handed out as the image {self.image} is none: {error}"
            ) from error

    def close(self) -> None:
        with suppress(OSError):  # what there was no room for
            self._file.close()

    def parts(self, first: int = 0) -> tuple[ArchivePart, ...]:
        """An archive as every engine takes it, with the layers from that one on."""
        names = [f"{_LAYER}{number}" for number in range(len(self.layers))]
        manifest = [{"Config": _CONFIG, "RepoTags": None, "Layers": names}]
        parts = [
            *_member(_MANIFEST, _text(json.dumps(manifest).encode())),
            *_member(_CONFIG, _text(self._config)),
        ]
        for name, layer in list(zip(names, self.layers, strict=True))[first:]:
            parts += _member(name, layer)
        return (*parts, _text(bytes(2 * tarfile.BLOCKSIZE)))

    def as_saved(self) -> tuple[ArchivePart, ...]:
        """The archive just as it was handed out."""
        return (ArchivePart(size=self._file.seek(0, io.SEEK_END), file=self._file),)

    def first_named(self, said: str) -> int:
        """Which layer an engine named that did not find it; the lowest where it named none."""
        found = _NAMED_LAYER.search(said)
        return min(int(found[1]), len(self.layers)) if found else 0

    @contextmanager
    def _room(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise DiskFull(
                f"the image cannot be kept in {self._directory} while it is carried:"
                f" {error.strerror}",
                hint="make room there, or name another directory with TMPDIR",
            ) from error

    def _read(self, archive: tarfile.TarFile) -> None:
        members = {member.name: member for member in archive}
        (described,) = json.loads(_content(archive, members, _MANIFEST))
        self._config = _content(archive, members, described["Config"])
        digest = hashlib.sha256(self._config).hexdigest()
        self.by_digest = digest != self.image.removeprefix("sha256:")
        self.layers = tuple(
            ArchivePart(size=member.size, file=self._file, start=member.offset_data)
            for member in (_file_of(members, name) for name in described["Layers"])
        )
        if len(self.layers) != len(json.loads(self._config)["rootfs"]["diff_ids"]):
            raise ValueError("it has not all of its layers")


def _directory() -> str:
    if os.environ.get("TMPDIR") or not os.access(ROOMY, os.W_OK | os.X_OK):
        return tempfile.gettempdir()
    return str(ROOMY)


def _content(archive: tarfile.TarFile, members: Mapping[str, tarfile.TarInfo], name: str) -> bytes:
    member = _file_of(members, name)
    bounds.refuse_large(member.size, bounds.ENGINE_ANSWER, name)
    file: Any = archive.extractfile(member)
    return bytes(file.read())


def _file_of(members: Mapping[str, tarfile.TarInfo], name: str) -> tarfile.TarInfo:
    """The member of that name: equal layers lie there once, and are linked to."""
    member = members[name]
    if member.issym():
        member = members[posixpath.normpath(f"{posixpath.dirname(name)}/{member.linkname}")]
    if not member.isreg():
        raise ValueError(f"{name} is no file")
    return member


def _text(text: bytes) -> ArchivePart:
    return ArchivePart(size=len(text), text=text)


def _member(name: str, content: ArchivePart) -> tuple[ArchivePart, ...]:
    head = tarfile.TarInfo(name)
    head.size = content.size
    padding = -content.size % tarfile.BLOCKSIZE
    return _text(head.tobuf()), content, _text(bytes(padding))
