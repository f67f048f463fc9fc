"""Named pictures of the application, each reached by keys on the pretended shop.

`python -m tests.tui.scenarios DIRECTORY [NAME...]` draws them; the snapshot tests compare them.
"""

import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from textual.events import Paste

from compartment_tui.adapters.demo.demo import open_demo
from compartment_tui.adapters.memory.clock import FakeClock
from compartment_tui.adapters.memory.swarm import BEGIN_TAKES, NOTICED_AFTER
from compartment_tui.adapters.memory.world import MemoryWorld
from compartment_tui.domain.errors import EngineUnreachable, ProjectFileInvalid
from compartment_tui.tui.kit.value_field import ValueField
from compartment_tui.tui.runs.activity_screen import ActivityScreen
from compartment_tui.tui.runs.pick_screen import PickScreen
from compartment_tui.tui.runs.run_screen import RunScreen
from tests.tui.pictures import Drive, Scenario, Shot, draw, same_everywhere
from tests.tui.swarm_shop import open_swarm_shop

SMALL, MIDDLE, LARGE = (80, 24), (120, 36), (200, 60)
UNREACHABLE = EngineUnreachable(
    "Docker does not answer at /run/docker.sock", hint="start it: `systemctl start docker`"
)
BROKEN_FILE = ProjectFileInvalid(
    'compartment.toml:14: services.web.port: "808O" is not a number',
    hint="write it without quotes: port = 8080",
)

_SCENARIOS: dict[str, Scenario] = {}


def _scenario(
    name: str,
    size: tuple[int, int] = MIDDLE,
    opens: Callable[[FakeClock], MemoryWorld] = open_demo,
) -> Callable[[Drive], Drive]:
    def register(drive: Drive) -> Drive:
        _SCENARIOS[name] = Scenario(name=name, size=size, drive=drive, opens=opens)
        return drive

    return register


# --- looking --------------------------------------------------------------------------------------


async def _overview(one: Shot) -> None:
    await one.watch()
    await one.reads("search", "unhealthy")


for _name, _size in (("small", SMALL), ("middle", MIDDLE), ("large", LARGE)):
    _scenario(f"overview-{_name}", _size)(_overview)


@_scenario("overview-light")
async def _light(one: Shot) -> None:
    one.app.theme = "compartment-light"
    await _overview(one)


@_scenario("logs")
async def _logs(one: Shot) -> None:
    await one.watch(8)
    await one.press("l")
    await one.reads("connection refused")


@_scenario("logs-paused-search")
async def _logs_search(one: Shot) -> None:
    await _logs(one)
    await one.settle()
    await one.press("f", "slash", *"shard", "enter")
    await one.watch(12)


@_scenario("routes")
async def _routes(one: Shot) -> None:
    await one.press("i", "right_square_bracket", "right_square_bracket")
    await one.reads("503")


@_scenario("releases")
async def _releases(one: Shot) -> None:
    await one.press("r")
    await one.reads("priya@studio")


@_scenario("variables")
async def _variables(one: Shot) -> None:
    await one.press("g", "i", "left_square_bracket")
    await one.reads("PUBLIC_URL")


async def _editor(one: Shot) -> None:
    """Everyone's variables of staging, one of them staged, at a key that web has its own of."""
    await one.in_environment(1, "production")
    await one.press("g", "v", "left_square_bracket")
    await one.reads("every service", "STRIPE_KEY")
    await one.press(*"jjj", "e")
    await one.press("ctrl+u", *"debug")
    await one.reads("was info")


for _name, _size in (("small", SMALL), ("middle", MIDDLE), ("large", LARGE)):
    _scenario(f"editor-typing-{_name}", _size)(_editor)


async def _staged(one: Shot) -> None:
    await _editor(one)
    await one.press("enter")
    await one.reads("1 edit staged")


for _name, _size in (("small", SMALL), ("middle", MIDDLE), ("large", LARGE)):
    _scenario(f"editor-staged-{_name}", _size)(_staged)


@_scenario("editor-service")
async def _editor_service(one: Shot) -> None:
    await _staged(one)
    await one.press("right_square_bracket")
    await one.reads("CHECKOUT")


