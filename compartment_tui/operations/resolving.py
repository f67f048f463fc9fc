"""Variables as a service gets them, compared with what runs. Nothing here changes anything."""

from compartment_tui.domain.errors import NotFound
from compartment_tui.domain.names import show
from compartment_tui.domain.variables.views import VariableView
from compartment_tui.operations.sheet import sheet
from compartment_tui.ports import World


def resolved(world: World, *, environment: str, service: str) -> tuple[VariableView, ...]:
    """Every key the service has, requires or had, in alphabetical order.

    With the engine away the file's values stand there, and whether they run is unknown. Raises
    NotFound (no such service).
    """
    found = sheet(world, environment=environment)
    if found.known and service not in found.services:
        known = ", ".join(found.services)
        raise NotFound(f"there is no service {show(service)}", hint=f"there are: {known or 'none'}")
    return found.views(service)
