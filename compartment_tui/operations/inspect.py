"""The verbs that look around; none of them changes anything."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from compartment_tui.domain.config import EnvironmentConfig, Kind, ProjectConfig, ServiceSpec
from compartment_tui.domain.deployment import (
    Deployment,
    EnvironmentState,
    Health,
    Instance,
    InstanceState,
    Stage,
    Status,
)
from compartment_tui.domain.errors import EngineUnreachable, NotFound
from compartment_tui.domain.history import find_deployment
from compartment_tui.domain.names import EnvironmentKey, alias, show
from compartment_tui.domain.planning import host_of
from compartment_tui.domain.routes import RouteTable
from compartment_tui.domain.variables import NameChanges, compare, fingerprints, resolve, sealed, values
from compartment_tui.domain.views import (
    DeploymentView,
    EnvironmentStatus,
    EnvironmentView,
    InspectView,
    RouteView,
    RunView,
    ServiceStatus,
)
from compartment_tui.operations.runs import key_and_config, state_of
from compartment_tui.ports import World
