"""A name is suggested only when it may be the one that was meant."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compartment_tui.adapters.project_file.schema import ROOT
from compartment_tui.domain.suggestion import distance, nearest, nearest_name

COMMANDS = ("init", "deploy", "promote", "rollback", "redeploy", "status", "stop", "start", "logs")
SERVICE = tuple(ROOT.children["services"].children["*"].children)


@pytest.mark.parametrize(
    ("typed", "known", "meant"),
    [
        ("deplyo", COMMANDS, "deploy"),
        ("statu", COMMANDS, "status"),
        ("stauts", COMMANDS, "status"),
        ("log", COMMANDS, "logs"),
        ("roll-back", COMMANDS, "rollback"),
        ("rolback", COMMANDS, "rollback"),
        ("prot", SERVICE, "port"),
        ("ports", SERVICE, "port"),
        ("Image", SERVICE, "image"),
        ("limit", SERVICE, "limits"),
        ("volume", SERVICE, "volumes"),
        ("readyness", SERVICE, "readiness"),
        ("stopGrace", SERVICE, "stop_grace"),
        ("drain", SERVICE, "drain_timeout"),
        ("enviroments", tuple(ROOT.children), "environments"),
        ("serivces", tuple(ROOT.children), "services"),
        ("prod", ("production", "staging"), "production"),
        ("stagign", ("production", "staging"), "staging"),
        ("wbe", ("web", "api"), "web"),
        ("--plna", ("--plan", "--file"), "--plan"),
        ("--sensitve", ("--sensitive", "--stdin"), "--sensitive"),
    ],
)
def test_near(typed: str, known: tuple[str, ...], meant: str) -> None:
    assert nearest_name(typed, known) == meant


@pytest.mark.parametrize(
    ("typed", "known"),
    [
        ("domains", SERVICE),
        ("restart_policy", SERVICE),
        ("environment", SERVICE),
        ("stateful", SERVICE),
        ("healthcheck", SERVICE),
        ("labels", SERVICE),
        ("entrypoint", SERVICE),
        ("depends_on", SERVICE),
        ("hostname", SERVICE),
        ("cmd", SERVICE),
        ("tags", SERVICE),
        ("static", ("status",)),
        ("stop", ("start",)),
        ("frontend", ("backend", "web")),
        ("dev", ("production", "qa")),
        ("qa", ("ci", "eu")),
        ("up", COMMANDS),
        ("ps", COMMANDS),
        ("", COMMANDS),
        ("x", ("y",)),
    ],
)
def test_far(typed: str, known: tuple[str, ...]) -> None:
    assert nearest(typed, known) == ""


@given(st.text(max_size=8), st.text(max_size=8))
def test_slips_are_counted_both_ways(left: str, right: str) -> None:
    assert distance(left, right) == distance(right, left)
    assert (distance(left, right) == 0) == (left == right)
    assert distance(left, right) <= max(len(left), len(right))
