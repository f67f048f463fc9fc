"""What is released is a wheel: installed where nothing else is, it does the whole job."""

import re
import subprocess
import sys
import venv
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from compartment_tui.adapters.docker.client import Client
from tests.e2e.conftest import free_port
from tests.e2e.shop import Shop, make_shop, removed_at_the_end

pytestmark = pytest.mark.docker

ROOT = Path(__file__).parents[2]
LOCK = ROOT / ".ci" / "requirements.lock"


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`compartment-tui`, from the wheel, in an environment of its own."""
    place = tmp_path_factory.mktemp("wheel")
    pip(sys.executable, "wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", place, ROOT)
    (wheel,) = place.glob("*.whl")
    venv.create(place / "venv", with_pip=True)
    binaries = place / "venv" / "bin"
    python = binaries / "python"
    wanted = place / "requirements.txt"
    wanted.write_text(locked(needed("compartment-tui")), encoding="utf-8")
    pip(python, "install", "--require-hashes", "-r", wanted)
    pip(python, "install", "--no-deps", wheel)
    pip(python, "check")
    return binaries / "compartment-tui"


@pytest.fixture
def shop(client: Client, tmp_path: Path, program: Path) -> Iterator[Shop]:
    made = make_shop(tmp_path / "shop", client, port=free_port(), services=("web", "api"))
    made.program = (str(program),)
    with removed_at_the_end(made):
        yield made


def test_a_wheel_in_an_empty_environment_deploys(shop: Shop) -> None:
    assert "deploy" in shop.good("--help").out
    assert shop.good("--version").out.startswith("compartment-tui ")
    shop.good("deploy")
    assert shop.get() == (200, "1")
    shop.assert_settled()


def needed(name: str, seen: frozenset[str] = frozenset()) -> frozenset[str]:
    """Every distribution that `name` asks for here, directly or not, without itself."""
    for text in metadata.requires(name) or ():
        one = Requirement(text)
        other = canonicalize_name(one.name)
        if other not in seen and (one.marker is None or one.marker.evaluate({"extra": ""})):
            seen = needed(other, seen | {other})
    return seen


def locked(names: frozenset[str]) -> str:
    """The entries of these distributions in the lock, hashes included."""
    text = LOCK.read_text(encoding="utf-8")
    entries = re.split(r"^(?=[a-z0-9])", text, flags=re.MULTILINE)[1:]
    return "".join(entry for entry in entries if entry.partition("==")[0] in names)


def pip(python: str | Path, *words: str | Path) -> None:
    quiet = ("--quiet", "--disable-pip-version-check")
    done = subprocess.run(
        [str(python), "-m", "pip", words[0], *quiet, *words[1:]],
        cwd=Path(python).anchor,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
