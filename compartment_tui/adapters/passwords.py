"""Hashes of passwords, of a cost that the edge can pay at every request."""

from compartment_tui.domain.errors import UsageProblem
from compartment_tui.domain.variable import Secret

COST = 5
"""Four milliseconds of the edge for each request; every step more doubles it."""
MOST_BYTES = 72
"""What bcrypt looks at; it would pass over the rest."""
PREFIX = "$2y$"
"""What htpasswd writes for the same, and every server reads."""


def hash_password(password: Secret) -> str:
    """The hash of a password, salted anew each time. Raises UsageProblem, without a word of it."""
    import bcrypt  # only who makes one needs it

    if trouble := _trouble(password):
        raise UsageProblem(f"the password {trouble[0]}", hint=trouble[1])
    made = bcrypt.hashpw(password.reveal().encode(), bcrypt.gensalt(COST)).decode()
    return PREFIX + made.removeprefix("$2b$")


def _trouble(password: Secret) -> tuple[str, str] | None:
    if password == Secret(""):
        return "is empty", "anybody would know it"
    if password.trouble() is not None:
        return "is no text that can be typed", "use letters, digits and signs"
    if any(char in "\r\n" for char in password.reveal()):
        return "has more than one line", "give it as one line"
    if password.size() > MOST_BYTES:
        return f"has {password.size()} bytes", f"bcrypt looks at {MOST_BYTES} at most"
    return None
