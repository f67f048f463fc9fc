"""Questions before a change, and who may answer them."""

from collections.abc import Iterable

from compartment_tui.cli.session import Session
from compartment_tui.domain.edge_address import exposure, is_exposed
from compartment_tui.domain.errors import AnswerNeeded, Cancelled
from compartment_tui.domain.shell_quotes import names_it, shell_word
from compartment_tui.ports import World
from compartment_tui.present.text import show_name
from compartment_tui.present.tone import Line, Tone, line


def allow_change(session: Session, verb: str) -> None:
    """A protected environment asks for its name before anything changes it; others ask nothing.

    `--yes` answers if the environment was named with `--env`: then its name has been typed.
    Raises AnswerNeeded, Cancelled.
    """
    if not session.config.environment(session.environment).protected:
        return
    if session.yes and session.named_environment is not None:
        return
    name = show_name(session.environment)
    if not session.output.can_ask:
        raise AnswerNeeded(
            f"{name} is protected, and there is no terminal to ask on",
            hint=f"pass --yes together with --env {shell_word(session.environment)}",
        )
    answer = session.output.ask(f"{name} is protected. Type its name to {verb}:")
    if answer is None or not names_it(answer, session.environment):
        raise Cancelled("that is not its name: nothing was done")


def allow_exposure(session: Session, *, changed: bool = False, world: World | None = None) -> None:
    """Ask before an edge is made, or `changed`, that listens for other machines; `--yes` answers.

    One that is there listens already: somebody was asked then. It is that of the environment's
    engine, or of the `world` given. Raises AnswerNeeded, Cancelled.
    """
    at = world or session.engine_world
    settings = at.project.config().edge
    if session.yes or not is_exposed(settings):
        return
    edge = at.edge.info()
    if edge is not None and (not changed or edge.settings == settings):
        return
    said = f"the edge is {'made anew' if edge else 'made'}, and {exposure(settings)}"
    if not session.output.can_ask:
        raise AnswerNeeded(
            f"{said}; there is no terminal to ask on",
            hint='pass --yes, or keep it on this machine with [edge] bind = "127.0.0.1"',
        )
    session.output.insist([line(said, Tone.WARN)])
    answer = session.output.ask("Go on? [y/N]")
    if (answer or "").strip().lower() not in ("y", "yes"):
        raise Cancelled("nothing was done")


def allow_loss(session: Session, verb: str, lines: Iterable[Line], *, named: bool = True) -> None:
    """Show what will be lost and ask, unless `--yes`; `named` when it is about one environment.

    Raises AnswerNeeded, Cancelled.
    """
    if named and session.config.environment(session.environment).protected:
        session.output.insist(lines)
        allow_change(session, verb)
        return
    if session.yes:
        return
    if not session.output.can_ask:
        raise AnswerNeeded(
            f"an answer is needed to {verb}, and there is no terminal to ask on",
            hint="pass --yes",
        )
    session.output.insist(lines)
    answer = session.output.ask(f"{verb.capitalize()}? [y/N]")
    if (answer or "").strip().lower() not in ("y", "yes"):
        raise Cancelled("nothing was done")
