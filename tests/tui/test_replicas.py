"""Several replicas on the screen: their number, each of them, and the key that changes it."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import nullcontext
from dataclasses import replace
from datetime import timedelta

import pytest

from compartment_tui.adapters.memory.world import MemoryWorld
from compartment_tui.domain.deployment import Instance, InstanceState, Sample
from compartment_tui.domain.outcome import Outcome
from compartment_tui.domain.requests import Scale
from compartment_tui.domain.views import ServiceStatus
from compartment_tui.operations import requests
from compartment_tui.ports import LogLine
from compartment_tui.tui.logs.log_buffer import Logbook
from compartment_tui.tui.main.service_detail import overview
from compartment_tui.tui.main.services_model import services_grid
from compartment_tui.tui.runs.run_screen import RunScreen
from compartment_tui.tui.runs.scale_screen import ScaleScreen
from compartment_tui.tui.state.app_state import SAMPLE_LASTS, SAMPLES_KEPT, Board
from compartment_tui.tui.state.available_actions import possible
from tests.present.boards import NOW, board, instance, service, text, texts
from tests.rollout.shop import deploy, outcome, state
from tests.tui.acting_world import HeldClock, Stage, open_held, stage

ROOM = 120
SHOP = board(service("web"), service("api"))


def of_three(**second: object) -> Board:
    """The shop, with three replicas of its first service; the second one is as it is told."""
    status = SHOP.status
    assert status is not None
    row = status.services[0]
    assert row.active is not None
    active = replace(row.active, replicas=3)
    first = instance(active)
    more = tuple(replace(first, number=number, name=f"n{number}") for number in (2, 3))
    more = (replace(more[0], **second), more[1])  # type: ignore[arg-type]
    web = replace(row, active=active, instance=replace(first, more=more), in_file=3)
    services = (web, *status.services[1:])
    return replace(SHOP, statuses={SHOP.environment: replace(status, services=services)})


def first_row(of: Board) -> ServiceStatus:
    assert of.status is not None
    return of.status.services[0]


def health(of: Board) -> str:
    return text(services_grid(of, NOW, ROOM).rows[0].cells[1])


def said(of: Board) -> str:
    return texts(overview(of, NOW, ROOM))


def used(cpu: float, *, age: float = 0, limit: int | None = None) -> Sample:
    return Sample(at=NOW - timedelta(seconds=age), cpu=cpu, memory=100, limit=limit)


def test_the_table_counts_replicas_where_there_are_several() -> None:
    assert "3/3" in health(of_three())
    assert "2/3" in health(of_three(state=InstanceState.EXITED))
    assert "/" not in health(SHOP)


def test_the_detail_has_a_line_for_each() -> None:
    id_ = first_row(of_three()).replicas[0].deployment
    shop = of_three(state=InstanceState.EXITED, exit_code=137, finished=NOW, started=None)
    shop = shop.with_samples({(id_, 1): used(0.12)})
    found = said(shop)
    assert "replicas    2/3" in found
    lines = {line.split()[0]: line for line in found.splitlines() if line.startswith(" " * 12)}
    assert "running for 3h" in lines["1"]
    assert "12%" in lines["1"]
    assert "exited with code 137" in lines["2"]
    assert "n3" in lines["3"]
    assert "N scales" in found
    assert "N scales" not in said(replace(shop, read_only=True))
    assert "replicas" not in said(SHOP)


def test_of_very_many_those_that_do_not_run_are_shown() -> None:
    shop = of_three()
    row = first_row(shop)
    assert row.active is not None
    first = instance(row.active)
    more: tuple[Instance, ...] = tuple(
        replace(first, number=number, name=f"n{number}") for number in range(2, 41)
    )
    more = (*more[:-1], replace(more[-1], state=InstanceState.EXITED))
    many = replace(row, active=replace(row.active, replicas=40), instance=replace(first, more=more))
    assert shop.status is not None
    status = replace(shop.status, services=(many,))
    found = said(replace(shop, statuses={shop.environment: status}))
    assert "n40" in found
    assert "and 30 more that run" in found


def test_a_service_uses_what_its_replicas_use_together() -> None:
    shop = Board().with_samples({("a", 1): used(0.5, limit=10), ("a", 2): used(0.25, limit=10)})
    (together,) = shop.samples["a"]
    assert (together.cpu, together.memory, together.limit) == (0.75, 200, 20)
    shop = shop.with_samples({("a", 2): used(0.5)})
    assert shop.samples["a"][-1].cpu == 1.0, "the newest of the other one counts"
    assert shop.samples["a"][-1].limit is None
    later = replace(used(0.1), at=NOW + SAMPLE_LASTS + timedelta(seconds=1))
    shop = shop.with_samples({("a", 2): later})
    assert shop.samples["a"][-1].cpu == 0.1, "the other one is gone"
    for _ in range(SAMPLES_KEPT):
        shop = shop.with_samples({("a", 2): later})
    assert len(shop.samples["a"]) == SAMPLES_KEPT


def test_what_runs_can_be_scaled() -> None:
    shop = of_three()
    assert "scale" in possible(shop, ("web",))
    assert "scale" not in possible(shop, ())


def test_a_log_tells_replicas_apart_and_hides_one_of_them() -> None:
    def wrote(number: int, *, several: bool = True, service: str = "web") -> LogLine:
        return LogLine(
            at=NOW,
            service=service,
            deployment="a",
            stream="stdout",
            message="said",
            replica=number,
            several=several,
        )

    book = Logbook()
    book.append([wrote(1), wrote(2), wrote(1, several=False, service="api")])
    assert book.services == ("api", "web/1", "web/2")
    book.toggle("web/2")
    assert [row.service for row in book.shown] == ["web/1", "api"]


def test_a_number_is_typed_planned_and_done() -> None:
    opened, clock = open_held()
    deploy(opened)

    async def act(one: Stage) -> None:
        await one.press("g", "N")
        await one.screen(ScaleScreen)
        await one.reads("Replicas of web in production", "1 replica now, as the file says")
        await one.press("0")
        await one.reads("a whole number from 1 to 50")
        await one.press("enter")
        assert isinstance(one.app.screen, ScaleScreen), "0 is no number of replicas"
        await one.press("backspace", "3", "enter")
        await one.reads("1 → 3 replicas, as long as the file says 1", "Scale  y")
        await one.press("y")
        await one.screen(RunScreen)
        await one.until(lambda: not one.app.board.running_jobs, "its end")
        await one.press("escape")
        await one.reads("3/3", "as it was scaled by hand; the file says 1")

    run(opened, clock, act)
    assert state(opened).deployments[state(opened).active["web"]].replicas == 3


def test_a_shell_is_for_the_replica_that_is_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    opened, clock = open_held()
    deploy(opened)
    wanted = Scale(environment="production", replicas=(("web", 3),))
    assert outcome(requests.execute(opened.world, wanted)) is Outcome.LIVE
    asked: list[object] = []

    async def act(one: Stage) -> None:
        def shell(*words: object) -> int:
            asked.append(words[-1])
            return 0

        monkeypatch.setattr(one.app, "suspend", nullcontext)
        monkeypatch.setattr(one.app.feeds, "shell", shell)
        await one.press("g", "s")
        await one.reads("A shell in web", "replica 3")
        await one.press("j", "enter")
        await one.until(lambda: bool(asked), "the shell")
        found = [entry.command for entry in one.app.shell.log_entries()]
        assert found == ["compartment-tui exec -s web --replica 2 -- sh"]

    run(opened, clock, act)
    assert asked == [2]


def run(opened: MemoryWorld, clock: HeldClock, act: Callable[[Stage], Awaitable[None]]) -> None:
    async def play() -> None:
        async with stage(opened, clock) as one:
            await act(one)

    asyncio.run(play())
