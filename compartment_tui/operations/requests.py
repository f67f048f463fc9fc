"""What a request would do, and doing it: one way for every verb and every front end.

A plan touches nothing, and raises what would be refused. An expected failure of a run is among its
events; exceptions mean that it was refused before it began.
"""

from collections.abc import Iterator
from typing import TypeAlias, overload

from compartment_tui.domain.detail_views import Deletion
from compartment_tui.domain.events import Event
from compartment_tui.domain.planning.lifecycle import LifecyclePlan
from compartment_tui.domain.planning.plan import Run
from compartment_tui.domain.planning.retention import Pruning
from compartment_tui.domain.requests import (
    DeleteEnvironment,
    FollowedRequest,
    LifecycleRequest,
    Prune,
    Request,
    Restart,
    Resume,
    RunRequest,
    Start,
    Stop,
)
from compartment_tui.operations.environment_delete import delete_environment, plan_deletion
from compartment_tui.operations.lifecycle import execute_lifecycle, lifecycle_plan
from compartment_tui.operations.prune import plan_prune, prune
from compartment_tui.operations.resume import check_resume, resume
from compartment_tui.operations.run_operation import execute_run, plan_run
from compartment_tui.ports import World

Proposed: TypeAlias = Run | LifecyclePlan | Pruning | Deletion | None
"""What a request would do: None where only doing it tells."""


@overload
def plan(world: World, request: RunRequest) -> Run: ...
@overload
def plan(world: World, request: LifecycleRequest) -> LifecyclePlan: ...
@overload
def plan(world: World, request: Prune) -> Pruning: ...
@overload
def plan(world: World, request: DeleteEnvironment) -> Deletion: ...
@overload
def plan(world: World, request: Request) -> Proposed: ...
def plan(world: World, request: Request) -> Proposed:
    """What it would do; nothing is touched. Raises CompartmentError when it would be refused."""
    match request:
        case Stop() | Start() | Restart():
            return lifecycle_plan(world, request)
        case Resume():
            check_resume(world, request)
            return None
        case Prune():
            return plan_prune(world, request)
        case DeleteEnvironment():
            return plan_deletion(world, request)
        case _:
            return plan_run(world, request)


@overload
def execute(world: World, request: FollowedRequest) -> Iterator[Event]: ...
@overload
def execute(world: World, request: Prune) -> Pruning: ...
@overload
def execute(world: World, request: DeleteEnvironment) -> Deletion: ...
@overload
def execute(world: World, request: Request) -> Iterator[Event] | Pruning | Deletion: ...
def execute(world: World, request: Request) -> Iterator[Event] | Pruning | Deletion:
    """Do it: its events as it goes on, or what went. Raises CompartmentError when refused."""
    match request:
        case Stop() | Start() | Restart():
            return execute_lifecycle(world, request)
        case Resume():
            return resume(world, request)
        case Prune():
            return prune(world, request)
        case DeleteEnvironment():
            return delete_environment(world, request)
        case _:
            return execute_run(world, request)
