"""What a person can ask to be done, and how the same thing is said on the command line."""

from dataclasses import dataclass
from enum import StrEnum

from compartment_tui.domain.names import DEFAULT_ENVIRONMENT
from compartment_tui.domain.typed import argument_for, short_option_for
from compartment_tui.present.text import short_id, show_name

PROGRAM = "compartment-tui"


class Verb(StrEnum):
    """The verbs that change something."""

    DEPLOY = "deploy"
    ROLLBACK = "rollback"
    REDEPLOY = "redeploy"
    RESUME = "resume"
    DELETE = "environment delete"

    @property
    def planned(self) -> bool:
        """Whether there is a `Run` to look at before it is done."""
        return self in (Verb.DEPLOY, Verb.ROLLBACK, Verb.REDEPLOY)


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """One change, fully said: it names what it is about, whatever is selected when it runs."""

    verb: Verb
    environment: str
    services: tuple[str, ...] = ()
    to: str | None = None
    run: str | None = None
    force: bool = False
    volumes: bool = False

    def title(self) -> str:
        """`Deploy web in production`, safe to print."""
        what = f" {', '.join(self.services)}" if self.services else ""
        words = {
            Verb.DEPLOY: f"Deploy{what}",
            Verb.ROLLBACK: f"Roll back{what}",
            Verb.REDEPLOY: f"Redeploy{what}",
            Verb.RESUME: "Resume",
            Verb.DELETE: "Delete the environment",
        }
        return f"{words[self.verb]} in {show_name(self.environment)}"

    def command(self) -> str:
        """The same as a command, ready to be pasted into a shell."""
        words = [PROGRAM, self.verb.value]
        if self.verb is Verb.DELETE:
            words.append(argument_for(self.environment))
        elif self.environment != DEFAULT_ENVIRONMENT:
            words.append(short_option_for(self.environment))
        for service in self.services:
            words += ["-s", service]
        if self.to is not None:
            words += ["--to", short_id(self.to)]
        if self.run is not None:
            words += ["--run", short_id(self.run)]
        words += ["--force"] * self.force + ["--volumes"] * self.volumes
        return " ".join(words)
