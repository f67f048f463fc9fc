"""Doing something by keyboard: look at the plan, say yes, watch it, read how it ended."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from compartment_tui.adapters.memory.clock import FakeClock
from compartment_tui.adapters.memory.engine import MemoryEngine
from compartment_tui.adapters.memory.records import MemoryRecords
from compartment_tui.adapters.memory.world import Behaviour, MemoryWorld
from compartment_tui.domain.config import ProjectConfig
from compartment_tui.domain.deployment import Stage as RunStage
from compartment_tui.domain.outcome import Outcome
from compartment_tui.domain.requests import Deploy
from compartment_tui.tui import messages as news
from compartment_tui.tui.app import CompartmentApp
from compartment_tui.tui.main.main_screen import MainScreen
from compartment_tui.tui.messages import ActWanted
from compartment_tui.tui.runs.activity_screen import ActivityScreen
from compartment_tui.tui.runs.cancel_screen import CancelScreen
from compartment_tui.tui.runs.output_pane import OutputPane
from compartment_tui.tui.runs.plan_screen import PlanScreen
from compartment_tui.tui.runs.run_screen import RunScreen
from tests.rollout.shop import PRODUCTION, change_everything, deploy, shop_config, state
from tests.tui.acting_world import NEW, HeldClock, Stage, open_held, protected, stage

Play = Callable[[Stage], Awaitable[None]]


def play(
    shop: tuple[MemoryWorld, HeldClock], act: Play, *, read_only: bool = False, wide: bool = True
) -> None:
    async def run() -> None:
        size = (120, 36) if wide else (80, 24)
        async with stage(*shop, read_only=read_only, size=size) as one:
            await act(one)

    asyncio.run(run())


@pytest.fixture
def fresh() -> tuple[MemoryWorld, HeldClock]:
    return open_held()


@pytest.fixture
def live() -> tuple[MemoryWorld, HeldClock]:
    """Deployed twice, and then everything changed again."""
    opened, clock = open_held()
    deploy(opened)
    change_everything(opened, "2")
    deploy(opened)
    change_everything(opened, "3")
    opened.source.current = NEW
    clock.advance(timedelta(minutes=3))
    return opened, clock


def test_what_the_file_no_longer_has_goes_with_a_deploy_or_by_itself(
    live: tuple[MemoryWorld, HeldClock],
) -> None:
    opened, _ = live
    config = opened.project.current
    gone = tuple(spec for spec in config.services if spec.name != "worker")
    opened.project.current = replace(config, services=gone)

    async def act(one: Stage) -> None:
        await one.press("D")
        await one.until(lambda: "no longer in compartment.toml" in one.text())
        await one.press("r")
        await one.until(lambda: "is taken away" in one.text())
        assert "--remove-undeclared" in one.text()
        await one.press("y")
        await one.until(lambda: "worker" not in state(opened).active)

    play(live, act)


def active(opened: MemoryWorld, service: str = "web") -> str:
    return state(opened).active[service]


async def deploys(one: Stage) -> None:
    await one.press("D")
    await one.screen(PlanScreen)
    await one.reads("Deploy  y")
    await one.press("y")
    await one.screen(RunScreen)


def with_config(
    shop: tuple[MemoryWorld, HeldClock], config: ProjectConfig
) -> tuple[MemoryWorld, HeldClock]:
    shop[0].project.current = config
    return shop


def test_a_deploy_shows_its_plan_and_goes_live(live: tuple[MemoryWorld, HeldClock]) -> None:
    opened, _ = live
    before = active(opened)

    async def act(one: Stage) -> None:
        await one.press("D")
        await one.reads("Deploy in production", "aaaaaaa → ccccccc", "Sell hats", "shop.localhost")
        await one.reads("compartment-tui deploy")
        assert active(opened) == before
        await one.press("y")
        await one.screen(RunScreen)
        await one.reads("✓ live", "production is live after", "http://shop.localhost", "Undo")
        assert active(opened) != before

    play(live, act)


@pytest.mark.parametrize("key", ["n", "escape", "enter", "q"])
def test_leaving_the_plan_does_nothing(live: tuple[MemoryWorld, HeldClock], key: str) -> None:
    opened, _ = live
    before = state(opened)

    async def act(one: Stage) -> None:
        await one.press("D")
        await one.reads("Deploy  y")
        await one.press(key)
        await one.screen(MainScreen)
        assert state(opened) == before
        assert not one.app.board.jobs

    play(live, act)


def test_yes_before_the_plan_is_there_starts_nothing(live: tuple[MemoryWorld, HeldClock]) -> None:
    async def act(one: Stage) -> None:
        one.app.bridge.runs.plan = lambda request: None  # type: ignore[method-assign]
        await one.press("D")
        await one.screen(PlanScreen)
        await one.reads("looking at what it would change")
        await one.press("y")
        assert isinstance(one.app.screen, PlanScreen)
        assert not one.app.board.jobs

    play(live, act)


def test_a_look_has_no_yes(live: tuple[MemoryWorld, HeldClock]) -> None:
    async def act(one: Stage) -> None:
        await one.press("d")
        await one.reads("only a look", "aaaaaaa → ccccccc", "Close  esc")
        assert "Deploy  y" not in one.text()
        await one.press("y")
        assert not one.app.board.jobs

    play(live, act)


def test_force_is_planned_afresh(live: tuple[MemoryWorld, HeldClock]) -> None:
    async def act(one: Stage) -> None:
        await one.press("D")
        await one.reads("replace unchanged services too: no")
        await one.press("f")
        await one.reads("replace unchanged services too: yes", "compartment-tui deploy --force")
        await one.press("y")
        await one.screen(RunScreen)
        assert one.app.board.jobs
        assert all(
            isinstance(job.request, Deploy) and job.request.force
            for job in one.app.board.jobs.values()
        )

    play(live, act)


def test_a_plan_in_which_nothing_changed_says_so(fresh: tuple[MemoryWorld, HeldClock]) -> None:
    opened, _ = fresh
    deploy(opened)

    async def act(one: Stage) -> None:
        await one.press("D")
        await one.reads("nothing seems to have changed", "everything is left alone")
        await one.press("y")
        await one.reads("nothing to do", "already runs exactly this", "Try again")

    play(fresh, act)


def test_a_refusal_says_why_and_can_be_copied(
    fresh: tuple[MemoryWorld, HeldClock], monkeypatch: pytest.MonkeyPatch
) -> None:
    copied: list[str] = []

    def copy(_app: CompartmentApp, message: news.CopyWanted) -> None:
        copied.append(message.text)

    monkeypatch.setattr(CompartmentApp, "on_copy_wanted", copy, raising=False)

    async def act(one: Stage) -> None:
        await one.press("E")
        await one.reads("nothing is deployed here", "Nothing was touched", "c copies this")
        await one.press("y")
        assert isinstance(one.app.screen, PlanScreen)
        await one.press("c")
        await one.until(lambda: bool(copied), "the copy")
        assert "nothing is deployed here" in copied[0]
        await one.press("escape")
        await one.screen(MainScreen)

    play(fresh, act)


def test_read_only_starts_nothing_but_looks(live: tuple[MemoryWorld, HeldClock]) -> None:
    async def act(one: Stage) -> None:
        for key in "DUEX":
            await one.press(key)
            assert isinstance(one.app.screen, MainScreen), key
        one.app.screen.post_message(ActWanted(Deploy(environment="production")))
        await one.reads("read-only: nothing is changed")
        await one.press("d")
        await one.reads("only a look")

    play(live, act, read_only=True)


def test_a_protected_environment_wants_its_name(live: tuple[MemoryWorld, HeldClock]) -> None:
    opened, _ = live
    before = active(opened)

    async def act(one: Stage) -> None:
        await one.press("D")
        await one.reads("production is protected")
        assert "Deploy  y" not in one.text()
        await one.press(*"yproductio", "enter")
        await one.reads("that is not its name")
        assert active(opened) == before
        assert not one.app.board.jobs
        await one.press("ctrl+u", *"production", "enter")
        await one.screen(RunScreen)
        await one.reads("production is live after")

    play(with_config(live, protected(shop_config())), act)


def test_a_failure_shows_what_failed_and_what_can_be_done(
    live: tuple[MemoryWorld, HeldClock],
) -> None:
    opened, _ = live
    before = active(opened)
    last = ("Traceback (most recent call last):", "KeyError: 'PORT' [/b]\x1b]52;c;eA==\x07")
    opened.host.behave("web", Behaviour(exits_after=timedelta(seconds=1), last_words=last))

    async def act(one: Stage) -> None:
        await deploys(one)
        await one.reads("failed, reverted", "web failed while checking readiness")
        await one.reads("KeyError: 'PORT' [/b]", "still live, as before", "Try again", "Its logs")
        assert "\x1b" not in one.text()
        assert active(opened) == before
        await one.press("l")
        await one.reads("logs of", "Traceback", "that is all it wrote until now")
        await one.press("s")
        await one.reads("the container of web is stopped")
        await one.press("escape")
        await one.reads("web: output")
        opened.host.behave("web", Behaviour())
        one.app.clear_notifications()  # on so few columns one lies over the question for 5 s
        await one.press("D")
        await one.screen(PlanScreen)
        await one.reads("Deploy  y")
        await one.press("y")
        await one.reads("production is live after")
        assert active(opened) != before
        await one.press("escape")
        await one.screen(MainScreen)

    play(live, act, wide=False)


def test_never_ready_counts_its_attempts(live: tuple[MemoryWorld, HeldClock]) -> None:
    opened, _ = live
    opened.host.behave("api", Behaviour(ready_after=None, refusal="503"))

    async def act(one: Stage) -> None:
        await deploys(one)
        await one.reads("failed, reverted", "api failed while checking readiness", "503")
        assert isinstance(one.app.screen, RunScreen)
        assert one.app.screen.service == "api"

    play(live, act)


def test_a_build_that_fails_ends_with_its_last_line(live: tuple[MemoryWorld, HeldClock]) -> None:
    opened, _ = live
    said = tuple(f"#{n} step {n}" for n in range(200))
    opened.host.behave("web", Behaviour(build_says=said, build_fails="ERROR: RUN make: code 2"))

    async def act(one: Stage) -> None:
        await deploys(one)
        await one.reads("web failed while building", "ERROR: RUN make: code 2")
        await one.press("g")
        await one.reads("#0 step 0", "stands still")
        await one.press("G")
        await one.reads("ERROR: RUN make: code 2")

    play(live, act)


def test_a_job_goes_on_when_its_screen_is_left(live: tuple[MemoryWorld, HeldClock]) -> None:
    opened, clock = live
    before = active(opened)

    async def act(one: Stage) -> None:
        clock.lock(after=12)
        await deploys(one)
        await one.until(lambda: clock.waiting)
        await one.reads("▸ running")
        await one.press("escape")
        await one.screen(MainScreen)
        await one.press("b")
        await one.screen(ActivityScreen)
        await one.reads("▸ running", "Deploy web, api, worker in production")
        await one.press("escape")
        clock.go()
        await one.reads("✓ live")  # a toast, and the services' own rows have other words
        await one.until(lambda: active(opened) != before)
        await one.press("b", "enter")
        await one.screen(RunScreen)
        await one.reads("production is live after", "image is ready")

    play(live, act)


def test_cancelling_asks_once_and_reverts(live: tuple[MemoryWorld, HeldClock]) -> None:
    opened, clock = live
    before = state(opened).active

    async def act(one: Stage) -> None:
        clock.lock(after=12)
        await deploys(one)
        await one.until(lambda: clock.waiting)
        await one.press("X")
        await one.screen(CancelScreen)
        await one.reads("Cancel and revert?")
        await one.press("n")
        await one.screen(RunScreen)
        await one.press("X")
        await one.reads("Cancel and revert?")
        await one.press("y")
        await one.reads("▸ reverting")
        clock.go()
        await one.reads("cancelled, reverted", "everything is as it was before", "Try again")
        assert state(opened).active == before

    play(live, act)


def test_after_the_switch_cancelling_ends_the_drain(live: tuple[MemoryWorld, HeldClock]) -> None:
    opened, clock = live
    before = active(opened)
    opened.host.behave("web", Behaviour(connections=2, drain_takes=timedelta(minutes=5)))

    async def act(one: Stage) -> None:
        await one.press("D")
        await one.reads("Deploy  y")
        # Hold as soon as somebody waits for the drain.
        clock.hold_when(lambda: _draining(opened))
        await one.press("y")
        await one.until(lambda: clock.waiting, "the drain")
        await one.reads("▸ running")
        await one.press("X")
        await one.reads("stays live", "End the drain")
        await one.press("y")
        clock.go()
        await one.reads("production is live after")
        assert active(opened) != before

    play(live, act)


def test_the_question_follows_the_job_and_goes_with_it(live: tuple[MemoryWorld, HeldClock]) -> None:
    opened, clock = live
    before = active(opened)
    opened.host.behave("web", Behaviour(connections=2, drain_takes=timedelta(minutes=5)))

    async def act(one: Stage) -> None:
        clock.lock(after=12)
        await deploys(one)
        await one.until(lambda: clock.waiting)
        await one.press("X")
        await one.screen(CancelScreen)
        await one.reads("Cancel and revert?", "Cancel and revert  y")
        clock.go()
        clock.hold_when(lambda: _draining(opened))
        await one.until(lambda: clock.waiting, "the drain")
        await one.reads("stays live", "End the drain  y")
        assert "revert" not in one.text()
        clock.go()
        await one.screen(RunScreen)
        await one.reads("production is live after")
        assert active(opened) != before

    play(live, act)


def _draining(opened: MemoryWorld) -> bool:
    """By the record: the screen may be behind."""
    journal = state(opened).journal
    return journal is not None and journal.stage is RunStage.DRAINING_PREVIOUS


def test_a_rollback_has_the_previous_chosen_already(live: tuple[MemoryWorld, HeldClock]) -> None:
    opened, _ = live
    previous = state(opened).deployments[active(opened)].previous

    async def act(one: Stage) -> None:
        await one.press("U")
        await one.reads("Roll back in production", "the newest deploy", "One deployment of web")
        await one.press("enter")
        await one.screen(PlanScreen)
        await one.reads("its kept container", "Roll back  y")
        await one.press("y")
        await one.reads("production is live after")
        assert active(opened) == previous

    play(live, act)


def test_one_deployment_can_be_picked_by_filter(live: tuple[MemoryWorld, HeldClock]) -> None:
    opened, _ = live
    first = min(one.id for one in state(opened).of_service("web"))
    deploy(opened)

    async def act(one: Stage) -> None:
        await one.until(lambda: len(one.app.board.histories["production"]) == 3)
        await one.press("U", "slash", *first[-10:].lower())
        await one.reads(f"web {first[-10:].lower()}")
        assert "the newest deploy" not in one.text()
        await one.press("enter")
        await one.screen(PlanScreen)
        await one.reads("Roll back web in production", f"--to {first[-10:].lower()}")
        await one.press("y")
        await one.reads("production is live after")
        assert active(opened) == first

    play(live, act)


def test_esc_leaves_the_filter_before_the_list(live: tuple[MemoryWorld, HeldClock]) -> None:
    async def act(one: Stage) -> None:
        await one.press("U", "slash", *"zzzz")
        await one.reads("nothing matches")
        await one.press("escape")
        await one.reads("the newest deploy")
        await one.press("escape")
        await one.screen(MainScreen)

    play(live, act)


def test_deleting_lists_what_goes(live: tuple[MemoryWorld, HeldClock]) -> None:
    opened, _ = live

    async def act(one: Stage) -> None:
        await one.press("X")
        await one.reads("goes with production of shop", "network", "Delete  y")
        await one.press("y")
        await one.reads("production is gone", "✓ done")
        assert PRODUCTION not in opened.host.networks

    play(live, act)


def test_ten_thousand_lines_are_bounded_and_counted(live: tuple[MemoryWorld, HeldClock]) -> None:
    opened, _ = live
    said = tuple(f"line {n} [/] \x1b[2J" for n in range(10_000))
    opened.host.behave("web", Behaviour(build_says=said))

    async def act(one: Stage) -> None:
        await deploys(one)
        await one.reads("production is live after")
        pane = one.app.screen.query_one(OutputPane)
        await one.reads("lines dropped")
        assert pane.dropped + len(pane.text.split("\n")) >= 10_000
        assert "line 0 [/]" not in pane.text
        assert "line 9999 [/]" in pane.text

    play(live, act)


def test_another_holder_refuses_the_job_with_a_reason(live: tuple[MemoryWorld, HeldClock]) -> None:
    opened, _ = live
    other = opened.another(actor="bob@desk")

    async def act(one: Stage) -> None:
        with other.world.locks.environment(PRODUCTION, actor="bob@desk", purpose="deploy"):
            await deploys(one)
            await one.reads("✗ refused", "bob@desk", "Try again")

    play(live, act)


def test_outcomes_are_kept_for_the_activity(live: tuple[MemoryWorld, HeldClock]) -> None:
    async def act(one: Stage) -> None:
        await deploys(one)
        await one.reads("production is live after")
        job = next(iter(one.app.board.jobs.values()))
        assert job.timeline.outcome is Outcome.LIVE
        await one.press("b")
        await one.reads("Activity", "✓ live")

    play(live, act)


def test_the_held_clock_is_a_clock() -> None:
    assert isinstance(HeldClock(), FakeClock)


def test_a_surprise_in_a_job_is_told_and_the_application_stays(
    live: tuple[MemoryWorld, HeldClock], monkeypatch: pytest.MonkeyPatch
) -> None:
    def surprise(*_: object) -> None:
        raise RuntimeError("boom")

    monkeypatch.setattr(MemoryEngine, "create", surprise)

    async def act(one: Stage) -> None:
        before = active(one.opened)
        await one.press("D")
        await one.screen(PlanScreen)
        await one.until(lambda: "Deploy" in one.text(), "the plan")
        await one.press("y")
        await one.screen(RunScreen)
        await one.reads("this is a bug: RuntimeError: boom")
        await one.until(lambda: all(job.over for job in one.app.board.jobs.values()), "its end")
        assert active(one.opened) == before
        assert state(one.opened).journal is None
        assert one.app.is_running

    play(live, act)


def test_a_surprise_while_looking_is_told_and_looked_past(
    live: tuple[MemoryWorld, HeldClock], monkeypatch: pytest.MonkeyPatch
) -> None:
    def surprise(*_: object, **__: object) -> None:
        raise RuntimeError("boom")

    async def act(one: Stage) -> None:
        await one.reads("web")
        with monkeypatch.context() as patch:
            patch.setattr(MemoryRecords, "read", surprise)
            await one.press("D")
            await one.reads("this is a bug: RuntimeError: boom")
        assert one.app.is_running

    play(live, act)
