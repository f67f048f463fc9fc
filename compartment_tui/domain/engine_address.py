"""The address of an engine: nothing in it is an option, or means more to a shell."""

import re

LOGIN = r"[A-Za-z0-9_][A-Za-z0-9._-]*"
MACHINE = r"(?:[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:]+\])"
"""A host: it is a word of a command's, so it begins like none of its options."""
PORT = r"[1-9][0-9]{0,4}"
SOCKET = r"(?:/[A-Za-z0-9_.~][A-Za-z0-9_.~@+-]*)+"
ADDRESS = (
    rf"ssh://(?:{LOGIN}@)?{MACHINE}(?::{PORT})?(?:{SOCKET})?/?"
    rf"|tcp://{MACHINE}:{PORT}|unix://{SOCKET}"
)
"""`ssh://…`, `tcp://…` or `unix://…`."""


def is_engine_address(text: str) -> bool:
    """Whether it is one, and nothing else."""
    return re.fullmatch(ADDRESS, text) is not None
