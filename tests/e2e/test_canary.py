"""A secret on a real engine: in its container, encrypted in the file, and nowhere else."""

import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from compartment_tui.adapters.docker.api.client import Client
from tests.e2e.conftest import free_port
from tests.e2e.shop import Shop, make_shop, removed_at_the_end

pytestmark = pytest.mark.docker

CANARY = "c4n4ry-hunter2"


@contextmanager
def arguments_watched() -> Iterator[set[str]]:
    """The command lines of all processes on this machine meanwhile."""
    seen: set[str] = set()
    done = threading.Event()

    def watch() -> None:
        while not done.wait(0.2):
            for process in psutil.process_iter(["cmdline"]):
                seen.add(" ".join(process.info["cmdline"] or ()))

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield seen
    finally:
        done.set()
        watcher.join()


def typed(shop: Shop, *words: str, stdin: str) -> str:
    done = subprocess.run(
        [*shop.program, *words],
        cwd=shop.directory,
        env=shop.environ({}),
        input=stdin,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return done.stdout + done.stderr


def volumes_of(shop: Shop) -> str:
    """Every byte of the record, the audit and the route documents."""
    binds = [f"--volume={shop.namespace}-{name}:/{name}:ro" for name in ("state", "routes")]
    script = "find /state /routes -type f -exec cat {} +"
    return docker("run", "--rm", *binds, "busybox:1", "sh", "-c", script)


def images_of(shop: Shop) -> str:
    """What they are made of, and how."""
    found = docker("images", "-q", "--filter", f"label=compartment.project={shop.project}").split()
    assert found
    steps = [docker("history", "--no-trunc", one) for one in found]
    return "\n".join([docker("inspect", *found), *steps])


def docker(*words: str) -> str:
    run = subprocess.run(["docker", *words], capture_output=True, check=True, timeout=60)
    return run.stdout.decode(errors="replace")


def test_it_is_nowhere_but_in_its_container(client: Client, tmp_path: Path) -> None:
    shop = make_shop(tmp_path / "shop", client, port=free_port(), services=("web",))
    shop.warm = False  # its command lines are looked at
    shop.variables = {"XDG_CONFIG_HOME": str(tmp_path / "config")}
    with removed_at_the_end(shop), arguments_watched() as argv:
        said = [shop.good("recipients", "add").text]
        words = ("variable", "set", "TOKEN", "--sensitive", "--stdin")
        said.append(typed(shop, *words, stdin=f"{CANARY}\n"))
        said.append(shop.good("deploy", "--verbose").text)
        (container,) = shop.containers()
        given = client.api.inspect_container(container["Id"])["Config"]["Env"]
        assert f"TOKEN={CANARY}" in given
        dockerfile = shop.path("web", "Dockerfile")
        before = dockerfile.read_text(encoding="utf-8")
        dockerfile.write_text(f"{before}RUN env && exit 9\n", encoding="utf-8")
        said.append(shop.good("deploy", "--verbose", code=5).text)
        said.append(shop.good("inspect", "--output", "json").text)
        said.append(shop.good("variable", "resolve", "-s", "web").text)
        files = [one for one in shop.directory.rglob("*") if one.is_file()]
        texts = [one.read_bytes().decode(errors="replace") for one in files]
        found = "\n".join([*said, *texts, volumes_of(shop), images_of(shop), *argv])
    for trace in ("deploy --verbose", "BEGIN AGE ENCRYPTED FILE", "[[runs]]", "COPY"):
        assert trace in found  # there was something to look through
    assert CANARY not in found
