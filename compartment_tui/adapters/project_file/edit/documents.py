"""A TOML document as nested dictionaries: what a text means, for comparing with what it should."""

import unicodedata
from typing import Any

from compartment_tui.adapters.project_file.token_positions import KeyPath

Document = dict[str, Any]


def normal(document: Document) -> Document:
    """The same with its environments by their name in normal form C."""
    environments = document.get("environments")
    if isinstance(environments, dict):
        named = {unicodedata.normalize("NFC", name): one for name, one in environments.items()}
        return {**document, "environments": named}
    return document


def found(document: Document, path: KeyPath) -> Any:  # noqa: ANN401  (whatever TOML has there)
    """What stands at a path; None when nothing does."""
    here: Any = document
    for name in path:
        if not isinstance(here, dict) or name not in here:
            return None
        here = here[name]
    return here


def put(document: Document, path: KeyPath, value: object) -> None:
    """Set a path, making the tables to it; None takes it away."""
    *tables, last = path
    for name in tables:
        document = document.setdefault(name, {})
    if value is None:
        document.pop(last, None)
    else:
        document[last] = value


def pruned(document: Document) -> Document:
    """Without empty tables: a table may go with its last key, or stay."""
    small = {
        name: pruned(value) if isinstance(value, dict) else value
        for name, value in document.items()
    }
    return {name: value for name, value in small.items() if value != {}}
