"""Secrets of a build: in files that only the docker command reads, for as long as it builds."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from compartment_tui.adapters.repository_files import FileRefused, read_inside
from compartment_tui.domain.config import BuildSecret
from compartment_tui.domain.errors import BuildFailed
from compartment_tui.domain.names import show
from compartment_tui.domain.planning.plan import Plan
from compartment_tui.domain.variable import MASK

LARGEST = 500 * 1024
"""Bytes; BuildKit takes nothing larger."""
SHORTEST_HIDDEN = 4
"""Characters; hiding less would hide words that have nothing to do with it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SecretFiles:
    """Where each secret lies, by id, and what must not be seen of them."""

    files: tuple[tuple[str, Path], ...] = ()
    hidden: tuple[str, ...] = ()
    """Longest first."""

    def options(self) -> Iterator[str]:
        """For the docker command."""
        for name, file in self.files:
            yield f"--secret=id={name},src={file}"

    def masked(self, line: str) -> str:
        """A line of a build's output, which may print what it was given."""
        for text in self.hidden:
            line = line.replace(text, MASK)
        return line


@contextmanager
def secret_files(plan: Plan, root: Path) -> Iterator[SecretFiles]:
    """The secrets of a service's build; their files go when the block ends.

    Files of the repository are those of the working tree below `root`, also when a commit is built:
    what is secret is not committed. Raises BuildFailed when one cannot be read.
    """
    if not plan.spec.build.secrets:
        yield SecretFiles()
        return
    with tempfile.TemporaryDirectory(prefix="compartment-secrets-") as directory:
        files, hidden = [], set[str]()
        for number, secret in enumerate(plan.spec.build.secrets):
            content = _content(plan, secret, root)
            file = Path(directory) / f"secret-{number}"
            _write(file, content)
            files.append((secret.id, file))
            hidden |= _parts(content.decode("utf-8", "replace"))
        longest_first = tuple(sorted(hidden, key=len, reverse=True))
        yield SecretFiles(files=tuple(files), hidden=longest_first)


def _content(plan: Plan, secret: BuildSecret, root: Path) -> bytes:
    start = f"the image of {plan.service} cannot be built: its secret {show(secret.id)}"
    if secret.file is None:
        value = plan.build_secrets.get(secret.id)
        if value is None:
            raise BuildFailed(f"{start} has no value: {secret.variable} is not set")
        content = value.reveal().encode("utf-8", "surrogatepass")
    else:
        file = root / secret.file
        missing = BuildFailed(
            f"{start}: there is no file {show(secret.file)} in {root}",
            hint="it is read from the working tree, also with --ref",
        )
        try:
            return read_inside(root, file, largest=LARGEST)
        except FileNotFoundError as error:
            raise missing from error
        except FileRefused as why:
            if file.is_dir():
                raise missing from why
            raise BuildFailed(f"{start}: {show(secret.file)} {why}") from why
    if len(content) > LARGEST:
        raise BuildFailed(f"{start} is larger than the {LARGEST // 1024} KiB that BuildKit takes")
    return content


def _write(file: Path, content: bytes) -> None:
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as opened:
        opened.write(content)


def _parts(text: str) -> set[str]:
    """What output would show of it: the whole, and its lines, since output comes line by line."""
    parts = {text, text.strip(), *(line.strip() for line in text.splitlines())}
    return {part for part in parts if len(part) >= SHORTEST_HIDDEN}
