"""Whatever a run meets, told as one of our errors, so that it is undone like any other failure."""

from compartment_tui.domain import errors
from compartment_tui.domain.errors import CompartmentError, Unexpected
from compartment_tui.ports import World


def expected(world: World, raised: Exception) -> CompartmentError:
    """The exception in our words; the details of a bug go to the log of errors."""
    error = errors.expected(raised)
    if isinstance(error, Unexpected) and error is not raised:
        place = world.error_log.write(raised)
        if place:
            error.hint = f"please report it; the details are in {place}"
    return error
