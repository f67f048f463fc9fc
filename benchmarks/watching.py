"""A client that never stops asking: it sees the first answer of a version, and every failure."""

import threading
import time
from collections import Counter
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from itertools import pairwise
from typing import Self

INTERVAL = 0.005
"""Seconds between the beginnings of two requests, unless the first takes longer."""
PATIENCE = 30.0
"""Seconds after which a version that does not answer will not."""
REQUEST_LIMIT = 3.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One request on a connection of its own. `at` is when it ended, by the monotonic clock."""

    at: float
    body: str = ""
    problem: str = ""


class Watcher:
    """Asks `/version` every 5 ms in a thread of its own, between entering and leaving."""

    def __init__(self, port: int, host: str = "localhost") -> None:
        self._port = port
        self._host = host
        self._answers: list[Answer] = []
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._ask_on, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def first(self, version: str) -> float:
        """When that version answered first, waiting for it. Raises TimeoutError."""
        deadline = time.monotonic() + PATIENCE
        seen = 0
        while time.monotonic() < deadline:
            known = len(self._answers)
            for answer in self._answers[seen:known]:
                if answer.body == version:
                    return answer.at
            seen = known
            time.sleep(INTERVAL)
        raise TimeoutError(f"{version} did not answer: {self.problems() or 'others did'}")

    @property
    def asked(self) -> int:
        return len(self._answers)

    def problems(self) -> Counter[str]:
        """What went wrong instead of an answer, and how often."""
        return Counter(answer.problem for answer in self._answers if answer.problem)

    def longest_silence(self) -> float:
        """The most seconds that passed without an answer."""
        good = [answer.at for answer in self._answers if not answer.problem]
        return max((later - at for at, later in pairwise(good)), default=0.0)

    def _ask_on(self) -> None:
        while not self._over.is_set():
            began = time.monotonic()
            self._answers.append(self._ask())
            self._over.wait(max(0.0, began + INTERVAL - time.monotonic()))

    def _ask(self) -> Answer:
        connection = HTTPConnection("127.0.0.1", self._port, timeout=REQUEST_LIMIT)
        try:
            connection.request(
                "GET", "/version", headers={"Host": self._host, "Connection": "close"}
            )
            response = connection.getresponse()
            body = response.read().decode(errors="replace").strip()
        except (OSError, HTTPException) as error:
            return Answer(at=time.monotonic(), problem=type(error).__name__)
        finally:
            connection.close()
        if response.status != 200:
            return Answer(at=time.monotonic(), problem=f"status {response.status}")
        return Answer(at=time.monotonic(), body=body)
