"""What `rules` and the checks of names say, as far as JSON Schema can say it too.

Each entry is added to the schema of the table at that path. What it cannot say stays with the
reader: paths that lead out of the repository, services and engines that an environment names and
nobody declares, one engine by two names, a pool too small for one network, lengths of time over a
day, what two tables say of one domain or one path.
"""

from collections.abc import Mapping
from itertools import combinations
from types import MappingProxyType
from typing import Any

from compartment_tui.adapters.project_file.values import (
    ANSWER_HEADERS,
    COOKIE,
    HEADER_NAME_PATTERN,
    OUR_HEADERS,
    USER_PATTERN,
)
from compartment_tui.domain import names
from compartment_tui.domain.config import USUAL_ENGINE, Internal, Kind, ReadinessKind, Scheme

ANY = "*"
ITEM = "[]"


def _any_case(name: str) -> str:
    return "".join(f"[{one.upper()}{one}]" if one.isalpha() else one for one in name)


def _header_names(refused: tuple[str, ...]) -> dict[str, Any]:
    return {
        "pattern": f"^{HEADER_NAME_PATTERN}$",
        "not": {"pattern": f"^(?:{'|'.join(map(_any_case, refused))})$"},
    }


_SERVICE_NAMES = {"pattern": names.SERVICE_PATTERN.pattern}
_VARIABLE_NAMES = {
    "pattern": f"^(?!{names.RESERVED_PREFIX}){names.VARIABLE_PATTERN.pattern.strip('^')}"
}

NAMES: Mapping[tuple[str, ...], Mapping[str, Any]] = MappingProxyType(
    {
        ("services",): _SERVICE_NAMES,
        ("services", ANY, "build", "args"): {"pattern": names.PLAIN_KEY_PATTERN.pattern},
        ("services", ANY, "build", "secrets"): {"pattern": names.SECRET_ID_PATTERN.pattern},
        ("services", ANY, "volumes"): _SERVICE_NAMES,
        ("services", ANY, "readiness", "headers"): _header_names(OUR_HEADERS),
        ("services", ANY, "headers"): _header_names((*ANSWER_HEADERS, COOKIE)),
        ("engines",): {**_SERVICE_NAMES, "not": {"const": USUAL_ENGINE}},
        ("environments",): {
            "minLength": 1,
            "maxLength": names.LABEL_LIMIT,
            "pattern": "^[^\\u0000]+$",
        },
        ("environments", ANY, "access", "users"): {
            "maxLength": 255,
            "pattern": f"^{USER_PATTERN}$",
        },
        ("environments", ANY, "services"): _SERVICE_NAMES,
        ("environments", ANY, "variables"): _VARIABLE_NAMES,
        ("environments", ANY, "services", ANY, "variables"): _VARIABLE_NAMES,
        ("environments", ANY, "services", ANY, "build", "args"): {
            "pattern": names.PLAIN_KEY_PATTERN.pattern
        },
    }
)
"""What a name that the user chooses must be, by the table it stands in."""


def _when(key: str, is_: str, then: Mapping[str, Any]) -> dict[str, Any]:
    told = {"properties": {key: {"const": is_}}, "required": [key]}
    return {"if": told, "then": dict(then)}


def _without(*keys: str) -> dict[str, Any]:
    return {"properties": dict.fromkeys(keys, False)}


def _prefix_only(key: str) -> dict[str, Any]:
    """A key of `[[routes]]` that needs a path with something below it."""
    return {"if": {"required": [key]}, "then": {"properties": {"path": {"pattern": "/\\*$"}}}}


_READ_AS = {
    "properties": {
        "readiness": {
            "anyOf": [{"properties": {"type": {"const": "command"}}}, {"required": ["port"]}]
        }
    }
}

_KEEPS_DATA = {"properties": {"volumes": {"minProperties": 1}}, "required": ["volumes"]}
_CALLED_DIRECTLY = {
    "properties": {"internal": {"const": Internal.DIRECT}, "kind": {"not": {"const": Kind.WORKER}}},
    "required": ["internal"],
}
_ALONE = {"properties": {"replicas": {"maximum": 1}}}

LIMITS = ("requests_per_second", "in_flight", "body")
"""Those of `limits` that the edge keeps."""
TRANSFORMS = ("strip_prefix", "replace_prefix", "rewrite")
"""What can become of a path in `[[routes]]`."""

RULES: Mapping[tuple[str, ...], Mapping[str, Any]] = MappingProxyType(
    {
        ("services", ANY): {
            "oneOf": [{"required": ["path"]}, {"required": ["image"]}],
            "allOf": [
                {"if": {"required": ["image"]}, "then": _without("build")},
                _when("kind", Kind.STATIC, _without("image", "run", "release", "build", "scheme")),
                _when("kind", Kind.WORKER, {"anyOf": [{"required": ["port"]}, _READ_AS]}),
                _when("kind", Kind.WORKER, _without("scheme", "headers", "hsts")),
                _when("kind", Kind.WORKER, {"properties": {"limits": _without(*LIMITS)}}),
                _when("scheme", Scheme.H2C, {"properties": {"limits": _without("body")}}),
                {"if": _KEEPS_DATA, "then": _ALONE},
                {"if": _CALLED_DIRECTLY, "then": _ALONE},
                {
                    "if": {"required": ["verify"]},
                    "then": {
                        "properties": {"scheme": {"const": Scheme.HTTPS}},
                        "required": ["scheme"],
                    },
                },
            ],
        },
        ("services", ANY, "build", "secrets", ANY): {"minProperties": 1, "maxProperties": 1},
        ("services", ANY, "release"): {"required": ["command"]},
        ("services", ANY, "readiness"): {
            "required": ["type"],
            "allOf": [
                _when("type", ReadinessKind.HTTP, _without("command")),
                _when("type", ReadinessKind.TCP, _without("command", "path", "status", "headers")),
                _when(
                    "type",
                    ReadinessKind.COMMAND,
                    {**_without("path", "status", "headers", "port"), "required": ["command"]},
                ),
            ],
        },
        ("engines", ANY): {"oneOf": [{"required": ["address"]}, {"required": ["context"]}]},
        ("environments", ANY, "access"): {"allOf": [{"properties": {"allow": {"minItems": 1}}}]},
        ("environments", ANY, "services", ANY): {
            "if": {"properties": {"derived_host": {"const": False}}, "required": ["derived_host"]},
            "then": {"properties": {"domains": {"minItems": 1}}, "required": ["domains"]},
        },
        ("routes", ITEM): {
            "allOf": [
                *({"not": {"required": list(two)}} for two in combinations(TRANSFORMS, 2)),
                *map(_prefix_only, ("strip_prefix", "replace_prefix")),
                {"properties": {key: {"pattern": "[^*]$"} for key in TRANSFORMS}},
            ]
        },
        ("edge", "acme"): {
            "required": ["email"],
            "dependencies": {"ca": ["server"]},
        },
        ("edge", "certificates", ITEM, "key"): {"required": ["variable"]},
        ("environments", ANY, "variables", ANY): {"required": ["sensitive"]},
        ("environments", ANY, "services", ANY, "variables", ANY): {"required": ["sensitive"]},
    }
)
"""What must be true of a table as a whole."""
