"""Notes on an image: what it declares and a deployment bends."""

from collections.abc import Iterator
from posixpath import normpath

from compartment_tui.domain.config import Kind, ServiceSpec
from compartment_tui.domain.deployment import Image
from compartment_tui.domain.planning.plan import Plan

SHOWN_PORTS = 4
ROOT_USERS = ("", "0", "root")


def unkept_volumes(spec: ServiceSpec, image: Image) -> tuple[str, ...]:
    """Where the image declares a VOLUME and the service has none: empty in every deployment.

    The engine makes one for each declared place, also below a mounted one: only the very place
    counts.
    """
    kept = {normpath(path) for _, path in spec.volumes}
    return tuple(path for path in image.volumes if normpath(path) not in kept)


def volume_warning(spec: ServiceSpec, image: Image) -> str:
    """That data will not stay, and what keeps it; empty when there is none to lose."""
    places = unkept_volumes(spec, image)
    if not places or spec.kind is Kind.STATIC:
        return ""
    pairs = list(spec.volumes)
    for path in places:
        pairs.append((_volume_name(path, {name for name, _ in pairs}), path))
    table = ", ".join(f'{name} = "{path}"' for name, path in pairs)
    begins = "begins" if len(places) == 1 else "begin"
    return (
        f"its image declares VOLUME {' and '.join(places)}, which {begins} empty in every"
        f" deployment; `volumes = {{ {table} }}` in [services.{spec.name}] keeps"
        f" {'it' if len(places) == 1 else 'them'}"
    )


def port_choice(spec: ServiceSpec, port: int | None, image: Image) -> str:
    """That the port is one of several the image exposes; empty when there was nothing to choose.

    There was none where the file or the variables name a `port`.
    """
    ports = image.ports
    if port is not None or not spec.kind.routed or len(ports) < 2:
        return ""
    others = [str(port) for port in ports[1 : SHOWN_PORTS + 1]]
    more = len(ports) - 1 - len(others)
    also = f"{', '.join(others)}{f' and {more} more' if more else ''}"
    return (
        f"port {ports[0]} is the first that its image exposes, beside {also}:"
        f" `port` in [services.{spec.name}] names another"
    )


def warnings(plan: Plan, image: Image) -> tuple[str, ...]:
    """What somebody should know of a deployment with this image, before and after it is live."""
    notes = (volume_warning(plan.spec, image), port_choice(plan.spec, plan.port, image))
    return tuple(one for one in notes if one)


def entrypoint_words(image: Image, command: tuple[str, ...]) -> str:
    """The whole line that runs, where the image puts something in front of a command."""
    return " ".join((*image.entrypoint, *command)) if image.entrypoint else ""


def owner_words(spec: ServiceSpec, image: Image) -> str:
    """That a volume may belong to somebody else than the process; empty when it cannot."""
    if not spec.volumes or image.user.partition(":")[0] in ROOT_USERS:
        return ""
    places = " and ".join(path for _, path in spec.volumes)
    user = image.user
    return (
        f"it runs as USER {user}, and a new volume belongs to root unless the image has"
        f" {places} with another owner: `RUN mkdir -p {places.replace(' and ', ' ')}"
        f" && chown {user} {places.replace(' and ', ' ')}` before USER in its Dockerfile"
    )


def suspects(spec: ServiceSpec, image: Image) -> Iterator[str]:
    """What may have to do with it when such a container does not come up."""
    if spec.command and (line := entrypoint_words(image, spec.command)):
        yield f"the image's ENTRYPOINT comes before `run`: {line}"
    if owner := owner_words(spec, image):
        yield owner


def release_suspect(plan: Plan, image: Image) -> str:
    """What may have to do with it when its release command fails; empty when nothing does."""
    command = plan.spec.release.command if plan.spec.release else ()
    line = entrypoint_words(image, command)
    return f"the image's ENTRYPOINT comes before it: {line}" if line else ""


def plan_rows(plan: Plan, image: Image) -> Iterator[tuple[str, str]]:
    """What an image does to this plan, under a word each, most needful first."""
    spec = plan.spec
    if data := volume_warning(spec, image):
        yield "data", data
    if choice := port_choice(spec, plan.port, image):
        yield "ports", choice
    if spec.command and (line := entrypoint_words(image, spec.command)):
        yield "runs", f"{line} (the image's ENTRYPOINT comes first)"
    if (
        plan.runs_release
        and spec.release
        and (line := entrypoint_words(image, spec.release.command))
    ):
        yield "releases", f"{line} (the image's ENTRYPOINT comes first)"
    if owner := owner_words(spec, image):
        yield "owner", owner
    if image.stop_signal and image.stop_signal.removeprefix("SIG") not in ("TERM", "15"):
        yield "stops", f"with {image.stop_signal}, the image's STOPSIGNAL, in place of SIGTERM"


def _volume_name(path: str, taken: set[str]) -> str:
    """The last part of the path, or more of it where that is taken."""
    plain = "".join(one if one.isalnum() and one.isascii() else "-" for one in path.lower())
    parts = [part for part in plain.split("-") if part] or ["data"]
    longer = ("-".join(parts[start:])[:63] for start in range(len(parts) - 1, -1, -1))
    return next((name for name in longer if name not in taken), f"volume-{len(taken)}")
