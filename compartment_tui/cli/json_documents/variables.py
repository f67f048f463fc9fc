"""Variables as documents for scripts, with Compartment's field names.

A plain value is in them; a sensitive one never is: `value` is null and `valueHidden` true.
"""

from collections.abc import Iterable

from compartment_tui.cli.json_documents.common import Json, changes, place
from compartment_tui.domain.names import EnvironmentKey
from compartment_tui.domain.variable import Resolved, Scope, Sensitivity, Variable
from compartment_tui.domain.variables.diff import Pair, ScopePairs
from compartment_tui.domain.variables.views import Declared, Readers, Transfer, VariableView


def variables_document(found: Iterable[Declared], key: EnvironmentKey, service: str | None) -> Json:
    """What `variable list` answers."""
    return {**_envelope(key, service), "variables": [_declared(one) for one in found]}


def variable_document(found: Declared, key: EnvironmentKey, service: str | None) -> Json:
    """What `variable show` and `variable set` answer."""
    count = {"readers": found.readers} if found.readers else {}
    return {**_envelope(key, service), "variable": _declared(found), **count}


def resolved_document(found: Iterable[VariableView], key: EnvironmentKey, service: str) -> Json:
    """What `variable resolve` answers: per key the winner, what it shadows, whether it runs."""
    return {**_envelope(key, service), "variables": [_resolved(one, service) for one in found]}


def transfer_document(
    transfers: Iterable[Transfer],
    key: EnvironmentKey,
    service: str | None,
    *,
    done: bool,
    readers: int = 0,
) -> Json:
    """What `variable import` and `variable copy` answer, scope by scope; names only."""
    found = tuple(transfers)
    names = dict.fromkeys(name for one in found for name in one.keys)
    return {
        **_envelope(key, service),
        "importedKeyNames": list(names),
        "changes": [{"serviceName": one.service, **changes(one.changes)} for one in found],
        "literalReferenceKeyNames": [key for one in found for key in one.literal_references],
        "decodedPathKeyNames": [key for one in found for key in one.decoded_paths],
        "done": done,
        **({"readers": readers} if readers else {}),
    }


def comparison_document(
    scopes: Iterable[ScopePairs], project: str, environments: tuple[str, str]
) -> Json:
    """What `variable compare` answers: what the file has, whatever runs."""
    left, right = environments
    return {
        "project": {"name": project},
        "source": "project_file",
        "from": {"name": left},
        "to": {"name": right},
        "variables": [
            {
                "keyName": pair.key,
                "serviceName": service,
                "difference": pair.difference.value,
                "plainOnOneSide": pair.plain_on_one_side,
                "from": _side(pair.left, pair),
                "to": _side(pair.right, pair),
            }
            for service, pairs in scopes
            for pair in pairs
        ],
    }


def _side(row: Resolved | None, pair: Pair) -> Json | None:
    """Null where it has no value; nothing of a plain one either, beside one that is sensitive."""
    if row is None:
        return None
    return {
        "scopeType": row.scope.value,
        "sensitivity": row.winner.sensitivity.value,
        "value": None if pair.hidden else row.winner.shown(),
        "valueHidden": pair.hidden,
    }


def readers_document(readers: Readers) -> Json:
    """What the `recipients` commands and `variable rekey` answer."""
    identity = readers.identity
    return {
        "recipients": [
            {
                "recipient": recipient,
                "ours": readers.ours(recipient),
                "new": recipient in readers.unknown,
            }
            for recipient in readers.recipients
        ],
        "identity": {
            "place": identity.place,
            "recipients": list(identity.recipients),
            "problem": identity.problem or None,
        },
        "sensitiveValues": readers.sensitive,
        "unreadableValues": readers.unreadable,
        "movedValues": [
            {
                **place(EnvironmentKey(value.here.project, value.here.environment)),
                "serviceName": value.here.service,
                "keyName": value.here.key,
                "sealedFor": value.sealed_for.words_from(value.here.project),
            }
            for value in readers.moved
        ],
    }


def _envelope(key: EnvironmentKey, service: str | None) -> Json:
    return {**place(key), "serviceName": service, "resourceName": None}


def _declared(one: Declared) -> Json:
    return {
        "keyName": one.variable.key,
        "scopeType": one.scope.value,
        "scopeServiceName": one.service,
        "scopeResourceName": None,
        "sensitivity": one.variable.sensitivity.value,
        "sourceType": "inherited" if one.inherited else "direct",
        "sourceResourceOutput": None,
        "sourceVariableSetName": None,
        **_value(one.variable),
    }


def _resolved(one: VariableView, service: str) -> Json:
    scope = one.scope
    return {
        "keyName": one.key,
        "scopeType": scope.value if scope else None,
        "scopeServiceName": service if scope is Scope.SERVICE else None,
        "scopeResourceName": None,
        "sensitivity": one.sensitivity.value if scope else None,
        "sourceType": _source(scope),
        "value": _plain(one.shown(), one.sensitivity),
        "valueHidden": scope is not None and one.sensitivity is Sensitivity.SENSITIVE,
        "shadowed": None
        if one.shadowed is None
        else {
            "scopeType": Scope.ENVIRONMENT.value,
            "sensitivity": one.shadowed.sensitivity.value,
            **_value(one.shadowed),
        },
        "state": one.state.value,
    }


def _source(scope: Scope | None) -> str | None:
    if scope is None:
        return None
    return "direct" if scope is Scope.SERVICE else "inherited"


def _value(variable: Variable) -> Json:
    hidden = variable.sensitivity is Sensitivity.SENSITIVE
    return {"value": _plain(variable.shown(), variable.sensitivity), "valueHidden": hidden}


def _plain(shown: str | None, sensitivity: Sensitivity) -> str | None:
    return shown if sensitivity is Sensitivity.PLAIN else None
