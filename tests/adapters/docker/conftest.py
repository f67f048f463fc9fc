"""An environment on the real engine for the tests of each file, and nothing left behind."""

import secrets
from collections.abc import Iterator

import pytest

from compartment_tui.adapters.docker.api import labels
from compartment_tui.adapters.docker.api.client import connect
from compartment_tui.adapters.docker.engine import DockerEngine
from compartment_tui.adapters.docker.resources.containers import remove_container, rows
from compartment_tui.domain.names import EnvironmentKey
from tests.adapters.docker.ground import IMAGE, NETWORKS, Ground


@pytest.fixture(scope="module")
def lasting_ground() -> Iterator[Ground]:
    client = connect()
    engine = DockerEngine(client)
    image = engine.image(IMAGE)
    assert image is not None, f"{IMAGE} is not on the engine: run `make machine`"
    key = EnvironmentKey(f"t-{secrets.token_hex(4)}", "prüfung 1/2")
    yield Ground(client, engine, key, image)
    engine.remove_environment(key, volumes=True)
    client.close()


@pytest.fixture
def ground(lasting_ground: Ground) -> Iterator[Ground]:
    """Its network stays for the next test: an engine takes long to make one."""
    client, engine, key = lasting_ground.client, lasting_ground.engine, lasting_ground.key
    engine.make_network(key, NETWORKS)
    yield lasting_ground
    for row in rows(client, labels.any_role(project=key.project)):
        remove_container(client, row["Id"])
    for volume in engine.volumes(key):
        client.api.remove_volume(volume)
