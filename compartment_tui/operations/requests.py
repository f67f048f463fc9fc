"""What a request would do, and doing it: one way for every verb and every front end.

A plan touches nothing, and raises what would be refused. An expected failure of a run is among its
events; exceptions mean that it was refused before it began.
"""

from collections.abc import Iterator
from typing import overload

from compartment_tui.domain.detail_views import (
    Adoption,
    Deletion,
    DomainsChecked,
    MaintenanceChange,
)
from compartment_tui.domain.events import Event
from compartment_tui.domain.planning.lifecycle import LifecyclePlan
from compartment_tui.domain.planning.plan import Run
from compartment_tui.domain.planning.retention import Pruning
from compartment_tui.domain.proposal import Done, Proposed
from compartment_tui.domain.requests import (
    EVERY_ENVIRONMENT,
    AdoptEdge,
    BeginMaintenance,
    CheckDomains,
    DeleteEnvironment,
    EndMaintenance,
    FollowedRequest,
    LifecycleRequest,
    MaintenanceRequest,
    Prune,
    Request,
    Restart,
    Resume,
    RunRequest,
    Scale,
    Start,
    Stop,
)
from compartment_tui.operations.adoption import adopt_edge, plan_adoption
from compartment_tui.operations.domains import check_domains
from compartment_tui.operations.engines import swarm_world, world_at, world_of
from compartment_tui.operations.environment_delete import delete_environment, plan_deletion
from compartment_tui.operations.lifecycle import execute_lifecycle, lifecycle_plan
from compartment_tui.operations.maintenance import change_maintenance, plan_maintenance
from compartment_tui.operations.prune import plan_prune, prune
from compartment_tui.operations.resume import check_resume, resume
from compartment_tui.operations.run_operation import execute_run, plan_run
from compartment_tui.ports import World


@overload
def plan(world: World, request: RunRequest) -> Run: ...
@overload
def plan(world: World, request: LifecycleRequest) -> LifecyclePlan: ...
@overload
def plan(world: World, request: Prune) -> Pruning: ...
@overload
def plan(world: World, request: DeleteEnvironment) -> Deletion: ...
@overload
def plan(world: World, request: MaintenanceRequest) -> MaintenanceChange: ...
@overload
def plan(world: World, request: AdoptEdge) -> Adoption: ...
@overload
def plan(world: World, request: Request) -> Proposed: ...
def plan(world: World, request: Request) -> Proposed:
    """What it would do; nothing is touched. Raises CompartmentError when it would be refused."""
    world = _world_for(world, request)
    match request:
        case Stop() | Start() | Restart() | Scale():
            return lifecycle_plan(world, request)
        case Resume():
            check_resume(world, request)
            return None
        case Prune():
            return plan_prune(world, request)
        case DeleteEnvironment():
            return plan_deletion(world, request)
        case CheckDomains():
            return None
        case BeginMaintenance() | EndMaintenance():
            return plan_maintenance(world, request)
        case AdoptEdge():
            return plan_adoption(world, request)
        case _:
            return plan_run(world, request)


@overload
def execute(world: World, request: FollowedRequest) -> Iterator[Event]: ...
@overload
def execute(world: World, request: Prune) -> Pruning: ...
@overload
def execute(world: World, request: DeleteEnvironment) -> Deletion: ...
@overload
def execute(world: World, request: CheckDomains) -> DomainsChecked: ...
@overload
def execute(world: World, request: MaintenanceRequest) -> MaintenanceChange: ...
@overload
def execute(world: World, request: AdoptEdge) -> Adoption: ...
@overload
def execute(world: World, request: Request) -> Iterator[Event] | Done: ...
def execute(world: World, request: Request) -> Iterator[Event] | Done:
    """Do it: its events as it goes on, or what went. Raises CompartmentError when refused."""
    world = _world_for(world, request)
    match request:
        case Stop() | Start() | Restart() | Scale():
            return execute_lifecycle(world, request)
        case Resume():
            return resume(world, request)
        case Prune():
            return prune(world, request)
        case DeleteEnvironment():
            return delete_environment(world, request)
        case CheckDomains():
            return check_domains(world, request)
        case BeginMaintenance() | EndMaintenance():
            return change_maintenance(world, request)
        case AdoptEdge():
            return adopt_edge(world, request)
        case _:
            return execute_run(world, request)


def _world_for(world: World, request: Request) -> World:
    """The world at the engine of the environment it is about; to prune may be about them all."""
    if isinstance(request, AdoptEdge):
        return swarm_world(world, request.engine)
    if request.environment == EVERY_ENVIRONMENT:
        return world
    if isinstance(request, DeleteEnvironment) and request.engine is not None:
        return world_at(world, request.engine)
    return world_of(world, request.environment)
