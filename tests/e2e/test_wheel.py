"""What is released is a wheel: installed where nothing else is, it does the whole job."""

import re
import subprocess
import sys
import venv
import zipfile
from collections.abc import Iterable, Iterator
from email import message_from_bytes
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from compartment_tui.adapters.docker.api.client import Client
from tests.e2e.conftest import free_port
from tests.e2e.shop import Shop, make_shop, removed_at_the_end

pytestmark = pytest.mark.docker

ROOT = Path(__file__).parents[2]
LOCK = ROOT / ".ci" / "requirements.lock"


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`compartment-tui`, from the wheel, in an environment of its own."""
    place = tmp_path_factory.mktemp("wheel")
    pip("wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", place, ROOT)
    (wheel,) = place.glob("*.whl")
    # What installs is the pip of these tests, and each module is compiled when it is first used:
    # the environment holds less, and takes a quarter of the time.
    venv.create(place / "venv", with_pip=False)
    binaries = place / "venv" / "bin"
    there = ("--python", binaries / "python")
    wanted = place / "requirements.txt"
    wanted.write_text(locked(needed(requirements(wheel))), encoding="utf-8")
    pip(*there, "install", "--no-compile", "--require-hashes", "-r", wanted)
    pip(*there, "install", "--no-compile", "--no-deps", wheel)
    pip(*there, "check")
    return binaries / "compartment-tui"


@pytest.fixture
def shop(client: Client, tmp_path: Path, program: Path) -> Iterator[Shop]:
    made = make_shop(tmp_path / "shop", client, port=free_port(), services=("web", "api"))
    made.program, made.warm = (str(program),), False
    with removed_at_the_end(made):
        yield made


def test_a_wheel_in_an_empty_environment_deploys(shop: Shop) -> None:
    assert "deploy" in shop.good("--help").out
    assert shop.good("--version").out.startswith("compartment-tui ")
    shop.good("deploy")
    assert shop.get() == (200, "1")
    shop.assert_settled()


def requirements(wheel: Path) -> list[str]:
    """What the wheel says that it needs; what is installed here may say something older."""
    with zipfile.ZipFile(wheel) as opened:
        (name,) = (one for one in opened.namelist() if one.endswith(".dist-info/METADATA"))
        return message_from_bytes(opened.read(name)).get_all("Requires-Dist", [])


def needed(texts: Iterable[str]) -> frozenset[str]:
    """Every distribution that these requirements lead to here, directly or not."""
    seen: set[tuple[str, str]] = set()
    waiting = [(text, "") for text in texts]
    while waiting:
        text, chosen = waiting.pop()
        one = Requirement(text)
        if one.marker is not None and not one.marker.evaluate({"extra": chosen}):
            continue
        name = canonicalize_name(one.name)
        for extra in {"", *one.extras}:
            if (name, extra) not in seen:
                seen.add((name, extra))
                waiting += [(other, extra) for other in metadata.requires(name) or ()]
    return frozenset(name for name, _ in seen)


def locked(names: frozenset[str]) -> str:
    """The entries of these distributions in the lock, hashes included."""
    text = LOCK.read_text(encoding="utf-8")
    entries = re.split(r"^(?=[a-z0-9])", text, flags=re.MULTILINE)[1:]
    return "".join(entry for entry in entries if entry.partition("==")[0] in names)


def pip(*words: str | Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pip", "--disable-pip-version-check", *words],
        cwd=ROOT.anchor,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
