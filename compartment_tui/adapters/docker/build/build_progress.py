"""What a build prints, for people: a line per thing that happened, and which step failed with what.

Two dialects: BuildKit's plain progress, and the JSON of the engine's classic builder.
"""

import re
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

TAIL_LINES = 20

_VERTEX = re.compile(r"#(\d+) (.*)")
_DIGEST = re.compile(r"(?:digest: )?sha256:[0-9a-f]{64}")
_TIMED = re.compile(r"\d+\.\d+ ?(.*)")
_STEP = re.compile(r"\[(?:(\S+) )?(\d+)/\d+\] (.*)", re.DOTALL)
_CLASSIC_STEP = re.compile(r"Step (\d+)/\d+ : (.*)", re.DOTALL)
_BASE_IMAGE = re.compile(r"\[internal\] load metadata for (.*)")
_EXIT_CODE = re.compile(r"(?:exit code|non-zero code): (-?\d+)")
_PREAMBLE = re.compile(
    r"^(?:ERROR: )?(?:failed to solve(?: with frontend \S+)?: )?"
    r"(?:failed to create LLB definition: |rpc error: code = \w+ desc = "
    r"|failed to compute cache key: |failed to (?:build|solve|read dockerfile): )*"
)
_NO_ANSWER = re.compile(
    r"dial tcp|no such host|timeout|timed out|refused|unreachable|deadline|EOF|TLS handshake"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Breakdown:
    """Where and why a build stopped. `step` is `4` or `4 of stage final`, empty before any."""

    reason: str
    step: str = ""
    instruction: str = ""
    base_image: str = ""
    exit_code: int | None = None
    tail: tuple[str, ...] = ()

    @property
    def registry_silent(self) -> bool:
        """The base image's registry did not answer, rather than refused."""
        return bool(_NO_ANSWER.search(self.reason))

    @property
    def disk_full(self) -> bool:
        return any("no space left on device" in line.lower() for line in (self.reason, *self.tail))


@dataclass(slots=True)
class _Vertex:
    name: str
    tail: deque[str] = field(default_factory=lambda: deque(maxlen=TAIL_LINES))

    @property
    def housekeeping(self) -> bool:
        return self.name.startswith(("[internal]", "[auth]", "exporting", "building with"))


class PlainProgress:
    """The lines of `--progress=plain`. Steps run at once, so lines of several may alternate."""

    def __init__(self) -> None:
        self._vertices: dict[str, _Vertex] = {}
        self._failed: tuple[_Vertex, str] | None = None
        self._loose: deque[str] = deque(maxlen=TAIL_LINES)

    def feed(self, line: str) -> Iterator[str]:
        """What a person should read of this line: itself, shortened, or nothing."""
        match = _VERTEX.fullmatch(line)
        if match is None:
            if line.strip() and not line.startswith("---"):
                self._loose.append(line.strip())
            return
        number, rest = match[1], match[2]
        if (vertex := self._vertices.get(number)) is None:
            vertex = self._vertices[number] = _Vertex(name=rest)
            if not vertex.housekeeping:
                yield rest
        elif rest not in (vertex.name, "...") and not _DIGEST.fullmatch(rest):
            yield from self._detail(vertex, rest)

    def _detail(self, vertex: _Vertex, rest: str) -> Iterator[str]:
        if rest.startswith("ERROR: "):
            self._failed = self._failed or (vertex, rest.removeprefix("ERROR: "))
        elif rest == "CACHED":
            yield f"cached: {vertex.name}"
        elif timed := _TIMED.fullmatch(rest):
            vertex.tail.append(timed[1])
            yield timed[1]
        elif not vertex.housekeeping and not rest.startswith(("DONE", "CANCELED")):
            yield rest

    def breakdown(self) -> Breakdown:
        if self._failed is None:
            return Breakdown(reason=self._last_words(), tail=tuple(self._loose))
        vertex, error = self._failed
        reason = _PREAMBLE.sub("", error)
        if base := _BASE_IMAGE.fullmatch(vertex.name):
            return Breakdown(reason=reason, base_image=_short_reference(base[1]))
        step = _STEP.fullmatch(vertex.name)
        if step and step[3].startswith("FROM "):
            return Breakdown(reason=reason, base_image=_short_reference(_of_from(step[3])))
        stage = f" of stage {step[1]}" if step and step[1] else ""
        return Breakdown(
            reason=reason,
            step=f"{step[2]}{stage}" if step else "",
            instruction=step[3] if step else vertex.name,
            exit_code=_exit_code(error),
            tail=tuple(vertex.tail) or tuple(self._loose),
        )

    def _last_words(self) -> str:
        """What the command said at last, an error before any hint that may follow it."""
        errors = [line for line in self._loose if line.lower().startswith(("error", "failed"))]
        last = (errors or list(self._loose) or ["the docker command ended without a word"])[-1]
        return _PREAMBLE.sub("", last)


class ClassicProgress:
    """The chunks the engine's own builder sends. One step at a time."""

    def __init__(self) -> None:
        self.image = ""
        """The image's id, once there is one."""
        self._unfinished = ""
        self._step = ("", "")
        self._error = ""
        self._tail: deque[str] = deque(maxlen=TAIL_LINES)

    def feed(self, chunk: Mapping[str, Any]) -> Iterator[str]:
        """The lines a person should read of this chunk."""
        if "error" in chunk:
            self._error = str(chunk["error"]).strip()
        elif "aux" in chunk:
            self.image = str(chunk["aux"].get("ID", self.image))
        elif "stream" in chunk:
            *whole, self._unfinished = (self._unfinished + chunk["stream"]).split("\n")
            for line in whole:
                yield from self._line(line.rstrip("\r"))
        else:
            yield from pull_words(chunk)

    def _line(self, line: str) -> Iterator[str]:
        if step := _CLASSIC_STEP.fullmatch(line):
            self._step = (step[1], step[2])
            self._tail.clear()
            yield line
        elif line == " ---> Using cache":
            yield f"cached: {self._step[1]}"
        elif line.strip() and not line.startswith((" ---> ", "Removing intermediate container")):
            self._tail.append(line)
            yield line

    @property
    def failed(self) -> bool:
        return bool(self._error)

    def breakdown(self) -> Breakdown:
        number, instruction = self._step
        if instruction.upper().startswith("FROM "):
            return Breakdown(reason=self._error, base_image=_of_from(instruction))
        return Breakdown(
            reason=self._error,
            step=number,
            instruction=instruction,
            exit_code=_exit_code(self._error),
            tail=tuple(self._tail),
        )


def pull_words(chunk: Mapping[str, Any]) -> Iterator[str]:
    """The line for a chunk of a pull: changes of state, not every byte that came."""
    status = str(chunk.get("status", "")).strip()
    if status and not chunk.get("progressDetail"):
        yield f"{chunk['id']}: {status}" if chunk.get("id") else status


def _exit_code(error: str) -> int | None:
    match = _EXIT_CODE.search(error)
    return int(match[1]) if match else None


def _of_from(instruction: str) -> str:
    words = [word for word in instruction.split()[1:] if not word.startswith("--")]
    return words[0] if words else ""


def _short_reference(reference: str) -> str:
    """An image as people write it."""
    return reference.removeprefix("docker.io/").removeprefix("library/")
