"""What is said of requests that wait: in the plan, in the result, and when it failed."""

import re
from datetime import timedelta
from typing import Any

import pytest

from compartment_tui.cli.json_documents.runs import run_document
from compartment_tui.domain.requests import Deploy
from compartment_tui.domain.wait import Wait, WaitCount
from compartment_tui.operations import requests
from compartment_tui.present.plan import PlanContext, plan_lines
from compartment_tui.present.progress import note_lines, result_lines, wait_words
from compartment_tui.present.timeline import Timeline, fold
from compartment_tui.present.tone import line_text
from tests.rollout.test_waits import broken_store, keep_coming, store


@pytest.mark.parametrize(
    ("count", "words"),
    [
        (WaitCount(requests=41, failed=0), "41 requests waited, at most 2.9s, 0 failed"),
        (WaitCount(requests=1, failed=1), "1 request waited, at most 2.9s, 1 failed"),
        (WaitCount(requests=0, failed=0), "no request had to wait"),
        (None, "requests waited at most 2.9s"),
    ],
)
def test_how_many_waited_and_what_came_of_them(count: WaitCount | None, words: str) -> None:
    assert wait_words(Wait(longest=timedelta(seconds=2.9), count=count)) == words


def test_the_plan_says_that_requests_wait_in_place_of_the_gap() -> None:
    opened = store()
    plan = requests.plan(opened.world, Deploy(environment="production", services=("store",)))
    shown = "\n".join(
        line_text(one) for one in plan_lines(plan, PlanContext(http_port=8080, commits={}))
    )
    about = "requests wait about 3 s, at most 30 s while the running one is replaced"
    assert about in shown
    assert "gap" not in shown


def test_result_and_json_say_how_many_waited() -> None:
    opened = store()
    keep_coming(opened)
    timeline = Timeline()
    for event in requests.execute(opened.world, Deploy(environment="production")):
        timeline = fold(timeline, event)
    shown = "\n".join(line_text(one) for one in result_lines(timeline, 8080))
    assert re.search(r"\d+ requests waited, at most [\d.]+s, 0 failed", shown)
    assert "away for" not in shown
    document: dict[str, Any] = dict(run_document(timeline, None))
    tracks = {one["serviceName"]: one for one in document["rollout"]}
    assert tracks["web"]["wait"] is None
    assert tracks["store"]["wait"]["failed"] == 0
    assert tracks["store"]["wait"]["requests"] > 10


def test_of_a_run_that_failed_it_is_said_too() -> None:
    opened = broken_store()
    keep_coming(opened)
    timeline = Timeline()
    for event in requests.execute(opened.world, Deploy(environment="production")):
        timeline = fold(timeline, event)
    shown = "\n".join(line_text(one) for one in note_lines(timeline))
    assert re.search(r"store: \d+ requests waited, at most [\d.]+s, 0 failed", shown)