@_scenario("editor-compare")
async def _editor_compare(one: Shot) -> None:
    await one.press("g", "v")
    await one.reads("web", "CHECKOUT")
    await one.press("c", "enter")
    await one.reads("beside", "only in staging")
    await one.press("space")


@_scenario("editor-import")
async def _editor_import(one: Shot) -> None:
    await one.press("g", "v", "i", "tab")
    field = one.app.screen.query_one(ValueField)
    field.post_message(Paste("LOG_LEVEL=debug\rGREETING='two\rlines'\rSEASON=autumn\r"))
    await one.reads("3 changes")


@_scenario("editor-write")
async def _editor_write(one: Shot) -> None:
    await _editor_service(one)
    await one.press("n", *"SESSION_KEY", "tab", "tab", "right", "tab", *"hunter2")
    await one.press("enter", "W")
    await one.reads("Nothing that runs changes")


@_scenario("staging-drift")
async def _staging(one: Shot) -> None:
    await one.in_environment(2, "staging")
    await one.press("g")
    await one.watch()


@_scenario("help", SMALL)
async def _help(one: Shot) -> None:
    await one.press("question_mark")
    await one.reads("UPPER CASE changes")


@_scenario("palette", SMALL)
async def _palette(one: Shot) -> None:
    await one.press("ctrl+p")
    await one.settle()
    await one.press(*"depl")
    await one.settle()


# --- acting ---------------------------------------------------------------------------------------


@_scenario("plan-deploy")
async def _plan(one: Shot) -> None:
    await one.in_environment(2, "staging")
    await one.press("D")
    await one.reads("Deploy  y")


@_scenario("plan-protected", SMALL)
async def _protected(one: Shot) -> None:
    await one.press("D")
    await one.reads("type its name")


@_scenario("plan-remove", SMALL)
async def _remove(one: Shot) -> None:
    await one.in_environment(3, "preview-checkout")
    await one.press("X")
    await one.reads("goes with preview-checkout")


@_scenario("scale", SMALL)
async def _scale(one: Shot) -> None:
    await one.in_environment(2, "staging")
    await one.press("g", "N")
    await one.reads("Replicas of web in staging", "1 replica now")
    await one.press("3")


async def _scaled(one: Shot) -> None:
    """Three of web in staging, and one of them was killed."""
    await _scale(one)
    await one.press("enter")
    await one.reads("Scale  y", "1 → 3 replicas")
    await one.settle()
    one.clock.lock()
    await one.press("y")
    await one.screen(RunScreen)
    await one.until(lambda: one.clock.waiting, "its first pause")
    one.clock.go()
    await one.until(lambda: not one.app.board.running_jobs, "the end")
    await one.press("escape")
    await one.reads("3/3")
    (second,) = [
        container
        for container in one.opened.host.containers.values()
        if (container.key.environment, container.number) == ("staging", 2)
    ]
    second.always = False
    second.die(137)
    await one.watch()
    await one.reads("2/3", "replica 2 of 3")


for _name, _size in (("small", SMALL), ("middle", MIDDLE), ("large", LARGE)):
    _scenario(f"replicas-{_name}", _size)(_scaled)


@_scenario("replicas-logs")
async def _replica_logs(one: Shot) -> None:
    await _scaled(one)
    await one.press("l")
    await one.reads("18123 36ms")  # the last of what they wrote


@_scenario("run-in-progress")
async def _running(one: Shot) -> None:
    await one.in_environment(2, "staging")
    await one.deploys("web", "api", pauses=30)


@_scenario("run-failed")
async def _failed(one: Shot) -> None:
    await one.in_environment(2, "staging")
    await one.deploys("web", "billing")
    await one.reads("Try again")


@_scenario("run-live")
async def _live(one: Shot) -> None:
    await one.in_environment(2, "staging")
    await one.deploys("web", "api")
    await one.reads("live after")


@_scenario("activity")
async def _activity(one: Shot) -> None:
    await _failed(one)
    await one.press("escape")
    await one.deploys("web", "api")
    await one.reads("live after")
    await one.press("escape", "b")
    await one.screen(ActivityScreen)


@_scenario("rollback-picker")
async def _pick(one: Shot) -> None:
    await one.press("U")
    await one.screen(PickScreen)


