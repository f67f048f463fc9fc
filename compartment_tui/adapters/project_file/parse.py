"""The text of a `compartment.toml`, turned into a `ProjectConfig`."""

import re
import tomllib
import unicodedata
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from compartment_tui.adapters.project_file.read_tables import Problem, read_tables
from compartment_tui.adapters.project_file.route_rules import rule_of
from compartment_tui.adapters.project_file.rules import broken_rules
from compartment_tui.adapters.project_file.schema_rules import LIMITS
from compartment_tui.domain import bounds
from compartment_tui.domain.config import (
    AcmeSettings,
    Build,
    BuildSecret,
    CertificateSpec,
    EdgeSettings,
    EngineSpec,
    EnvironmentConfig,
    Limits,
    NetworkSettings,
    ProjectConfig,
    Readiness,
    Release,
    ServiceSpec,
)
from compartment_tui.domain.errors import ProjectFileInvalid
from compartment_tui.domain.public_side import Access, PublicSpec, Traffic
from compartment_tui.domain.variable import Sensitivity, Variable

FILE_NAME = "compartment.toml"
BYTE_ORDER_MARK = "\ufeff"
"""What some editors begin a text with."""

PUBLIC = ("domains", "redirects", "derived_host")
"""What an environment says of a service's hosts."""

_POSITION = re.compile(r" ?\(at (?:line (\d+), column (\d+)|end of document)\)")


def text_of(file: Path, content: bytes) -> str:
    """A project file's text, line endings and all. Raises ProjectFileInvalid when it is none."""
    try:
        bounds.refuse_large(len(content), bounds.PROJECT_FILE, file.name)
    except bounds.TooMuch as error:
        raise ProjectFileInvalid(error.message, hint=error.hint) from error
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise ProjectFileInvalid(f"{file.name}:{line}: this is not UTF-8") from error


def parse_config(text: str, *, root: Path, file_name: str = FILE_NAME) -> ProjectConfig:
    """What the text of a project file in `root` says.

    Raises ProjectFileInvalid for the first problem in the file's order, telling how many more.
    """
    return config_of(parse_text(text, file_name), text, root=root, file_name=file_name)


def parse_text(text: str, file_name: str) -> dict[str, Any]:
    """The document of a project file's text. Raises ProjectFileInvalid when it is not TOML."""
    text = text.removeprefix(BYTE_ORDER_MARK)
    try:
        bounds.refuse_toml(text, bounds.PROJECT_FILE, file_name)
        return tomllib.loads(text)
    except bounds.TooMuch as error:
        raise ProjectFileInvalid(error.message, hint=error.hint) from error
    except tomllib.TOMLDecodeError as error:
        raise _not_toml(str(error), text, file_name) from error
    except RecursionError as error:
        raise ProjectFileInvalid(f"{file_name}: brackets are nested too deeply") from error
    except ValueError as error:  # of a number with too many digits
        raise ProjectFileInvalid(f"{file_name}: {error}") from error


def config_of(
    document: Mapping[str, Any], text: str, *, root: Path, file_name: str
) -> ProjectConfig:
    """What a document says; its text is for telling lines. Raises as `parse_config`."""
    tables, problems = read_tables(document)
    problems = problems or tuple(broken_rules(tables, root))
    if problems:
        raise _invalid(problems, text, file_name)
    return _config(tables)


def _not_toml(message: str, text: str, file_name: str) -> ProjectFileInvalid:
    position = _POSITION.search(message)
    what = _POSITION.sub("", message)
    line, column = (position[1], position[2]) if position else (None, None)
    line = line or str(text.count("\n") + 1)
    where = f"{line}:{column}" if column else line
    return ProjectFileInvalid(
        f"{file_name}:{where}: this is not TOML: {what[:1].lower()}{what[1:]}"
    )


def _invalid(problems: tuple[Problem, ...], text: str, file_name: str) -> ProjectFileInvalid:
    # Where a key stands is only asked when something is wrong with it.
    from compartment_tui.adapters.project_file.line_numbers import key_lines, line_of

    lines = {_normal(path): line for path, line in key_lines(text).items()}
    placed = sorted((line_of(lines, _normal(one.path)), at) for at, one in enumerate(problems))
    line, index = placed[0]
    first, more = problems[index], len(problems) - 1
    rest = f"and {more} more problem{'s' if more > 1 else ''} in the file" if more else ""
    return ProjectFileInvalid(
        f"{file_name}:{line}: {first.message}",
        hint="; ".join(part for part in (first.hint, rest) if part),
    )


