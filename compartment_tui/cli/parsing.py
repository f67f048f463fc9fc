"""How the words of a command are read, where that differs from the framework's way."""

from collections.abc import Iterable, Iterator
from typing import Any

from typer.core import TyperCommand


class Command(TyperCommand):
    """A command that reads `-e=NAME` as `--env=NAME`.

    The framework takes the equals sign for a part of the name, and somebody who typed
    `-e=staging` would deploy to a new environment called “=staging”.
    """

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:  # noqa: ANN401 - it hides its own
        """As the framework does."""
        return super().parse_args(ctx, self._joined(args, ctx.allow_interspersed_args))

    def _joined(self, words: Iterable[str], interspersed: bool) -> list[str]:
        return list(_without_sign(words, _takes_value(self.params), interspersed=interspersed))


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
