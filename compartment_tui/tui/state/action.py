"""What a person can ask to be done, and how the same thing is said on the command line."""

from dataclasses import dataclass
from enum import StrEnum

from compartment_tui.domain.names import DEFAULT_ENVIRONMENT
from compartment_tui.domain.shell_quotes import argument_for, shell_word, short_option_for
from compartment_tui.present.text import listed, short_id, show_name

PROGRAM = "compartment-tui"


class Verb(StrEnum):
    """The verbs that change something, as they begin on the command line."""

    DEPLOY = "deploy"
    HOLD = "deploy --hold"
    PROMOTE = "promote"
    ACROSS = "promote from elsewhere"
    DISCARD = "discard"
    ROLLBACK = "rollback"
    REDEPLOY = "redeploy"
    REMOVE = "remove"
    STOP = "stop"
    START = "start"
    RESTART = "restart"
    PRUNE = "prune"
    RESUME = "resume"
    DELETE = "environment delete"

    @property
    def of_services(self) -> bool:
        """Whether it is about services, which it names once they are known."""
        return self not in (Verb.RESUME, Verb.PRUNE, Verb.DELETE)


_TITLES = {
    Verb.DEPLOY: "Deploy{what}",
    Verb.HOLD: "Deploy and hold{what}",
    Verb.PROMOTE: "Promote{what}",
    Verb.DISCARD: "Discard the candidate{of}",
    Verb.ROLLBACK: "Roll back{what}",
    Verb.REDEPLOY: "Redeploy{what}",
    Verb.REMOVE: "Remove{what}",
    Verb.STOP: "Stop{what}",
    Verb.START: "Start{what}",
    Verb.RESTART: "Restart{what}",
    Verb.PRUNE: "Prune",
    Verb.RESUME: "Resume",
    Verb.DELETE: "Delete the environment",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """One change, fully said: it names what it is about, whatever is selected when it runs."""

    verb: Verb
    environment: str
    services: tuple[str, ...] = ()
    to: str | None = None
    run: str | None = None
    origin: str | None = None
    """The environment whose images are promoted."""
    force: bool = False
    preview: bool = True
    """Whether what is held gets an address of its own."""
    volumes: bool = False
    remove_undeclared: bool = False
    """Whether a deploy takes away what the project file no longer has."""
    take_over: bool = False
    """Go on though the environment is another repository's."""

    def title(self) -> str:
        """`Deploy web in production`, safe to print."""
        names = ", ".join(self.services)
        what, where = f" {names}" if names else "", show_name(self.environment)
        if self.verb is Verb.ACROSS:
            return f"Promote{what} from {show_name(self.origin or '')} to {where}"
        if self.verb is Verb.DELETE:
            return f"{_TITLES[self.verb]} {where}"
        of = f" of {listed(self.services)}" if names else "s"
        return f"{_TITLES[self.verb].format(what=what, of=of)} in {where}"

    def command(self) -> str:
        """The same as a command, ready to be pasted into a shell."""
        verb = Verb.PROMOTE if self.verb is Verb.ACROSS else self.verb
        words = [PROGRAM, verb.value]
        if self.verb is Verb.DELETE:
            words.append(argument_for(self.environment))
        elif self.verb is Verb.ACROSS:
            words += [_named("--from", self.origin or ""), _named("--to", self.environment)]
        elif self.verb is Verb.PRUNE or self.environment != DEFAULT_ENVIRONMENT:
            words.append(short_option_for(self.environment))
        for service in self.services:
            words += ["-s", service]
        if self.to is not None:
            words += ["--to", short_id(self.to)]
        if self.run is not None:
            words += ["--run", short_id(self.run)]
        words += ["--force"] * self.force + ["--no-preview"] * (not self.preview)
        words += ["--volumes"] * self.volumes + ["--take-over"] * self.take_over
        words += ["--remove-undeclared"] * self.remove_undeclared
        return " ".join(words)


def _named(option: str, environment: str) -> str:
    joint = "=" if environment.startswith("-") else " "
    return f"{option}{joint}{shell_word(environment)}"
