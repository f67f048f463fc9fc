"""Whether the services that a project file wants several replicas of can have them."""

from collections.abc import Iterator, Mapping
from typing import Any

from compartment_tui.adapters.project_file.read_tables import Problem, dotted, walk_names
from compartment_tui.domain.config import Internal, Kind

Tables = Mapping[str, Any]


def replica_rules(tables: Tables) -> Iterator[Problem]:
    """What is wrong with the numbers of replicas, of services and of environments."""
    services = {name: one for name, one in walk_names(tables, "services") if isinstance(one, dict)}
    for name, service in services.items():
        yield from _alone(("services", name), service.get("replicas", 1), name, service)
    for environment, table in walk_names(tables, "environments"):
        for name, own in walk_names(table, "services"):
            at = ("environments", environment, "services", name)
            yield from _alone(at, own.get("replicas", 1), name, services.get(name, {}))


def _alone(at: tuple[str, ...], replicas: int, name: str, service: Tables) -> Iterator[Problem]:
    if replicas == 1:
        return
    here = (*at, "replicas")
    routed = service.get("kind") is not Kind.WORKER
    if service.get("volumes"):
        message = f"{dotted(here)}: {name} keeps data in a volume, so only one of it can run"
        hint = "take `replicas` away, or keep the data in a service of its own"
        yield Problem(path=here, message=message, hint=hint)
    elif routed and service.get("internal") is Internal.DIRECT:
        message = f'{dotted(here)}: with internal = "direct" the name of {name} leads to one of it'
        hint = "take `internal` away: the edge shares the calls of other services out, too"
        yield Problem(path=here, message=message, hint=hint)
