"""A program on a terminal of its own: keys in, and what can be read on the screen out."""

import codecs
import fcntl
import os
import re
import select
import struct
import subprocess
import termios
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

ESCAPE = re.compile(
    r"\x1b(?:\[([0-9;?<>=]*)[ $]?([@-~])|\][^\x07\x1b]*(?:\x07|\x1b\\)|[PX^_].*?\x1b\\|[^\[\]PX^_])"
)
"""One whole control sequence: CSI with its parameters and its last letter, OSC, DCS, or a short."""
UNFINISHED = re.compile(r"\x1b(?:[\[\]PX^_][^\x07\x1b]{0,200})?$")
ATTRIBUTES = 6
"""How many of the fields of `tcgetattr` are settings; the last one holds special characters."""


class Grid:
    """Just enough of a terminal: cursor addressing, erasing, text. Colours are left out."""

    def __init__(self, columns: int, rows: int) -> None:
        self.columns, self.rows = columns, rows
        self._decode = codecs.getincrementaldecoder("utf-8")("replace").decode
        self._left = ""
        self._x = self._y = 0
        self._cells: list[list[str]] = []
        self._clear()

    def feed(self, data: bytes) -> None:
        """Draw what a program wrote."""
        text = self._left + self._decode(data)
        cut = UNFINISHED.search(text)
        self._left = text[cut.start() :] if cut else ""
        text = text[: cut.start()] if cut else text
        at = 0
        for found in ESCAPE.finditer(text):
            self._write(text[at : found.start()])
            self._control(found[1] or "", found[2] or "")
            at = found.end()
        self._write(text[at:])

    def text(self) -> str:
        return "\n".join("".join(row).rstrip() for row in self._cells)

    def _clear(self) -> None:
        self._cells = [[" "] * self.columns for _ in range(self.rows)]

    def _write(self, text: str) -> None:
        for one in text:
            if one == "\r":
                self._x = 0
            elif one == "\n":
                self._y, self._x = min(self._y + 1, self.rows - 1), 0
            elif one >= " ":
                if self._x < self.columns and self._y < self.rows:
                    self._cells[self._y][self._x] = one
                self._x += 1

    def _control(self, words: str, letter: str) -> None:
        if words[:1] in "?<>=" and words:
            return
        numbers = [int(word or 0) for word in words.split(";")] if words else []
        if letter == "H":
            row, column = (*numbers, 1, 1)[:2] if numbers else (1, 1)
            self._y, self._x = max(row, 1) - 1, max(column, 1) - 1
        elif letter == "J":
            self._clear()
        elif letter == "K" and self._y < self.rows:
            rest = self.columns - self._x
            self._cells[self._y][self._x :] = [" "] * max(rest, 0)


class Terminal:
    """A pseudo-terminal with one program on it, which is gone when the block is left."""

    def __init__(
        self,
        command: Sequence[str],
        *,
        size: tuple[int, int] = (80, 24),
        cwd: Path | None = None,
        env: Mapping[str, str] | None = None,
    ) -> None:
        self._ours, self._theirs = os.openpty()
        columns, rows = size
        fcntl.ioctl(self._theirs, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self.settings = self.settings_now()
        self.grid = Grid(columns, rows)
        self.written = bytearray()
        """Everything the program wrote."""
        self.last_at = 0.0
        """When it wrote last, by the monotonic clock."""
        self._news = threading.Condition()
        self._over = threading.Event()
        self.began = time.monotonic()
        self.process = subprocess.Popen(
            command,
            stdin=self._theirs,
            stdout=self._theirs,
            stderr=self._theirs,
            cwd=cwd,
            env={**(env or os.environ), "TERM": "xterm-256color", "COLORTERM": "truecolor"},
            start_new_session=True,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self._over.set()
        self._reader.join()
        os.close(self._ours)
        os.close(self._theirs)

    def settings_now(self) -> list[object]:
        """The modes of the terminal, as `stty` shows them."""
        return list(termios.tcgetattr(self._theirs)[:ATTRIBUTES])

    def press(self, keys: str) -> float:
        """Type; when that was."""
        at = time.monotonic()
        os.write(self._ours, keys.encode())
        return at

    def text(self) -> str:
        """What can be read now."""
        with self._news:
            return self.grid.text()

    def until(self, *words: str, seconds: float = 60) -> float:
        """Wait until all of that can be read; when it could. Fails with what was there instead."""
        deadline = time.monotonic() + seconds
        with self._news:
            while not all(word in self.grid.text() for word in words):
                left = deadline - time.monotonic()
                if left <= 0 or self.process.poll() is not None:
                    missing = [word for word in words if word not in self.grid.text()]
                    raise AssertionError(f"never on the screen: {missing}\n{self.grid.text()}")
                self._news.wait(min(left, 0.5))
            return self.last_at

    def next_byte(self, seen: int, seconds: float = 5) -> float | None:
        """When more than `seen` bytes were there first; None when nothing came."""
        deadline = time.monotonic() + seconds
        with self._news:
            while len(self.written) <= seen:
                left = deadline - time.monotonic()
                if left <= 0:
                    return None
                self._news.wait(left)
            return self.last_at

    def rest(self, quiet: float = 0.3, seconds: float = 10) -> None:
        """Wait until it has written nothing for so long."""
        deadline = time.monotonic() + seconds
        while time.monotonic() - self.last_at < quiet and time.monotonic() < deadline:
            time.sleep(quiet / 10)

    def wait(self, seconds: float = 60) -> float:
        """Wait for the program's end; when that was."""
        self.process.wait(timeout=seconds)
        at = time.monotonic()
        self.rest(0.1)
        return at

    def _read(self) -> None:
        while not self._over.is_set():
            if not select.select([self._ours], [], [], 0.2)[0]:
                continue
            data = os.read(self._ours, 65536)
            with self._news:
                self.last_at = time.monotonic()
                self.written += data
                self.grid.feed(data)
                self._news.notify_all()
