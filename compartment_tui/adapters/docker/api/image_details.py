"""An image, out of Docker's JSON. Pure."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from compartment_tui.domain.deployment import HealthCheck, Image
from compartment_tui.domain.dockerfile import exposed

Json = Mapping[str, Any]

_EXPOSED = re.compile(r"^(?:/bin/sh -c #\(nop\)\s+)?EXPOSE (.*)", re.DOTALL)
_BY_SHELL = "CMD-SHELL"
_SHELL = ("/bin/sh", "-c")


def ports_as_written(image: Image, *orders: tuple[int, ...]) -> Image:
    """With its ports in the first of these orders that has them; the rest by number."""
    wanted = dict.fromkeys(port for order in orders for port in order if port in image.ports)
    return replace(image, ports=tuple(dict.fromkeys((*wanted, *image.ports))))


def ports_of_history(layers: Sequence[Json]) -> tuple[int, ...]:
    """What an image's instructions exposed, the oldest first; within one they are sorted."""
    ports: list[int] = []
    for layer in reversed(layers):
        if found := _EXPOSED.search(str(layer.get("CreatedBy") or "")):
            ports += sorted(exposed(re.sub(r"map\[|:\{\}|[\[\]]", " ", found[1])))
    return tuple(dict.fromkeys(ports))


def image_of(data: Json) -> Image:
    """An inspected image. Its ports are in numerical order: the engine does not keep the file's."""
    config = data.get("Config") or {}
    exposed = (port.partition("/") for port in config.get("ExposedPorts") or ())
    return Image(
        id=data["Id"],
        ports=tuple(sorted(int(number) for number, _, kind in exposed if kind in ("", "tcp"))),
        check=_check_of(config),
        volumes=tuple(sorted(config.get("Volumes") or ())),
        user=config.get("User") or "",
        entrypoint=_words(config.get("Entrypoint")),
        stop_signal=config.get("StopSignal") or "",
    )


def _check_of(config: Json) -> HealthCheck | None:
    found = config.get("Healthcheck") or {}
    how, *words = _words(found.get("Test")) or ("NONE",)
    if how == "NONE" or not words:
        return None
    usual = HealthCheck(command=())
    return HealthCheck(
        command=(*(_words(config.get("Shell")) or _SHELL), *words)
        if how == _BY_SHELL
        else (*words,),
        interval=_nanoseconds(found.get("Interval")) or usual.interval,
        timeout=_nanoseconds(found.get("Timeout")) or usual.timeout,
        start_period=_nanoseconds(found.get("StartPeriod")) or usual.start_period,
    )


def _words(found: Any) -> tuple[str, ...]:  # noqa: ANN401  (a list, a text or nothing)
    return (found,) if isinstance(found, str) else tuple(found or ())


def _nanoseconds(count: int | None) -> timedelta:
    return timedelta(microseconds=(count or 0) / 1000)