# --- holding, promoting, stopping -----------------------------------------------------------------


async def _hold(one: Shot) -> None:
    """Of web in staging, with a variable that differs from what is live."""
    await one.in_environment(2, "staging")
    await one.marks("web")
    await one.press("H")
    await one.reads("Deploy and hold  y", "preview")
    await one.settle()
    one.clock.lock()
    await one.press("y")
    await one.screen(RunScreen)
    one.clock.go()
    await one.reads("web waits in staging")


@_scenario("run-held")
async def _held(one: Shot) -> None:
    await _hold(one)


@_scenario("side-by-side")
async def _beside(one: Shot) -> None:
    await _hold(one)
    await one.press("escape", "g")
    await one.reads("candidate held", "active", "P promote it")


@_scenario("side-by-side-small", SMALL)
async def _beside_small(one: Shot) -> None:
    await _beside(one)


@_scenario("plan-promote")
async def _promote(one: Shot) -> None:
    await _beside(one)
    await one.press("P")
    await one.reads("Promote  y")


@_scenario("promote-across", SMALL)
async def _across(one: Shot) -> None:
    await one.in_environment(3, "preview-checkout")
    await one.press("1")
    await one.in_environment(2, "staging")
    await one.press("P")
    await one.screen(PickScreen)


@_scenario("stopped")
async def _stopped(one: Shot) -> None:
    await one.in_environment(2, "staging")
    await one.press("g", "j", "S")
    await one.reads("Stop  y", "stays stopped")
    await one.press("y")
    await one.reads("stopped after")
    await one.press("escape")
    await one.reads("stopped", "by hand", "S start it")


# --- on a Swarm -----------------------------------------------------------------------------------


async def _losing(one: Shot) -> None:
    """n2 is away since a second ago, and what ran there is on its way to n3: n1 has no room."""
    await one.watch()
    one.opened.swarm.machines["n1"].full = True
    one.opened.swarm.lose("n2")
    # At one go: whoever looks meanwhile sees only what is so in the end.
    one.clock.advance(NOTICED_AFTER + timedelta(seconds=1))
    await one.watch(0)
    await one.reads("n2 is away", "rescheduling 1 of 3 from n2, 1 s", "2 staging ✗")


async def _nodes(one: Shot) -> None:
    await _losing(one)
    await one.press("c")
    await one.reads("lost api/2 web/2")


for _name, _size in (("small", SMALL), ("middle", MIDDLE), ("large", LARGE)):
    _scenario(f"swarm-overview-{_name}", _size, open_swarm_shop)(_losing)
    _scenario(f"swarm-nodes-{_name}", _size, open_swarm_shop)(_nodes)


@_scenario("swarm-nodes-back", SMALL, open_swarm_shop)
async def _moved(one: Shot) -> None:
    await _nodes(one)
    one.clock.advance(BEGIN_TAKES)
    await one.reads("web/2 in production moved from n2", "in staging moved", "2 staging ✓")
    one.clock.advance(timedelta(seconds=20))
    one.opened.swarm.bring_back("n2")
    await one.reads("n2 is back", "nothing")


# --- when something is wrong ----------------------------------------------------------------------


@_scenario("engine-lost", SMALL)
async def _engine_lost(one: Shot) -> None:
    await one.watch(20)
    one.engine.error = UNREACHABLE
    one.clock.advance(timedelta(seconds=40))
    await one.press("ctrl+r")
    await one.reads("does not answer")


@_scenario("file-broken", SMALL)
async def _file_broken(one: Shot) -> None:
    await one.watch(20)
    one.project.error = BROKEN_FILE
    one.opened.project.write(one.opened.project.current)
    await one.press("ctrl+r")
    await one.reads("compartment.toml:14")


_SCENARIOS["welcome"] = Scenario(name="welcome", size=SMALL, drive=None)
SCENARIOS = tuple(_SCENARIOS.values())


def main(words: list[str]) -> int:
    directory, wanted = Path(words[0]), set(words[1:])
    directory.mkdir(parents=True, exist_ok=True)
    with same_everywhere():
        for scenario in SCENARIOS:
            if not wanted or scenario.name in wanted:
                draw(scenario, directory)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
