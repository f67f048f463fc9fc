"""The command that a request is said as makes that very request."""

import shlex
from collections.abc import Mapping
from dataclasses import fields
from datetime import UTC, datetime
from typing import Any, get_args

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from compartment_tui.domain import requests as verbs
from compartment_tui.domain.errors import Refused
from compartment_tui.domain.names import parse_environment_name
from compartment_tui.operations import requests
from compartment_tui.ports import World
from compartment_tui.present.requests import command_line
from tests.cli.line import line
from tests.rollout.shop import open_shop


def _is_name(text: str) -> bool:
    try:
        return parse_environment_name(text) == text
    except Exception:
        return False


PRINTABLE = st.characters(min_codepoint=32, max_codepoint=0x2FFF).filter(str.isprintable)
NAMES = st.sampled_from(["production", "staging", "-x", "-e=y", "feature/a b", "it's", "--env"]) | (
    st.text(PRINTABLE, min_size=1, max_size=20).filter(_is_name)
)
WORDS = st.text(PRINTABLE, min_size=1, max_size=12)
SERVICES = st.lists(st.sampled_from(["web", "api", "worker"]), unique=True).map(tuple)
HOSTS = st.lists(st.sampled_from(["shop.test", "www.shop.test"]), unique=True).map(tuple)
ENGINES = st.sampled_from(["default", "prod", "-x", "it's"])
IDS = st.text("abcdefghjkmnpqrstvwxyz0123456789", min_size=10, max_size=10)
MOMENTS = st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - as the strategy wants it
YES_OR_NO = st.booleans()
CHANGE: Mapping[str, st.SearchStrategy[Any]] = {"environment": NAMES, "take_over": YES_OR_NO}
OF_SERVICES = {**CHANGE, "services": SERVICES}
LABELLED = {**OF_SERVICES, "label": st.just("") | WORDS}
OPTIONS: dict[type[verbs.Request], Mapping[str, st.SearchStrategy[Any]]] = {
    verbs.Deploy: {
        **LABELLED,
        "force": YES_OR_NO,
        "hold": YES_OR_NO,
        "preview": YES_OR_NO,
        "remove_undeclared": YES_OR_NO,
        "ref": st.none() | WORDS,
    },
    verbs.Promote: LABELLED,
    verbs.PromoteFrom: {**LABELLED, "origin": NAMES, "deployment": st.none() | IDS},
    verbs.Discard: OF_SERVICES,
    verbs.Rollback: {**LABELLED, "to": st.none() | IDS, "run": st.none() | IDS},
    verbs.Redeploy: LABELLED,
    verbs.Remove: LABELLED,
    verbs.Stop: OF_SERVICES,
    verbs.Start: OF_SERVICES,
    verbs.Restart: OF_SERVICES,
    verbs.Scale: {
        **CHANGE,
        "replicas": st.dictionaries(
            st.sampled_from(["web", "api", "worker"]), st.integers(0, 999), min_size=1
        ).map(lambda wanted: tuple(wanted.items())),
    },
    verbs.Resume: CHANGE,
    verbs.Prune: {
        **CHANGE,
        "environment": NAMES | st.just(verbs.EVERY_ENVIRONMENT),
        "before": st.none() | MOMENTS,
    },
    verbs.DeleteEnvironment: {
        **CHANGE,
        "volumes": YES_OR_NO,
        "variables": YES_OR_NO,
        "engine": st.none() | ENGINES,
    },
    verbs.AdoptEdge: {"node": WORDS, "engine": st.none() | ENGINES},
    verbs.CheckDomains: {**CHANGE, "hosts": HOSTS},
    verbs.BeginMaintenance: {**OF_SERVICES, "message": st.just("") | WORDS},
    verbs.EndMaintenance: OF_SERVICES,
}


def parsed(words: list[str]) -> verbs.Request:
    """What the command line makes of a command's words; nothing is done."""
    made: list[verbs.Request] = []

    def take(_world: World, request: verbs.Request) -> None:
        made.append(request)
        raise Refused("only to see what was asked for")

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(requests, "plan", take)
        patched.setattr(requests, "execute", take)
        said = line(open_shop(), *words)
    assert len(made) == 1, said.text()
    return made[0]


def test_every_request_and_every_option_is_tried() -> None:
    assert set(OPTIONS) == set(get_args(verbs.Request))
    for kind, options in OPTIONS.items():
        assert set(options) == {field.name for field in fields(kind)}, kind


@pytest.mark.parametrize("kind", OPTIONS, ids=lambda kind: kind.__name__)
def test_its_command_makes_the_same_request(kind: type[verbs.Request]) -> None:
    @settings(
        max_examples=12, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck)
    )
    @given(st.builds(kind, **OPTIONS[kind]))
    def check(request: verbs.Request) -> None:
        program, *words = shlex.split(command_line(request))
        assert program == "compartment-tui"
        assert parsed(words) == request

    check()


@pytest.mark.parametrize(
    ("words", "request_"),
    [
        ("deploy", verbs.Deploy(environment="production")),
        ("promote --from staging", verbs.PromoteFrom(environment="production", origin="staging")),
        ("prune", verbs.Prune()),
        ("environment delete x", verbs.DeleteEnvironment(environment="x")),
        ("rollback -s web", verbs.Rollback(environment="production", services=("web",))),
    ],
)
def test_what_is_not_said_has_the_requests_own_default(words: str, request_: verbs.Request) -> None:
    assert parsed(words.split()) == request_
