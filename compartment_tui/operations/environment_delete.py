"""An environment removed, with all that is its own."""

from compartment_tui.domain.claims import refuse_claims
from compartment_tui.domain.detail_views import Deletion
from compartment_tui.domain.errors import NotFound
from compartment_tui.domain.names import EnvironmentKey, show
from compartment_tui.domain.record.transitions import audited
from compartment_tui.domain.requests import DeleteEnvironment
from compartment_tui.domain.routes import RouteTable
from compartment_tui.domain.variables.edits import RemoveEnvironment
from compartment_tui.operations.environment_record import key_and_config
from compartment_tui.operations.owner import refuse_others_environment
from compartment_tui.operations.recovery import keep_copy
from compartment_tui.ports import EnvironmentLock, World
from compartment_tui.rollout.infrastructure import ensure_infrastructure
from compartment_tui.rollout.switch import await_in_force


def plan_deletion(world: World, request: DeleteEnvironment) -> Deletion:
    """Exactly what deleting the environment takes away; with `variables`, from the file as well.

    Raises NotFound when there is nothing, OwnedElsewhere, ContainerClaimed.
    """
    key, config = key_and_config(world, request.environment)
    record = world.records.read(key)
    refuse_others_environment(world, record, take_over=request.take_over)
    instances = world.engine.instances(key)
    refuse_claims(instances)
    file = config.environment(key.environment)
    found = Deletion(
        key=key,
        hosts=tuple(sorted(world.edge.tables().get(key, RouteTable()).hosts)),
        containers=tuple(sorted(one.name for one in instances)),
        network=key in world.engine.networks(),
        record=record is not None,
        volumes=world.engine.volumes(key),
        variables=tuple((service, name) for service, own in file.scopes() for name in own),
        declared=any(one.name == key.environment for one in config.environments),
        engine=world.engine_name,
    )
    if not found.deployed and not (request.variables and found.declared):
        raise NotFound(
            f"there is no environment {show(key.environment)} on this engine",
            hint="`compartment-tui environment list` shows those there are",
        )
    return found


def delete_environment(world: World, request: DeleteEnvironment) -> Deletion:
    """Routes first, then containers, network and record; audit lines stay, and volumes may.

    With `variables` the file says nothing of the environment afterwards. Raises NotFound, Locked,
    ProjectFileInvalid, OwnedElsewhere.
    """
    key, config = key_and_config(world, request.environment)
    deletion = plan_deletion(world, request)
    if deletion.deployed:
        ensure_infrastructure(world, key, config)
        with world.locks.environment(key, actor=world.actor, purpose=request.purpose) as lock:
            deletion = plan_deletion(world, request)
            lock.read_record()  # refuses one that must not be written, while all still stands
            _unroute(world, lock)
            lock.confirm()
            world.engine.remove_environment(key, volumes=request.volumes)
            _strike(world, lock, key)
            keep_copy(world, lock)
    if request.variables and deletion.declared:
        world.project.edit([RemoveEnvironment(environment=key.environment)])
    return deletion


def _unroute(world: World, lock: EnvironmentLock) -> None:
    """An empty table first, confirmed: nobody is sent to a container that is about to go."""
    if lock.routes().routes:
        empty = RouteTable(marker=world.clock.new_id("run"))
        lock.write_routes(empty)
        await_in_force(world, lock, empty)


def _strike(world: World, lock: EnvironmentLock, key: EnvironmentKey) -> None:
    at = world.clock.now()
    lock.write_record(audited(lock.read_record(), world.actor, at, "environment delete", ""))
    world.edge.forget(key)
    world.records.forget(key)
