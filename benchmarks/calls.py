"""What the product asks of the engine, call by call."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from benchmarks.ground import Ground
from benchmarks.product import Product
from benchmarks.proxy import Call, CountingProxy
from compartment_tui.adapters.docker.api.address import find_address


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """The calls of one command; `at` of each is in seconds since the first."""

    what: str
    calls: tuple[Call, ...]

    def counted(self) -> Counter[str]:
        """How often each endpoint was asked."""
        return Counter(call.endpoint for call in self.calls)


def measure(ground: Ground, tell: Callable[[str], None]) -> list[Asked]:
    """A deploy, a rollback, a deploy of nothing new, a look. Nothing when the engine is remote."""
    socket = find_address().socket
    if socket is None:
        tell("calls are not counted: the engine is not behind a local socket")
        return []
    tell("calls to the engine")
    product, found = Product(ground=ground), []
    unchanged = (ground.shop / "services" / "web" / "version.txt").read_text(encoding="utf-8")
    ground.version(ground.shop, "counted")
    for what, words in (
        ("deploy with one changed file", ("deploy",)),
        ("deploy of nothing new", ("deploy",)),
        ("rollback", ("rollback",)),
        ("status", ("status",)),
    ):
        with CountingProxy(socket, ground.folder / "docker.sock") as proxy:
            product.run(*words, docker_host=proxy.address)
            calls = tuple(proxy.calls)
        found.append(Asked(what=what, calls=_from_zero(calls)))
    (ground.shop / "services" / "web" / "version.txt").write_text(unchanged, encoding="utf-8")
    return found


def _from_zero(calls: tuple[Call, ...]) -> tuple[Call, ...]:
    start = calls[0].at if calls else 0.0
    return tuple(Call(at=call.at - start, method=call.method, path=call.path) for call in calls)
