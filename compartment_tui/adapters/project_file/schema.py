"""The one definition of what `compartment.toml` may say.

Reading, errors, the list of valid keys, the JSON Schema for editors and the test of the example
file all come from `KEYS`. A `*` in a path stands for a name the user chooses, `[]` for each table
of an array.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from compartment_tui.adapters.project_file import value_types as types
from compartment_tui.adapters.project_file.schema_rules import NAMES, RULES
from compartment_tui.adapters.project_file.value_types import ValueType
from compartment_tui.adapters.project_file.values import (
    check_answer_header,
    check_header_name,
    check_user_name,
    check_variable_key,
)
from compartment_tui.domain import names
from compartment_tui.domain.config import USUAL_ENGINE
from compartment_tui.domain.errors import UsageProblem

ANY = "*"
ITEM = "[]"


@dataclass(frozen=True, slots=True, kw_only=True)
class SchemaKey:
    """One thing that can be written: where, what, and what it means when it is not there."""

    path: tuple[str, ...]
    type: ValueType
    about: str
    default: Any = None
    required: bool = False


def _key(
    path: str, kind: ValueType, about: str, *, default: object = None, required: bool = False
) -> SchemaKey:
    return SchemaKey(
        path=tuple(path.split(".")), type=kind, about=about, default=default, required=required
    )


KEYS: tuple[SchemaKey, ...] = (
    _key("project.name", types.PROJECT_NAME, "The project's name, in hosts too.", required=True),
    _key("project.base_domain", types.DOMAIN, "Hosts end in this.", default="localhost"),
    _key(
        "project.static_image",
        types.IMAGE,
        "What static services are served by; it must have busybox's httpd.",
        default="busybox:1",
    ),
    _key("services.*", types.PATH, "Short form: only the path."),
    _key("services.*.path", types.PATH, "The build context, inside the repository."),
    _key("services.*.image", types.IMAGE, "A ready image, instead of `path`."),
    _key("services.*.kind", types.KIND, "All but workers get a route.", default="web"),
    _key(
        "services.*.port",
        types.PORT,
        "Where it listens; else variable PORT, else the image's first exposed port, else 3000.",
    ),
    _key(
        "services.*.build.dockerfile",
        types.DOCKERFILE,
        "The Dockerfile, relative to `path`.",
        default="Dockerfile",
    ),
    _key("services.*.build.target", types.STAGE_NAME, "The stage to build; else the last."),
    _key("services.*.build.args.*", types.ARGUMENT, "A build argument. Not for secrets."),
    _key(
        "services.*.build.secrets.*",
        types.SECRET_SOURCE,
        "What RUN --mount=type=secret reads: the sensitive variable of that name.",
    ),
    _key(
        "services.*.build.secrets.*.variable",
        types.VARIABLE_KEY,
        "The same, from a variable of another name.",
    ),
    _key(
        "services.*.build.secrets.*.file",
        types.PATH,
        "The same, from a file inside the repository, relative to the project file.",
    ),
    _key("services.*.run.command", types.COMMAND, "What it runs; else what the image says."),
    _key(
        "services.*.release.command",
        types.COMMAND,
        "Runs once in the new image before any candidate starts.",
    ),
    _key(
        "services.*.release.timeout",
        types.POSITIVE_DURATION,
        "How long the release command may take.",
        default="10m",
    ),
    _key(
        "services.*.readiness.type",
        types.READINESS_KIND,
        "How to ask whether it can take traffic.",
    ),
    _key(
        "services.*.readiness.path",
        types.HTTP_PATH,
        "For http: what is asked for.",
        default="/healthz",
    ),
    _key(
        "services.*.readiness.status",
        types.STATUSES,
        "For http: the answers that mean ready.",
        default="200-299",
    ),
    _key(
        "services.*.readiness.headers.*",
        types.HEADER_VALUE,
        "For http: a header of the question, such as Host. Not for secrets.",
    ),
    _key(
        "services.*.readiness.port",
        types.PORT,
        "For http and tcp: where to ask; else the service's own port.",
    ),
    _key("services.*.readiness.command", types.COMMAND, "For command: exits with 0 when ready."),
    _key(
        "services.*.readiness.interval",
        types.POSITIVE_DURATION,
        "The pause between attempts.",
        default="500ms",
    ),
    _key(
        "services.*.readiness.timeout",
        types.POSITIVE_DURATION,
        "When to give up.",
        default="30s",
    ),
    _key(
        "services.*.fallback",
        types.PAGE,
        "For static: the page for every path that is no file, such as index.html.",
    ),
    _key(
        "services.*.internal",
        types.INTERNAL,
        "How other services call it: edge (HTTP, as visitors do) or direct (anything).",
        default="edge",
    ),
    _key(
        "services.*.settle",
        types.DURATION,
        "It must still be ready after this.",
        default="1s",
    ),
    _key(
        "services.*.drain_timeout",
        types.DURATION,
        "How long the previous deployment may finish its connections.",
        default="30s",
    ),
    _key(
        "services.*.stop_grace",
        types.DURATION,
        "How long it may take to stop before it is killed.",
        default="10s",
    ),
    _key(
        "services.*.hold",
        types.DURATION,
        "With volumes and a route: how long requests may wait while it is replaced; 0s: not.",
        default="30s",
    ),
    _key(
        "services.*.init",
        types.FLAG,
        "Docker's init process goes first: it passes signals on, and tidies up after children.",
        default=False,
    ),
    _key(
        "services.*.new_privileges",
        types.FLAG,
        "Its programs may get more privileges than they were started with, as sudo does.",
        default=False,
    ),
    _key(
        "services.*.scheme",
        types.SCHEME,
        "How the edge speaks to it; h2c is HTTP/2 without TLS, for gRPC.",
        default="http",
    ),
    _key(
        "services.*.verify",
        types.FLAG,
        "For https: whether its certificate must be a good one.",
        default=True,
    ),
    _key(
        "services.*.headers.*",
        types.ANSWER_HEADER,
        "A header that the edge gives its answers; an empty one is taken away.",
    ),
    _key(
        "services.*.hsts",
        types.HSTS,
        "For how long browsers that saw it over HTTPS come back over HTTPS only.",
    ),
    _key(
        "services.*.replicas",
        types.REPLICAS,
        "How many of it run side by side, and share the requests.",
        default=1,
    ),
    _key("services.*.requires", types.VARIABLE_KEYS, "Variables without which it must not start."),
    _key("services.*.limits.cpus", types.CPUS, "How many processors it may use."),
    _key("services.*.limits.memory", types.MEMORY, "How much memory it may use."),
    _key(
        "services.*.limits.pids",
        types.PIDS,
        "How many processes and threads it may have at once.",
        default=4096,
    ),
    _key(
        "services.*.limits.requests_per_second",
        types.COUNT,
        "Of one visitor's address; the edge answers 429 beyond it.",
    ),
    _key(
        "services.*.limits.in_flight",
        types.COUNT,
        "Requests at once, of all visitors; the edge answers 429 beyond it.",
    ),
    _key(
        "services.*.limits.body",
        types.BODY,
        "How large a request may be; the edge answers a larger one with 413.",
    ),
    _key(
        "services.*.volumes.*",
        types.MOUNT_POINT,
        "A named volume per environment, and where it is mounted; makes the service stop-first.",
    ),
    _key(
        "environments.*.protected",
        types.FLAG,
        "Ask for the environment's name before changing it.",
        default=False,
    ),
    _key(
        "environments.*.engine",
        types.ENGINE,
        "Which of [engines] it is on; else the one that the docker command means.",
    ),
    _key(
        "environments.*.access.users.*",
        types.PASSWORD_HASH,
        "Who is let in: a name, and the hash of a password. Nobody else is.",
    ),
    _key(
        "environments.*.access.allow",
        types.NETWORKS,
        "Where visitors may come from. Nobody else is let in.",
    ),
    _key("environments.*.variables.*", types.VARIABLE, "A value for every service."),
    _key("environments.*.variables.*.sensitive", types.SEALED, "The same, encrypted."),
    _key(
        "environments.*.services.*.variables.*",
        types.VARIABLE,
        "A value for this service; it wins.",
    ),
    _key("environments.*.services.*.variables.*.sensitive", types.SEALED, "The same, encrypted."),
    _key(
        "environments.*.services.*.build.args.*",
        types.ARGUMENT,
        "A build argument of this environment; it wins. Not for secrets.",
    ),
    _key(
        "environments.*.services.*.replicas",
        types.REPLICAS,
        "How many of it run side by side here.",
    ),
    _key(
        "environments.*.services.*.domains",
        types.HOSTS,
        "Hosts of yours that lead to it here; the first is the one that redirects lead to.",
    ),
    _key(
        "environments.*.services.*.redirects",
        types.HOSTS,
        "Hosts that are led to the first domain; without one, to the derived host.",
    ),
    _key(
        "environments.*.services.*.derived_host",
        types.FLAG,
        "Whether the host that is made of the names stays beside the domains.",
        default=True,
    ),
    _key(
        "engines.*.address",
        types.ENGINE_ADDRESS,
        "Where a Docker engine is: ssh://, tcp:// or unix://.",
    ),
    _key(
        "engines.*.context",
        types.DOCKER_CONTEXT,
        "Instead: the context of the docker command that has the address.",
    ),
    _key(
        "engines.*.registry",
        types.REGISTRY,
        "What images are carried by, and a Swarm's machines pull from; else they are streamed.",
    ),
    _key(
        "engines.*.build_on",
        types.BUILD_PLACE,
        "Where images for it are built: engine (there) or local (here, then carried).",
        default="engine",
    ),
    _key(
        "engines.*.swarm",
        types.FLAG,
        "Whether it is a manager of a Docker Swarm, over whose machines replicas are spread.",
        default=False,
    ),
    _key("engines.*.edge.bind", types.ADDRESS, "Where its edge listens; else as [edge] says."),
    _key(
        "engines.*.edge.http_port",
        types.PORT,
        "The port of every public host there; else as [edge] says.",
    ),
    _key(
        "engines.*.edge.https_port",
        types.PORT_OR_NONE,
        "The port for HTTPS there, 0: none; else as [edge] says.",
    ),
    _key(
        "engines.*.edge.trusted_proxies",
        types.NETWORKS,
        "Proxies in front of it; else as [edge] says.",
    ),
    _key("routes.[].on", types.SERVICE, "The service whose visitors ask.", required=True),
    _key(
        "routes.[].path",
        types.ROUTE_PATH,
        "What they ask for: /exact, or /prefix/* for that and all below. The first that fits wins.",
        required=True,
    ),
    _key("routes.[].to", types.SERVICE, "The service that answers.", required=True),
    _key("routes.[].methods", types.METHODS, "Only for these; else for all."),
    _key(
        "routes.[].strip_prefix",
        types.ROUTE_PATH,
        "The path's prefix, which the other service does not see.",
    ),
    _key("routes.[].replace_prefix", types.ROUTE_PATH, "What it sees in place of the prefix."),
    _key("routes.[].rewrite", types.ROUTE_PATH, "The one path that it sees."),
    _key("edge.bind", types.ADDRESS, "Where the edge listens.", default="127.0.0.1"),
    _key("edge.http_port", types.PORT, "The port of every public host.", default=8080),
    _key(
        "edge.https_port",
        types.PORT_OR_NONE,
        "The port for HTTPS; 0: none.",
        default=8443,
    ),
    _key(
        "edge.trusted_proxies",
        types.NETWORKS,
        "Proxies in front, whose word on a visitor's address and scheme is taken.",
    ),
    _key(
        "edge.acme.email",
        types.EMAIL,
        "Whom the authority writes to. With it domains get certificates, once they lead here.",
    ),
    _key(
        "edge.acme.server",
        types.ACME_SERVER,
        "The authority's directory; else Let's Encrypt's.",
    ),
    _key(
        "edge.acme.staging",
        types.FLAG,
        "Certificates for trying, which browsers do not believe.",
        default=False,
    ),
    _key(
        "edge.acme.lifetime",
        types.LIFETIME,
        "For how long its certificates are good, where that is not some months.",
    ),
    _key(
        "edge.acme.ca",
        types.FILE,
        "For a private `server`: the file with the certificate of who signs for it.",
    ),
    _key(
        "edge.certificates.[].cert",
        types.FILE,
        "A file with a certificate of yours, and behind it those that sign for it.",
        required=True,
    ),
    _key(
        "edge.certificates.[].key",
        types.KEY_FILE,
        "The file with its key, outside the repository.",
        required=True,
    ),
    _key(
        "edge.certificates.[].key.variable",
        types.VARIABLE_KEY,
        "Instead: the sensitive variable that is the key.",
    ),
    _key(
        "networks.pool",
        types.POOL,
        "Where the environments' subnets are taken from.",
        default="10.201.0.0/16",
    ),
    _key("networks.size", types.PREFIX_LENGTH, "The prefix length of one subnet.", default=24),
    _key(
        "retention.keep",
        types.COUNT,
        "How many stopped deployments per service stay, ready for a rollback.",
        default=5,
    ),
    _key("secrets.recipients", types.STRINGS, "Who may read the sensitive values (age keys)."),
)


def _service_name(name: str) -> None:
    try:
        names.parse_service_name(name)
    except UsageProblem as problem:
        raise ValueError(f"is no service name: {problem.hint}") from problem


def _environment_name(name: str) -> None:
    try:
        names.parse_environment_name(name)
    except UsageProblem as problem:
        raise ValueError(f"is no environment name: {problem.hint}") from problem


def _engine_name(name: str) -> None:
    if name == USUAL_ENGINE:
        raise ValueError("is what the docker command's own engine is called: choose another name")
    if not names.SERVICE_PATTERN.fullmatch(name):
        raise ValueError("is no engine name: use a-z, 0-9, _ and -")


def _volume_name(name: str) -> None:
    if not names.SERVICE_PATTERN.fullmatch(name):
        raise ValueError("is no volume name: use a-z, 0-9, _ and -")


def _argument_name(name: str) -> None:
    if not names.PLAIN_KEY_PATTERN.fullmatch(name):
        raise ValueError("is no build argument: use letters, digits and _, not a digit first")


def _secret_id(name: str) -> None:
    if not names.SECRET_ID_PATTERN.fullmatch(name):
        raise ValueError("is no id of a build secret: use letters, digits, _, . and -")


NAME_CHECKS: Mapping[tuple[str, ...], Callable[[str], None]] = MappingProxyType(
    {
        ("services",): _service_name,
        ("services", ANY, "build", "args"): _argument_name,
        ("services", ANY, "build", "secrets"): _secret_id,
        ("services", ANY, "volumes"): _volume_name,
        ("services", ANY, "readiness", "headers"): check_header_name,
        ("services", ANY, "headers"): check_answer_header,
        ("engines",): _engine_name,
        ("environments",): _environment_name,
        ("environments", ANY, "access", "users"): check_user_name,
        ("environments", ANY, "services"): _service_name,
        ("environments", ANY, "variables"): check_variable_key,
        ("environments", ANY, "services", ANY, "variables"): check_variable_key,
        ("environments", ANY, "services", ANY, "build", "args"): _argument_name,
    }
)
"""What a name chosen by the user must be, by the table it stands in. Raises ValueError in words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A place in the file: a table (`children`), a value (`key`), or a choice of both.

    The tables of an array are its only child, `[]`.
    """

    key: SchemaKey | None
    children: Mapping[str, "Node"]

    def child(self, name: str) -> "Node | None":
        return self.children.get(name, self.children.get(ANY))


def _grow(at: tuple[str, ...]) -> Node:
    depth = len(at)
    below = dict.fromkeys(
        key.path[depth] for key in KEYS if key.path[:depth] == at and len(key.path) > depth
    )
    return Node(
        key=next((key for key in KEYS if key.path == at), None),
        children=MappingProxyType({name: _grow((*at, name)) for name in below}),
    )


ROOT = _grow(())


def json_schema() -> dict[str, Any]:
    """The JSON Schema by which editors complete and check `compartment.toml`.

    Draft 7: the one that all of them know.
    """
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "compartment.toml",
        **_schema_of(ROOT, ()),
    }


def _schema_of(node: Node, at: tuple[str, ...]) -> dict[str, Any]:
    forms = []
    if node.key is not None:
        about: dict[str, Any] = {"description": node.key.about}
        if node.key.default is not None:
            about["default"] = node.key.default
        forms.append({**node.key.type.schema, **about})
    if ITEM in node.children:
        forms.append({"type": "array", "items": _schema_of(node.children[ITEM], (*at, ITEM))})
    elif node.children:
        forms.append(_table_schema(node, at))
    return forms[0] if len(forms) == 1 else {"anyOf": forms}


def _table_schema(node: Node, at: tuple[str, ...]) -> dict[str, Any]:
    named = {name: child for name, child in node.children.items() if name != ANY}
    schema: dict[str, Any] = {"type": "object", "additionalProperties": False}
    if named:
        schema["properties"] = {
            name: _schema_of(child, (*at, name)) for name, child in named.items()
        }
    if ANY in node.children:
        schema["additionalProperties"] = _schema_of(node.children[ANY], (*at, ANY))
    if at in NAMES:
        schema["propertyNames"] = NAMES[at]
    required = [name for name, child in named.items() if _needed(child)]
    return {**schema, **({"required": required} if required else {}), **RULES.get(at, {})}


def _needed(node: Node) -> bool:
    if node.key is not None and node.key.required:
        return True
    return any(_needed(child) for name, child in node.children.items() if name not in (ANY, ITEM))
