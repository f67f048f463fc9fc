"""Who is changing an environment."""

import typer

from compartment_tui.cli.command import command
from compartment_tui.cli.confirm import allow_loss
from compartment_tui.cli.json_documents.upkeep import lock_document
from compartment_tui.cli.session import Session
from compartment_tui.operations.locks import break_lock, lock_holder
from compartment_tui.present.fields import lock_facts
from compartment_tui.present.text import clean, show_name
from compartment_tui.present.tone import Tone, line, with_symbol

app = typer.Typer()


@command(app, "show", environment=True)
def lock_show(session: Session) -> None:
    """Show who is changing an environment right now."""
    found = lock_holder(session.world, environment=session.environment)
    if session.output.json:
        session.output.document(lock_document(found, session.key))
    elif found is None:
        session.output.lines([line(f"nobody is changing {show_name(session.environment)}")])
    else:
        session.output.facts(lock_facts(found, session.world.clock.now()))


@command(app, "release", environment=True, changes=True)
def lock_release(session: Session) -> None:
    """Take an environment's lock away from whoever holds it.

    Their run stops at its next step; `resume` then finishes or reverts it.
    """
    found = lock_holder(session.world, environment=session.environment)
    released = False
    if found is None:
        session.output.say(f"nobody is changing {show_name(session.environment)}")
    else:
        holder = f"{clean(found.holder)} holds it to {clean(found.purpose)}"
        allow_loss(session, f"release the lock of {show_name(session.environment)}", [line(holder)])
        released = break_lock(session.world, environment=session.environment)
        session.output.say((with_symbol("released", Tone.GOOD),))
    if session.output.json:
        session.output.document({"released": released})
