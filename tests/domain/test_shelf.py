"""A record stays small: old history is put away, and nothing is lost on the way."""

from dataclasses import replace
from datetime import UTC, datetime

from compartment_tui.domain.config import ServiceSpec
from compartment_tui.domain.deployment import Deployment, EnvironmentRecord, RunRecord, Trigger
from compartment_tui.domain.names import EnvironmentKey
from compartment_tui.domain.record.transitions import FRESH, split_archive

KEY = EnvironmentKey("shop", "production")
AT = datetime(2026, 1, 1, tzinfo=UTC)


def history(count: int, *, service: str = "web") -> EnvironmentRecord:
    """So many deployments of one service, each in its own run, the newest one active."""
    state = EnvironmentRecord(key=KEY)
    for number in range(count):
        id_, run = f"dep_{service}{number:05}", f"run_{number:05}"
        deployment = Deployment(
            id=id_,
            run=run,
            service=service,
            created=AT,
            trigger=Trigger.DEPLOY,
            spec=ServiceSpec(name=service).text(),
            previous=state.active.get(service),
        )
        record = RunRecord(
            id=run,
            trigger=Trigger.DEPLOY,
            created=AT,
            actor="ada@laptop",
            services=(service,),
            deployments={service: id_},
        )
        state = state.with_deployment(deployment).with_run(record)
        state = replace(state, active={service: id_})
    return state


def test_a_short_history_stays_where_it_is() -> None:
    state = history(2 * FRESH)
    assert split_archive(state, keep=5) == (state, None)


def test_a_long_one_is_parted_and_nothing_is_lost() -> None:
    state = history(2 * FRESH + 1)
    live, old = split_archive(state, keep=5)
    assert old is not None
    assert len(live.deployments) == FRESH
    assert {**old.deployments, **live.deployments} == state.deployments
    assert old.runs + live.runs == state.runs
    assert live.active == state.active


def test_what_retention_may_have_kept_stays() -> None:
    live, old = split_archive(history(200), keep=50)
    assert old is not None
    assert len(live.deployments) == 51


def test_what_is_active_and_what_it_goes_back_to_stay_however_old() -> None:
    state = history(100)
    first = state.deployments["dep_web00000"]
    second = state.deployments["dep_web00001"]
    state = replace(state, active={"web": second.id})
    live, old = split_archive(state, keep=5)
    assert old is not None
    assert {first.id, second.id} <= live.deployments.keys()
