"""Names as a person types them: quoted for a shell, and as the answer to a question."""

import unicodedata
from shlex import quote

from compartment_tui.domain.names import DEFAULT_ENVIRONMENT, escaped


def option_for(environment: str) -> str:
    """` --env NAME` as a shell takes it; nothing for the default environment.

    A name that begins with a dash is joined to the option, or it would be taken for one.
    """
    if environment == DEFAULT_ENVIRONMENT:
        return ""
    joint = "=" if environment.startswith("-") else " "
    return f" --env{joint}{shell_word(environment)}"


def short_option_for(environment: str) -> str:
    """`-e NAME` as a shell takes it."""
    return f"-e{'=' if environment.startswith('-') else ' '}{shell_word(environment)}"


def argument_for(environment: str) -> str:
    """The name as an argument of its own; as an option where it would be taken for one."""
    option = "--env=" if environment.startswith("-") else ""
    return option + shell_word(environment)


def shell_word(text: str) -> str:
    """One word for a shell, printable: what cannot be seen is written as bash and zsh read it."""
    if text.isprintable():
        return quote(text)
    return "$'" + escaped(text).replace("'", "\\'") + "'"


def names_it(answer: str, name: str) -> bool:
    """Whether a typed line is this name: as it is, or as it is shown escaped.

    Spaces around it do not count, unless they are the name's own.
    """
    typed = unicodedata.normalize("NFC", answer.rstrip("\r\n"))
    return name in (typed, typed.strip()) or escaped(name) == typed.strip()
