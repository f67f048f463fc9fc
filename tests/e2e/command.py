"""Commands as a test sees them: how they ended, or how far they are."""

import json
import queue
import signal
import subprocess
import threading
import time
from dataclasses import dataclass
from typing import Any

from tests.e2e.warm import Command


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What a command left behind."""

    code: int
    out: str
    err: str
    seconds: float

    @property
    def text(self) -> str:
        return f"exit code {self.code} after {self.seconds:.1f} s\n{self.out}\n{self.err}"

    def json(self) -> dict[str, Any]:
        document: dict[str, Any] = json.loads(self.out)
        return document


class Running:
    """A command on its way, whose events can be waited for."""

    def __init__(self, process: "subprocess.Popen[str] | Command") -> None:
        self.process = process
        self.events: list[dict[str, Any]] = []
        self._arrived: queue.Queue[dict[str, Any] | None] = queue.Queue()
        self._began = time.monotonic()
        self._errors: list[str] = []
        self._readers = (
            threading.Thread(target=self._read_out, daemon=True),
            threading.Thread(target=self._read_err, daemon=True),
        )
        for reader in self._readers:
            reader.start()

    def until(self, facts: dict[str, str], seconds: float = 60) -> dict[str, Any]:
        """The next event with these facts, as in `until({"type": "stage_started"})`."""
        deadline = time.monotonic() + seconds
        while True:
            left = deadline - time.monotonic()
            event = self._arrived.get(timeout=max(left, 0.01))
            assert event is not None, f"it ended before {facts}:\n{self.told()}"
            if all(event.get(name) == value for name, value in facts.items()):
                return event

    def kill(self) -> None:
        """As `kill -9`: it gets no chance to tidy up."""
        self.process.kill()
        self.wait()

    def interrupt(self) -> None:
        self.process.send_signal(signal.SIGINT)

    def wait(self, seconds: float = 90) -> Result:
        code = self.process.wait(timeout=seconds)
        for reader in self._readers:
            reader.join(timeout=5)
        self._close()
        out = "\n".join(json.dumps(event) for event in self.events)
        took = time.monotonic() - self._began
        return Result(code=code, out=out, err="".join(self._errors), seconds=took)

    def told(self) -> str:
        return "\n".join([*(json.dumps(one) for one in self.events), *self._errors])

    def _close(self) -> None:
        for stream in (self.process.stdout, self.process.stderr):
            if stream is not None:
                stream.close()

    def _read_out(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.events.append(json.loads(line))
            self._arrived.put(self.events[-1])
        self._arrived.put(None)

    def _read_err(self) -> None:
        assert self.process.stderr is not None
        self._errors.extend(self.process.stderr)
