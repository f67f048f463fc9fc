"""Staging here and production on another engine, over ssh: each by itself, and both at once."""

from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.shop import eventually
from tests.e2e.terminals import Terminal
from tests.e2e.two_engines import TwoEngines, both

pytestmark = pytest.mark.docker
__all__ = ["both"]


def listed(both: TwoEngines, code: int = 0) -> dict[str, dict[str, Any]]:
    document = both.shop.good("environment", "list", "--output", "json", code=code).json()
    return {one["name"]: one for one in document["environments"]}


def test_each_environment_is_on_its_engine(both: TwoEngines) -> None:
    shop = both.shop
    for name in ("staging", "production"):
        shop.good("deploy", "-e", name)
    assert both.staging_answers()
    assert both.production_answers()
    found = listed(both)
    assert {name: one["engine"] for name, one in found.items()} == {
        "staging": None,
        "production": "prod",
    }
    assert [one["health"] for one in found.values()] == ["healthy", "healthy"]
    with closing(both.prod.client()) as there:
        ours = {"label": [f"compartment.project={shop.project}"]}
        made = there.list_containers(all=True, filters=ours)
        assert {one["Labels"]["compartment.environment"] for one in made} == {"production"}
    assert shop.good("exec", "-s", "web", "--", "echo", "hi").out == "hi\n"
    # What the docker command means decides over nothing that the file names.
    nowhere = "tcp://127.0.0.1:9"
    assert shop.run("status", "-e", "production", DOCKER_HOST=nowhere).code == 0
    assert shop.run("status", "-e", "staging", DOCKER_HOST=nowhere).code == 4


def test_one_that_is_away_keeps_nobody_from_the_other(both: TwoEngines, tmp_path: Path) -> None:
    shop = both.shop
    home = {"HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path), "NO_COLOR": ""}
    with Terminal(shop.program, cwd=shop.directory, env=shop.environ(home), size=(110, 34)) as one:
        one.until("1 staging ✓", "2 production · prod ✓", seconds=30)
        both.prod.stop()
        one.until("1 staging ✓", "2 production · prod ○ away", seconds=30)
        found = listed(both, code=4)
        assert found["staging"]["health"] == "healthy"
        assert found["production"]["error"]["code"] == "engine_unreachable"
        assert shop.good("status", "-e", "staging", "--output", "json").json()["isCopy"] is False
        copy = shop.good("status", "--output", "json", code=4).json()
        assert (copy["isCopy"], len(copy["activeDeployments"])) == (True, 1)
        told = shop.run("doctor").out
        assert told.index("on default:") < told.index("on prod:")
        both.prod.start()
        one.until("1 staging ✓", "2 production · prod ✓", seconds=60)
        one.press("q")
    assert eventually(both.production_answers, seconds=60)
