"""What an engine is asked for one thing: over a long way each question is felt."""

from collections.abc import Iterator

import pytest

from compartment_tui.adapters.docker.api.client import connect
from compartment_tui.adapters.docker.api.socket_client import SocketEngine
from compartment_tui.adapters.docker.engine import DockerEngine
from tests.adapters.docker.ground import Ground

pytestmark = pytest.mark.docker


class Asked:
    """An engine of its own, and the questions that went to it."""

    def __init__(self) -> None:
        self.questions: list[str] = []
        self.client = connect()
        self.engine = DockerEngine(self.client)

    def since(self) -> list[str]:
        """Those since this was asked last."""
        found, self.questions = self.questions, []
        return found


@pytest.fixture
def asked(ground: Ground, monkeypatch: pytest.MonkeyPatch) -> Iterator[Asked]:
    if ground.client.address.socket is None:
        pytest.skip("needs the local socket")
    made, send = Asked(), SocketEngine._send

    def counted(
        engine: SocketEngine, method: str, path: str, *given: object, **more: object
    ) -> bytes:
        made.questions.append(f"{method} {path.rpartition('/')[2]}")
        return send(engine, method, path, *given, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(SocketEngine, "_send", counted)
    yield made
    made.client.close()


def test_a_container_is_made_and_started_by_two_questions(ground: Ground, asked: Asked) -> None:
    birth = ground.birth()
    made = asked.engine.create(birth)
    assert asked.since() == ["POST create"]
    asked.engine.start(made.deployment)
    assert asked.since() == ["POST start"]
    assert ground.engine.instance(made.deployment) is not None


def test_one_that_is_there_is_looked_for_where_its_name_is_in_the_way(
    ground: Ground, asked: Asked
) -> None:
    birth = ground.birth()
    there = ground.engine.create(birth)
    assert asked.engine.create(birth) == there
    assert asked.since() == ["POST create", "GET json", "GET json"]


def test_a_list_is_asked_for_once_when_it_was_asked_for_ahead(ground: Ground, asked: Asked) -> None:
    deployment = ground.started(ground.birth())
    asked.engine.list_ahead(ground.key)
    asked.engine.name_active(ground.key, {"web": deployment})
    assert asked.since() == ["GET json", "POST rename"]
    asked.engine.end_stepping_aside(ground.key, ["web"])
    assert asked.since() == ["GET json"], "what was listed before the rename is not so any more"


def test_which_engine_it_is_is_asked_once(asked: Asked) -> None:
    asked.engine.identity()
    asked.engine.moves_names()
    asked.engine.identity()
    assert asked.since() == ["GET info"]
