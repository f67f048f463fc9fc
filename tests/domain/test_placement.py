"""What a Swarm does for replicas that do not run, in words."""

from dataclasses import replace
from datetime import timedelta

import pytest

from compartment_tui.domain.deployment import Health, Instance, InstanceState
from compartment_tui.domain.health import judge
from compartment_tui.domain.placement import Placement, elapsed, placement_words
from tests.present.boards import NOW, deployment, instance

LOST = Placement(state="pending", since=NOW - timedelta(seconds=9), left="n2")
UNPLACED = Placement(
    state="pending",
    since=NOW - timedelta(seconds=70),
    left="n2",
    message="no suitable node (host down)",
)
REFUSED = Placement(state="rejected", left="n2", node="n3", message="No such image: sha256:abc")
NEW = Placement(state="preparing", since=NOW - timedelta(seconds=2), node="n1")


NO_NODE = "1 of 3 cannot be placed: no suitable node (host down), 1 min"
TOLD = (
    ((LOST,), "rescheduling 1 of 3 from n2, 9 s"),
    ((LOST, replace(LOST, since=NOW)), "rescheduling 2 of 3 from n2, 9 s"),
    (
        (LOST, replace(LOST, left="n3", since=None)),
        "rescheduling 1 of 3 from n2, 9 s; rescheduling 1 of 3 from n3",
    ),
    ((UNPLACED,), NO_NODE),
    ((REFUSED,), "1 of 3 cannot start on n3: No such image: sha256:abc"),
    (
        (NEW, UNPLACED, LOST),
        f"{NO_NODE}; rescheduling 1 of 3 from n2, 9 s; starting 1 of 3 on n1, 2 s",
    ),
    ((), ""),
)


@pytest.mark.parametrize(("found", "words"), TOLD)
def test_those_in_one_state_are_told_together_the_gravest_first(
    found: tuple[Placement, ...], words: str
) -> None:
    assert placement_words(found, 3, NOW) == words


def test_a_replica_alone_is_not_counted() -> None:
    assert placement_words([LOST], 1, NOW) == "rescheduling it from n2, 9 s"
    assert placement_words([NEW], 1, NOW) == "starting it on n1, 2 s"


def test_how_long_is_said_in_one_unit() -> None:
    spans = [timedelta(seconds=-3), timedelta(seconds=59), timedelta(minutes=3, seconds=9)]
    assert [elapsed(one) for one in spans] == ["0 s", "59 s", "3 min"]
    assert [elapsed(one) for one in (timedelta(hours=2), timedelta(days=4))] == ["2 h", "4 d"]


def judged(*placements: Placement | None, changing: bool = False) -> tuple[Health, str]:
    """A service without a route, whose replicas are in these states; None runs."""
    active = deployment("web", 1, host=None, replicas=len(placements))
    first, *others = (_replica(number, one) for number, one in enumerate(placements, start=1))
    whole = replace(first, more=tuple(others))
    return judge(active=active, latest=active, instance=whole, now=NOW, changing=changing)


def _replica(number: int, placement: Placement | None) -> Instance:
    running = InstanceState.RUNNING if placement is None else InstanceState.RESTARTING
    return instance(deployment("web", 1), number=number, placement=placement, state=running)


def test_a_service_of_which_one_is_brought_back_is_not_well() -> None:
    assert judged(None, LOST, None) == (Health.UNHEALTHY, "rescheduling 1 of 3 from n2, 9 s")
    assert judged(None, None) == (Health.HEALTHY, "running")


def test_what_starts_while_somebody_changes_it_is_no_trouble() -> None:
    assert judged(None, NEW, changing=True) == (Health.PENDING, "1 of 2 replicas serve")
    assert judged(None, NEW) == (Health.UNHEALTHY, "starting 1 of 2 on n1, 2 s")
    assert judged(LOST, NEW, changing=True) == (
        Health.UNHEALTHY,
        "rescheduling 1 of 2 from n2, 9 s",
    )
