"""Managers of a Swarm that answer what a test has them answer."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, cast

from compartment_tui.adapters.docker.api.address import Address
from compartment_tui.adapters.docker.api.client import Client
from compartment_tui.adapters.docker.api.errors import Missing
from compartment_tui.domain.errors import EngineProblem

Json = dict[str, Any]
Answer = Callable[[str, str, Mapping[str, object], Json | None], Any]


class Managers:
    """Stands for a `Client`: its answers are a function's, what was asked is kept."""

    def __init__(self, answer: Answer, facts: Json | None = None, url: str = "ssh://a@n1") -> None:
        self.address = Address(url=url, chosen_by="the test")
        self.asked: list[tuple[str, str]] = []
        self.headers: list[dict[str, str]] = []
        self._answer = answer
        self._facts = facts or {}

    @property
    def client(self) -> Client:
        return cast(Client, self)

    @contextmanager
    def translate(self, doing: str = "do that") -> Iterator[None]:
        try:
            yield
        except ValueError as error:
            raise EngineProblem(f"Docker could not {doing}: {error}") from error

    def info(self) -> Json:
        return self._facts

    def open_stream(self, path: str, *_: object, **__: object) -> None:
        """Nothing that they have wrote anything."""
        raise Missing(f"there is no {path}")

    def ask(
        self,
        method: str,
        path: str,
        query: Mapping[str, object] | None,
        body: Json | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Any:  # noqa: ANN401
        self.asked.append((method, path))
        self.headers.append(dict(headers or {}))
        return self._answer(method, path, query or {}, body)