def _normal(path: tuple[str, ...]) -> tuple[str, ...]:
    """Rules speak of environments by their name in normal form C, however it was written."""
    return tuple(unicodedata.normalize("NFC", name) for name in path)


def _config(tables: Mapping[str, Any]) -> ProjectConfig:
    edge = _edge(tables.get("edge", {}))
    return ProjectConfig(
        **tables["project"],
        services=tuple(_service(name, one) for name, one in tables.get("services", {}).items()),
        environments=tuple(
            _environment(name, one) for name, one in tables.get("environments", {}).items()
        ),
        edge=edge,
        networks=NetworkSettings(**tables.get("networks", {})),
        **tables.get("retention", {}),
        **tables.get("secrets", {}),
        rules=tuple(map(rule_of, tables.get("routes", ()))),
        certificates=tuple(map(_certificate, tables.get("edge", {}).get("certificates", ()))),
        engines=tuple(_engine(name, one, edge) for name, one in tables.get("engines", {}).items()),
    )


def _engine(name: str, table: Mapping[str, Any], edge: EdgeSettings) -> EngineSpec:
    own = table.get("edge")
    known = {key: value for key, value in table.items() if key != "edge"}
    return EngineSpec(name=name, **known, edge=replace(edge, **own) if own else None)


def _edge(table: Mapping[str, Any]) -> EdgeSettings:
    known = {key: value for key, value in table.items() if key not in ("acme", "certificates")}
    return EdgeSettings(**known, acme=AcmeSettings(**table.get("acme", {})))


def _certificate(table: Mapping[str, Any]) -> CertificateSpec:
    key = table["key"]
    source = {"key": key} if isinstance(key, str) else {"variable": key["variable"]}
    return CertificateSpec(cert=table["cert"], **source)


def _service(name: str, table: Mapping[str, Any] | str) -> ServiceSpec:
    if isinstance(table, str):
        return ServiceSpec(name=name, path=table)
    known = dict(table)
    if "build" in known:
        build = dict(known["build"])
        build["args"] = _pairs(build.get("args", {}))
        build["secrets"] = _build_secrets(build.get("secrets", {}))
        known["build"] = Build(**build)
    if "readiness" in known:
        readiness = dict(known["readiness"])
        readiness["headers"] = _pairs(readiness.get("headers", {}))
        known["readiness"] = Readiness(kind=readiness.pop("type"), **readiness)
    if "release" in known:
        known["release"] = Release(**known["release"])
    limits = dict(known.pop("limits", {}))
    known["traffic"] = Traffic(
        headers=_pairs(known.pop("headers", {})),
        hsts=known.pop("hsts", None),
        **{key: limits.pop(key) for key in LIMITS if key in limits},
    )
    known["limits"] = Limits(**limits)
    known["volumes"] = _pairs(known.get("volumes", {}))
    known["command"] = known.pop("run", {}).get("command")
    return ServiceSpec(name=name, **known)


def _build_secrets(table: Mapping[str, Mapping[str, str]]) -> tuple[BuildSecret, ...]:
    return tuple(
        BuildSecret(id=name, file=source["file"])
        if "file" in source
        else BuildSecret(id=name, variable=source["variable"] or name)
        for name, source in sorted(table.items())
    )


def _pairs(table: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    return tuple(sorted(table.items()))


def _environment(name: str, table: Mapping[str, Any]) -> EnvironmentConfig:
    services = table.get("services", {})
    return EnvironmentConfig(
        name=name,
        protected=table.get("protected", False),
        variables=_variables(table),
        services={
            service: _variables(one)
            for service, one in services.items()
            if "variables" in one or not one
        },
        build_args={
            service: _pairs(one["build"].get("args", {}))
            for service, one in services.items()
            if "build" in one
        },
        public={
            service: PublicSpec(**{key: one[key] for key in PUBLIC if key in one})
            for service, one in services.items()
            if any(key in one for key in PUBLIC)
        },
        replicas={
            service: one["replicas"] for service, one in services.items() if "replicas" in one
        },
        access=_access(table.get("access", {})),
        engine=table.get("engine", ""),
    )


def _access(table: Mapping[str, Any]) -> Access:
    return Access(users=_pairs(table.get("users", {})), allow=table.get("allow", ()))


def _variables(table: Mapping[str, Any]) -> dict[str, Variable]:
    return {key: _variable(key, value) for key, value in table.get("variables", {}).items()}


def _variable(key: str, value: Any) -> Variable:  # noqa: ANN401  (a Secret, or a table with the sealed text)
    if isinstance(value, dict):
        return Variable(
            key=key, value=None, sensitivity=Sensitivity.SENSITIVE, sealed=value["sensitive"]
        )
    return Variable(key=key, value=value)
