"""An engine at the other end of a long way: what a command opens, and what must not hang on it.

Seconds are for `benchmarks link`; here it is counted what takes them.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from compartment_tui.adapters.docker.api.client import Client
from tests.e2e.delay import Link, delayed
from tests.e2e.far import SshServer, ssh_server
from tests.e2e.shop import Shop, eventually, removed_at_the_end, resume
from tests.e2e.test_shared_engine import checkout

pytestmark = pytest.mark.docker

ONE_WAY_SECONDS = 0.03
FEW = 4
"""How many commands may run at the other end for a status; each starts a program there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Far:
    """The same engine, from here and from afar."""

    near: Shop
    far: Shop
    server: SshServer
    link: Link

    @property
    def opened(self) -> tuple[int, int]:
        """Connections over the link, and commands at its other end."""
        return self.link.opened, self.server.sessions


@pytest.fixture(scope="module")
def shop(client: Client, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    made = checkout(tmp_path_factory.mktemp("far") / "shop", client)
    with removed_at_the_end(made):
        made.good("deploy")
        yield made


@pytest.fixture
def far(shop: Shop, tmp_path: Path) -> Iterator[Far]:
    folder = tmp_path / "ssh"
    folder.mkdir()
    with ssh_server(folder) as server, delayed(server.port, ONE_WAY_SECONDS) as link:
        variables = {"DOCKER_HOST": server.at(link.port), **server.variables}
        yield Far(near=shop, far=replace(shop, variables=variables), server=server, link=link)


def test_commands_share_one_login(far: Far) -> None:
    said = far.far.good("status", "--output", "json").json()
    assert (
        said["activeDeployments"]
        == far.near.good("status", "--output", "json").json()["activeDeployments"]
    )
    logins, sessions = far.opened
    assert logins == 1
    assert sessions <= FEW
    far.far.good("status")
    assert far.opened[0] == 1, "a second command logs in again"
    assert far.opened[1] <= sessions + FEW
    (place,) = far.server.shared
    assert place.parent.stat().st_mode & 0o077 == 0


def test_a_run_logs_in_once_more_for_its_lock(far: Far) -> None:
    far.far.good("status")
    before = far.opened
    far.far.good("deploy", "--force")
    logins, sessions = (now - then for now, then in zip(far.opened, before, strict=True))
    assert logins == 1
    assert sessions <= 2 * FEW


def test_the_lock_of_a_killed_run_goes_though_its_login_stays(far: Far) -> None:
    far.far.good("status")
    killed = far.far.start("deploy", "--force")
    killed.until({"type": "stage_started", "stage": "checking_readiness"})
    killed.kill()
    assert far.server.shared, "the login that commands share is there"
    resume(far.near)
    assert not far.near.good("status", "--output", "json").json().get("journal")


def test_a_run_ends_itself_when_the_shared_login_is_gone(far: Far) -> None:
    """Whoever began that one may be swept away with all that it started: a CI job is."""
    far.far.good("status")
    running = far.far.start("deploy", "--force")
    running.until({"type": "stage_started", "stage": "checking_readiness"})
    far.server.end_shared()
    running.wait()
    state = far.near.good("status", "--output", "json").json()
    assert not state.get("journal"), "it is live, or reverted, and leaves nothing to resume"
    assert not far.near.locks()


def test_what_is_left_of_a_login_is_made_anew(far: Far) -> None:
    far.far.good("status")
    (place,) = far.server.shared
    far.server.end_shared()
    assert eventually(lambda: not far.server.shared)
    place.touch()
    far.far.good("status")
    place.unlink(missing_ok=True)
    far.far.good("status")
    assert far.server.shared == [place]


def test_a_person_who_shares_a_login_keeps_theirs(far: Far) -> None:
    own = far.server.runtime / "own"
    with (far.server.folder / "client").open("a", encoding="utf-8") as configuration:
        configuration.write(f"ControlMaster auto\nControlPath {own}\nControlPersist 60\n")
    try:
        far.far.good("status")
        assert own.is_socket()
        assert far.server.shared == []
    finally:
        far.server.end(own)


@pytest.mark.parametrize("most", [1, 2])
def test_a_server_that_lets_one_login_do_little(shop: Shop, tmp_path: Path, most: int) -> None:
    folder = tmp_path / "ssh"
    folder.mkdir()
    with ssh_server(folder, f"MaxSessions {most}") as server:
        far = replace(shop, variables={"DOCKER_HOST": server.url, **server.variables})
        far.good("status")
        far.good("deploy", "--force")
        far.good("status")
