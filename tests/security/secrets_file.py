"""A project file on disk with real age texts, and the command line over a pretended engine."""

from dataclasses import dataclass, replace
from pathlib import Path

import pyrage

from compartment_tui.adapters.memory.world import MemoryWorld, memory_world
from compartment_tui.adapters.project_file.project import TomlProject
from compartment_tui.adapters.secrets import AgeSecrets
from compartment_tui.domain.seals import SealPlace
from compartment_tui.domain.variable import Secret
from tests.cli.line import Said
from tests.cli.test_variables import fed
from tests.rollout.shop import WEB, shop_config

CANARY = "c4n4ry-hunter2"


@dataclass(frozen=True, kw_only=True)
class SecretsFile:
    """A repository of ours; whoever else seals does it through `secrets` too."""

    file: Path
    secrets: AgeSecrets
    opened: MemoryWorld

    @property
    def ours(self) -> str:
        return self.secrets.make_identity().recipients[0]

    def write(self, body: str, *, project: str = "shop", recipients: tuple[str, ...] = ()) -> None:
        """The file: `body` below the head, for us and these to read."""
        names = ", ".join(f'"{one}"' for one in (self.ours, *recipients))
        head = f'[project]\nname = "{project}"\n[services.web]\nimage = "busybox:1"\n'
        text = f'{head}[services.api]\nimage = "busybox:1"\n[secrets]\nrecipients = [{names}]\n'
        self.file.write_text(f"{text}{body}", encoding="utf-8")

    def type(self, *words: str, stdin: str = "") -> Said:
        """A command; nothing is a terminal."""
        world = replace(
            self.opened.world, project=TomlProject(self.file, self.secrets), secrets=self.secrets
        )
        return fed(replace(self.opened, world=world), stdin, *words)

    def sealed(self, place: SealPlace, value: str = CANARY) -> str:
        """A sensitive value in the file's own writing."""
        return quoted(self.secrets.seal(Secret(value), (self.ours,), place))

    def sealed_by_hand(self, value: str = CANARY) -> str:
        """As the `age` tool alone seals it, and as the earlier version did."""
        recipient = pyrage.x25519.Recipient.from_str(self.ours)
        return quoted(pyrage.encrypt(value.encode(), [recipient], armored=True).decode())


def quoted(text: str) -> str:
    escaped = text.replace("\n", "\\n")
    return f'{{ sensitive = "{escaped}" }}'


def secrets_file(directory: Path) -> SecretsFile:
    secrets = AgeSecrets({}, directory / "ours")
    found = SecretsFile(
        file=directory / "compartment.toml",
        secrets=secrets,
        opened=memory_world(shop_config(WEB)),
    )
    found.write("")
    return found
