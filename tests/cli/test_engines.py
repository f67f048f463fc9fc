"""Several engines on the command line: which is meant, which is told, and one that is away."""

import json
from dataclasses import replace

import pytest

from compartment_tui.adapters.memory.world import MemoryWorld
from tests.cli.line import line
from tests.operations.test_engines import deploy_both, open_engines


@pytest.fixture
def opened() -> MemoryWorld:
    made = open_engines()
    deploy_both(made)
    return made


def test_a_status_says_the_engine(opened: MemoryWorld) -> None:
    assert "shop in production on prod" in line(opened, "status").out
    assert "shop in staging\n" in line(opened, "status", "-e", "staging").out
    document = json.loads(line(opened, "status", "--output", "json").out)
    assert document["environment"]["engine"] == "prod"
    document = json.loads(line(opened, "status", "-e", "staging", "--output", "json").out)
    assert document["environment"]["engine"] is None


def test_the_list_tells_the_engines_and_one_that_is_away(opened: MemoryWorld) -> None:
    rows = line(opened, "environment", "list").out.splitlines()
    assert "ENGINE" in rows[0]
    assert [row.split()[:2] for row in rows[1:]] == [["staging", "default"], ["production", "prod"]]
    opened.host_of("prod").go_away("prod is away")
    said = line(opened, "environment", "list")
    assert said.code == 4
    assert "its engine is away" in said.out
    assert "prod is away" in said.err
    said = line(opened, "environment", "list", "--output", "json")
    assert said.code == 4
    staging, production = json.loads(said.out)["environments"]
    assert "error" not in staging
    assert production["error"]["message"] == "prod is away"
    assert production["isCopy"] is True
    assert line(opened, "status", "-e", "staging").code == 0
    assert line(opened, "status").code == 4


def test_routes_are_told_of_all_engines(opened: MemoryWorld) -> None:
    out = line(opened, "route", "list").out
    assert "staging" in out
    assert "production" in out
    opened.host_of("prod").go_away("prod is away")
    said = line(opened, "route", "list")
    assert (said.code, "staging" in said.out, "production" in said.out) == (4, True, False)
    assert "prod is away" in said.err
    assert line(opened, "route", "list", "-e", "staging").code == 0


def test_doctor_tells_engine_by_engine(opened: MemoryWorld) -> None:
    out = line(opened, "doctor").out
    assert out.index("project file") < out.index("on default:") < out.index("on prod:")
    assert "at memory://prod" in out
    only = line(opened, "doctor", "--engine", "prod").out
    assert "on prod:" in only
    assert "on default:" not in only
    opened.host_of("prod").go_away("prod is away")
    said = line(opened, "doctor", "--output", "json")
    assert said.code == 1
    checks = json.loads(said.out)["checks"]
    of_prod = [one for one in checks if one.get("engine") == "prod"]
    assert [one["message"] for one in of_prod] == ["prod is away"]
    assert any(one.get("engine") == "default" and one["grade"] == "good" for one in checks)


def test_what_the_file_does_not_mean_is_told_and_can_be_deleted(opened: MemoryWorld) -> None:
    config = opened.project.config()
    staging, production = config.environments
    moved = replace(staging, engine="prod")
    opened.project.write(replace(config, environments=(moved, production)))
    listed = line(opened, "environment", "list")
    assert "also on default: see doctor" in listed.out
    document = json.loads(line(opened, "environment", "list", "--output", "json").out)
    assert document["environments"][0]["alsoOn"] == ["default"]
    said = line(opened, "status", "-e", "staging")
    assert "it was last seen on memory://" in said.out
    told = line(opened, "doctor").out
    hint = "compartment-tui environment delete staging --engine default"
    assert hint in told
    assert line(opened, "environment", "delete", "staging", "--yes").code == 7
    done = line(opened, *hint.split()[1:], "--yes")
    assert done.code == 0, done.text()
    assert not opened.host.records
    assert opened.host_of("prod").records
    assert "also on" not in line(opened, "environment", "list").out


def test_what_is_about_an_engine_asks_which(opened: MemoryWorld) -> None:
    for words in (("edge", "status"), ("edge", "restart", "--yes"), ("edge", "remove", "--yes")):
        said = line(opened, *words)
        assert said.code == 2, words
        assert "name one with --engine: default, prod" in said.err
    assert line(opened, "edge", "status", "--engine", "prud").code == 7
    assert line(opened, "edge", "remove", "--engine", "prod", "--yes").code == 0
    assert opened.host_of("prod").edge is None
    assert opened.host.edge is not None
    assert "running" in line(opened, "edge", "status", "--engine", "default").out


def test_info_tells_every_engine(opened: MemoryWorld) -> None:
    out = line(opened, "info").out
    assert "memory://prod" in out
    assert line(opened, "info", "--engine", "default").out.count("memory://") == 1
    opened.host_of("prod").go_away("prod is away")
    document = json.loads(line(opened, "info", "--output", "json").out)
    assert [one["name"] for one in document["engines"]] == ["default", "prod"]
    assert document["engines"][1]["engineProblem"] == "prod is away"


def test_plans_name_the_engine(opened: MemoryWorld) -> None:
    out = line(opened, "deploy", "--plan", "--force").out
    assert out.startswith("Deploy shop in production on prod\n")
    assert "Stop shop in production on prod" in line(opened, "stop", "--plan").out
    document = json.loads(line(opened, "deploy", "--plan", "--output", "json").out)
    assert document["engine"] == "prod"
    assert "of shop on prod:" in line(opened, "environment", "delete", "production", "--plan").out
    assert "on prod" not in line(opened, "deploy", "--plan", "-e", "staging").out


def test_prune_goes_to_all_engines_and_leaves_out_one_that_is_away(opened: MemoryWorld) -> None:
    for name in ("staging", "production"):
        for _ in range(7):
            assert line(opened, "redeploy", "-e", name, "--yes").code == 0
    document = json.loads(line(opened, "prune", "--plan", "--output", "json").out)
    assert document
    prod = opened.host_of("prod")
    before = len(opened.host.containers), len(prod.containers)
    opened.project.write(replace(opened.project.config(), keep=1))
    prod.go_away("prod is away")
    said = line(opened, "prune", "--yes")
    assert said.code == 0, said.text()
    assert "prod is away" in said.text()
    assert len(opened.host.containers) < before[0]
    prod.away = ""
    assert line(opened, "prune", "--yes").code == 0
    assert len(prod.containers) < before[1]
