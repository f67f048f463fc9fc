"""How the words of a command are read, where that differs from the framework's way."""

import re
from collections.abc import Iterable, Iterator
from typing import Any

from typer.core import TyperCommand

_NUMBER = re.compile(r"-\.?[0-9]")
"""How a negative number begins."""


class Command(TyperCommand):
    """A command that reads `-e=NAME` as `--env=NAME`, and `-1` or `-Xmx512m` as a value.

    The framework takes the equals sign for a part of the name, and somebody who typed
    `-e=staging` would deploy to a new environment called “=staging”. And it takes everything with
    a dash for an option.
    """

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:  # noqa: ANN401 - it hides its own
        """As the framework does."""
        words = self._joined(args, ctx.allow_interspersed_args)
        return super().parse_args(ctx, self._values_last(ctx, words))

    def _joined(self, words: Iterable[str], interspersed: bool) -> list[str]:
        return list(_without_sign(words, _takes_value(self.params), interspersed=interspersed))

    def _values_last(self, ctx: Any, words: list[str]) -> list[str]:  # noqa: ANN401
        """Values that begin with a dash behind `--`, where the framework takes them for values.

        A word of two dashes or of one letter is none: it is more likely an option mistyped.
        """
        takes_value = _takes_value(self.params)
        known = {*takes_value, *ctx.help_option_names}
        room = _room(self.params) if ctx.allow_interspersed_args else 0
        options: list[str] = []
        values: list[str] = []
        rest = iter(words)
        for word in rest:
            if word == "--":
                values += rest
            elif word == "-" or not word.startswith("-"):
                if not ctx.allow_interspersed_args:
                    return words
                values.append(word)
            elif (name := _option_name(word)) in known:
                options.append(word)
                if word == name and takes_value.get(name):
                    if (value := next(rest, None)) is not None:
                        options.append(value)
                    elif not ctx.resilient_parsing:
                        said = f"Option {name!r} requires an argument."
                        ctx.fail(said + _dashed_hint(ctx.command_path if room else ""))
            elif len(values) < room and _is_value(word):
                values.append(word)
            else:
                if not ctx.resilient_parsing:
                    ctx.fail(_no_option(name, known, ctx.command_path if room else ""))
                return words
        if any(value.startswith("-") for value in values):
            return [*options, "--", *values]
        return words


def _option_name(word: str) -> str:
    """What is before the value in the same word."""
    return word.partition("=")[0] if word.startswith("--") else word[:2]


def _is_value(word: str) -> bool:
    """Whether a word with a dash that is no option is what somebody wants to say."""
    return bool(_NUMBER.match(word)) or (not word.startswith("--") and len(word) > len("-x"))


def _no_option(name: str, known: Iterable[str], path: str) -> str:
    """`path` is the command's, when it takes values."""
    from compartment_tui.domain.suggestion import nearest_name

    long = [one for one in known if one.startswith("--")]
    begun = [one for one in long if name.startswith(one)]
    near = nearest_name(name, long) or next(iter(begun), None) if name[:2] == "--" else None
    said = f"No such option: {name}" + (f"; did you mean {near}?" if near else "")
    return said + _dashed_hint(path)


def _dashed_hint(path: str) -> str:
    if not path:
        return ""
    return f"\nA value that begins with a dash stands behind --, as in: {path} … -- VALUE"


def _room(parameters: Iterable[Any]) -> float:
    """How many words that are no options it takes."""
    counts = [one.nargs for one in parameters if one.param_type_name == "argument"]
    return float("inf") if any(count < 0 for count in counts) else sum(counts)


def _takes_value(parameters: Iterable[Any]) -> dict[str, bool]:
    """Every option by what is typed, and whether a value follows."""
    return {
        typed: not one.is_flag
        for one in parameters
        if one.param_type_name == "option"
        for typed in (*one.opts, *one.secondary_opts)
    }


def _without_sign(
    words: Iterable[str], takes_value: dict[str, bool], *, interspersed: bool
) -> Iterator[str]:
    rest = iter(words)
    for word in rest:
        if word == "--" or not (interspersed or word.startswith("-")):
            yield word
            break
        if word[2:3] == "=" and takes_value.get(word[:2]):
            yield word[:2] + word[3:] if word[3:] else word[:2]
            if not word[3:]:
                yield ""
            continue
        yield word
        if takes_value.get(word):
            yield from (value for value in [next(rest, None)] if value is not None)
    yield from rest
