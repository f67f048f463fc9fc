"""Every command by the words that are typed, with the module in `commands` that has it.

The order is the order of the help: as a newcomer meets them.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple, TypeAlias


class CommandEntry(NamedTuple):
    """A command that is not imported yet."""

    module: str
    """Relative to `commands`. Its `app` has the command under the last word of its name."""
    summary: str
    """The first line of its docstring, for lists of commands."""


class GroupEntry(NamedTuple):
    """A command that only has commands."""

    summary: str
    commands: Mapping[str, CommandEntry]


Entries: TypeAlias = Mapping[str, CommandEntry | GroupEntry]

_DEPLOYMENT = {
    "list": CommandEntry("history", "List past runs and their deployments, newest first."),
    "show": CommandEntry("history", "Show where one deployment came from and how it ended."),
    "logs": CommandEntry("history", "Show what a deployment wrote, also a failed or stopped one."),
}
_ENVIRONMENT = {
    "list": CommandEntry(
        "environment", "List the project's environments, deployed or only declared."
    ),
    "show": CommandEntry(
        "environment", "Show one environment: last run, who changes it, services."
    ),
    "delete": CommandEntry(
        "environment_delete", "Remove an environment: routes, containers, network, record."
    ),
}
_VARIABLE = {
    "list": CommandEntry("variable", "List an environment's variables, or what a service gets."),
    "show": CommandEntry("variable", "Show one variable; a sensitive value stays hidden."),
    "resolve": CommandEntry(
        "variable", "Show what a service gets, from where, and whether it runs."
    ),
    "set": CommandEntry("variable", "Set a variable in the project file."),
    "remove": CommandEntry("variable", "Take a variable out of the project file."),
    "import": CommandEntry("variable_transfer", "Take variables over from a dotenv file."),
    "export": CommandEntry("variable_transfer", "Write variables as a dotenv file."),
    "copy": CommandEntry(
        "variable_transfer", "Copy variables to another environment, at every scope."
    ),
    "compare": CommandEntry(
        "variable_transfer", "Compare what the project file has for two environments."
    ),
    "run": CommandEntry("variable", "Run a command here with an environment's variables."),
    "rekey": CommandEntry("recipients", "Encrypt every sensitive value again, for the recipients."),
}
_RECIPIENTS = {
    "list": CommandEntry(
        "recipients", "List who may read the sensitive values, and whether you may."
    ),
    "add": CommandEntry(
        "recipients", "Let somebody read the sensitive values; you, if none is named."
    ),
    "remove": CommandEntry(
        "recipients", "Encrypt the sensitive values again, no longer for these."
    ),
}
_DOMAIN = {
    "list": CommandEntry(
        "domain",
        "List an environment's domains: where each leads, and until when it has a certificate.",
    ),
    "check": CommandEntry(
        "domain",
        "Look again whether domains lead here, serve those that do, and get their certificates.",
    ),
}
_MAINTENANCE = {
    "on": CommandEntry(
        "maintenance",
        "Have the edge answer visitors with a page, while the containers run on.",
    ),
    "off": CommandEntry("maintenance", "Let visitors through again."),
}
_ACCESS = {
    "hash": CommandEntry("access", "Make the hash of a password, for the project file."),
}
_EDGE = {
    "status": CommandEntry(
        "edge", "Show whether the edge runs, where it listens, and whom it serves."
    ),
    "restart": CommandEntry(
        "edge", "Restart the edge; this interrupts every project for a moment."
    ),
    "remove": CommandEntry("edge", "Remove the edge."),
    "adopt": CommandEntry(
        "edge", "Have another machine of a Swarm be its home, when the home is lost."
    ),
}
_LOCK = {
    "show": CommandEntry("lock", "Show who is changing an environment right now."),
    "release": CommandEntry("lock", "Take an environment's lock away from whoever holds it."),
}
COMMANDS: Entries = MappingProxyType(
    {
        "init": CommandEntry("init", "Write a compartment.toml for the directory you are in."),
        "deploy": CommandEntry("runs", "Build what the files say, prove it, and put it live."),
        "promote": CommandEntry(
            "promote",
            "Make live what has been proven: a held candidate, or what another environment runs.",
        ),
        "discard": CommandEntry(
            "promote", "Drop what `deploy --hold` left waiting: its preview, its container."
        ),
        "rollback": CommandEntry("runs", "Go back to what was live before, within seconds."),
        "redeploy": CommandEntry(
            "runs", "Put what is live into new containers, with today's variables."
        ),
        "resume": CommandEntry("runs", "Finish or revert what a crash or a second Ctrl-C left."),
        "stop": CommandEntry("lifecycle", "Stop what is live, until `start`."),
        "start": CommandEntry("lifecycle", "Start again what was stopped."),
        "restart": CommandEntry(
            "lifecycle", "Stop and start the same containers: this interrupts."
        ),
        "scale": CommandEntry("lifecycle", "Run more or fewer replicas of what is live, at once."),
        "remove": CommandEntry("runs", "Take away services that the project file no longer has."),
        "status": CommandEntry(
            "status", "Show what is live, whether it is well, where it is reached."
        ),
        "inspect": CommandEntry(
            "inspect", "Show everything about services, from image to address."
        ),
        "logs": CommandEntry("logs", "Show what the live containers write."),
        "exec": CommandEntry("exec", "Run a command inside a live container."),
        "open": CommandEntry("open", "Print a service's address, and open it in a browser."),
        "prune": CommandEntry(
            "prune", "Remove containers beyond retention, and images nobody needs."
        ),
        "doctor": CommandEntry("doctor", "Check what a deploy needs, and say what to do about it."),
        "info": CommandEntry(
            "info", "Show versions, the project file, and the Docker engine used."
        ),
        "schema": CommandEntry("schema", "Print the JSON Schema of compartment.toml, for editors."),
        "deployment": GroupEntry("What was deployed, when, and how it went.", _DEPLOYMENT),
        "environment": GroupEntry("The environments of this project.", _ENVIRONMENT),
        "variable": GroupEntry("The values that services get, by environment.", _VARIABLE),
        "recipients": GroupEntry("Who may read the sensitive values.", _RECIPIENTS),
        "route": GroupEntry(
            "Which address leads to which deployment.",
            {"list": CommandEntry("route", "List the routes in force.")},
        ),
        "domain": GroupEntry("Domains of your own, and their certificates.", _DOMAIN),
        "maintenance": GroupEntry(
            "A page for visitors, while the containers run on.", _MAINTENANCE
        ),
        "access": GroupEntry("Who is let into an environment.", _ACCESS),
        "edge": GroupEntry("The reverse proxy that all projects of a Docker engine share.", _EDGE),
        "node": GroupEntry(
            "The machines of a Docker Swarm.",
            {
                "list": CommandEntry(
                    "node",
                    "List the machines of a Swarm: what each is, how it does, what runs there.",
                )
            },
        ),
        "lock": GroupEntry("Who is changing an environment.", _LOCK),
    }
)
