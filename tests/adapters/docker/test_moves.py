"""The renames of a switch, from whatever a crash left, cut at every point."""

from datetime import UTC, datetime
from itertools import product

import pytest

from compartment_tui.adapters.docker.resources.active_name import moves
from compartment_tui.domain.deployment import Instance, InstanceState
from compartment_tui.domain.names import (
    EnvironmentKey,
    active_name,
    container_name,
    stepping_aside_name,
)

KEY = EnvironmentKey("shop", "staging")
FRONT, BACK = active_name("web", KEY), stepping_aside_name("web", KEY)
NAMES = ("front", "back", "own")


def instance(letter: str, name: str) -> Instance:
    deployment = f"dep_{letter * 26}"
    real = {"front": FRONT, "back": BACK, "own": container_name("web", deployment, KEY)}[name]
    return Instance(
        key=KEY,
        service="web",
        deployment=deployment,
        run="run_1",
        container=letter,
        name=real,
        image="sha256:1",
        port=80,
        spec="",
        created=datetime(2026, 1, 1, tzinfo=UTC),
        state=InstanceState.RUNNING,
    )


def planned(names: dict[str, str], chosen: str) -> list[tuple[str, str]]:
    alive = {letter: instance(letter, name) for letter, name in names.items()}
    by_name = {one.name: one for one in alive.values()}
    return list(moves(alive[chosen], front=by_name.get(FRONT), back=by_name.get(BACK)))


def plain(letter: str, name: str) -> str:
    return {FRONT: "front", BACK: "back"}.get(name, "own")


def possible() -> list[dict[str, str]]:
    """Every way in which three containers can bear the names."""
    states = (dict(zip("ABC", names, strict=True)) for names in product(NAMES, repeat=3))
    return [
        state
        for state in states
        if all(list(state.values()).count(name) <= 1 for name in ("front", "back"))
    ]


@pytest.mark.parametrize("start", possible(), ids=lambda state: "-".join(state.values()))
@pytest.mark.parametrize("chosen", ["A", "B"])
@pytest.mark.parametrize("crash_after", range(4))
def test_every_start_ends_right_though_it_is_cut_and_repeated(
    start: dict[str, str], chosen: str, crash_after: int
) -> None:
    state = dict(start)
    answered = "front" in state.values() or "back" in state.values()
    for steps in (planned(state, chosen)[:crash_after], None):
        for letter, name in planned(state, chosen) if steps is None else steps:
            taken = plain(letter, name)
            assert taken == "own" or taken not in state.values(), "a name is borne twice"
            state[letter] = taken
            if answered:
                assert "front" in state.values() or "back" in state.values(), "nobody answers"
    assert planned(state, chosen) == []
    # Who steps aside now is found by that name, and gets its own one when that is ended.
    assert all(name in ("own", "back") for letter, name in state.items() if letter != chosen)
    assert state[chosen] == "front"


def test_whoever_has_the_name_steps_aside_before_it_moves_and_stays_so() -> None:
    old, new = instance("A", "front"), instance("B", "own")
    assert moves(new, front=old, back=None) == (("A", BACK), ("B", FRONT))
    assert moves(new, front=new, back=old) == ()
