"""The translation of any exception into one of our errors, so that it is undone like those."""

from compartment_tui.domain import errors
from compartment_tui.domain.errors import CompartmentError, StepFailed
from compartment_tui.domain.outcome import Failure
from compartment_tui.ports import World


def as_expected(world: World, raised: Exception) -> CompartmentError:
    """The exception in our words; the details of a bug go to the log of errors."""
    return errors.expected(raised, world.error_log.write)


def failure_of(error: CompartmentError) -> Failure:
    """An exception as an event carries it."""
    tail = error.tail if isinstance(error, StepFailed) else ()
    return Failure(code=error.code, message=error.message, hint=error.hint, tail=tail)
