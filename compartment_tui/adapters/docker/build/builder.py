"""Making images: by a docker command with BuildKit where there is one, else by the engine alone."""

import re
import threading
from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from compartment_tui.adapters.docker.api import labels
from compartment_tui.adapters.docker.api.build_and_pull import (
    NOTE,
    build_chunks,
    build_context,
    pull_chunks,
)
from compartment_tui.adapters.docker.api.cancellable_stream import Chunk, Silence
from compartment_tui.adapters.docker.api.client import Client
from compartment_tui.adapters.docker.api.errors import NO_SPACE, disk_full, reason
from compartment_tui.adapters.docker.build.background_build import BackgroundBuild, BuildStop
from compartment_tui.adapters.docker.build.build_advice import BuildSite, build_advice
from compartment_tui.adapters.docker.build.build_command import (
    BuildCommand,
    child_environment,
    find_build_command,
)
from compartment_tui.adapters.docker.build.build_context import Recipe, prepared
from compartment_tui.adapters.docker.build.build_progress import (
    Breakdown,
    ClassicProgress,
    PlainProgress,
    pull_words,
)
from compartment_tui.adapters.docker.build.build_secrets import SecretFiles, secret_files
from compartment_tui.adapters.docker.build.child_process import run_child
from compartment_tui.adapters.docker.build.ignore_file import sent_paths
from compartment_tui.adapters.docker.resources.images import give_name
from compartment_tui.adapters.docker.resources.images import image as image_on_engine
from compartment_tui.adapters.repository_files import FileRefused, read_inside
from compartment_tui.background import Background
from compartment_tui.domain.config import ServiceSpec
from compartment_tui.domain.deployment import Image
from compartment_tui.domain.dockerfile import own_ports
from compartment_tui.domain.errors import (
    BuildFailed,
    CompartmentError,
    DiskFull,
    EngineProblem,
    EngineUnreachable,
    ImageUnavailable,
)
from compartment_tui.domain.planning.plan import Plan
from compartment_tui.ports import Cancel, Project

PULL_PATIENCE_SECONDS = 10.0
LONGEST_INSTRUCTION = 80
SIDE_BY_SIDE = 4
"""How many builds are begun at once."""
IN_CONTEXT = ".compartment.Dockerfile"
"""Where the engine's own builder finds the Dockerfile; always the same, or its cache would miss."""
IGNORE_FILE = ".dockerignore"

_NO_ENGINE = re.compile(r"Cannot connect to the Docker daemon|error during connect")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _BegunBuild:
    """A build that goes on before its run is there."""

    plan: Plan
    build: BackgroundBuild
    stop: BuildStop

    def makes_image_of(self, plan: Plan) -> bool:
        """Whether it makes what that plan asks for; it may be planned anew meanwhile."""
        return _asked_for(self.plan) == _asked_for(plan)


def _asked_for(plan: Plan) -> tuple[object, ...]:
    """All of a plan that its image is made from."""
    secrets = {name: value.reveal() for name, value in plan.build_secrets.items()}
    return plan.key, plan.source, plan.spec, plan.root, secrets


class DockerBuilder:
    """`Builder` on one Docker engine, for one project."""

    def __init__(self, client: Client, project: Project) -> None:
        self._client = client
        self._project = project
        self._begun: list[_BegunBuild] = []

    def warm_up(self) -> None:
        threading.Thread(target=find_build_command, daemon=True).start()

    @contextmanager
    def ahead(self, plans: tuple[Plan, ...], cancel: Cancel) -> Iterator[None]:
        for plan in plans[:SIDE_BY_SIDE]:
            if self._begun_for(plan) is None:
                stop = BuildStop(cancel)
                build = BackgroundBuild(self._build(plan, stop))
                self._begun.append(_BegunBuild(plan=plan, build=build, stop=stop))
        try:
            yield
        finally:
            begun = [one for plan in plans if (one := self._begun_for(plan)) is not None]
            for one in begun:
                one.stop.now()
            for one in begun:
                one.build.join()
                self._begun.remove(one)

    def _begun_for(self, plan: Plan) -> "_BegunBuild | None":
        return next((one for one in self._begun if one.makes_image_of(plan)), None)

    def build(self, plan: Plan, cancel: Cancel) -> Generator[str, None, Image]:
        begun = self._begun_for(plan)
        if begun is None:
            return (yield from self._build(plan, cancel))
        self._begun.remove(begun)
        return (yield from begun.build.lines())

    def _build(self, plan: Plan, cancel: Cancel) -> Generator[str, None, Image]:
        with (
            prepared(plan.spec, self._project, plan.root) as ready,
            secret_files(plan, self._project.root) as secrets,
        ):
            text = ready.dockerfile.read_text(encoding="utf-8", errors="replace")
            ports = own_ports(text, dict(plan.spec.build.args), plan.spec.build.target)
            command = find_build_command()
            if command is not None:
                image_id = yield from self._build_with(command, plan, ready, secrets, cancel)
            elif not secrets.files:
                image_id = yield from self._build_classic(plan, ready, cancel)
            else:
                raise _no_secrets_here(plan)
        return self._named(image_id, plan, ports)

    def pull(self, plan: Plan, cancel: Cancel) -> Generator[str, None, Image]:
        reference = plan.spec.image or ""
        failure: EngineProblem | Silence | None = None
        try:
            with self._client.translate(f"pull {reference}"):
                yield from self._pull(reference, cancel)
        except DiskFull:
            raise
        except (EngineProblem, Silence) as error:
            failure = error
        image = image_on_engine(self._client, reference)
        if image is None:
            raise ImageUnavailable(
                f"{reference} can neither be pulled nor is it on the engine: {_why(failure)}",
                hint="check its name, the registry, and `docker login`",
            ) from failure
        if failure is not None:
            yield (
                f"{reference} could not be pulled ({_why(failure)}); "
                "using the image that is on the engine"
            )
        return image

    def _build_with(
        self,
        command: BuildCommand,
        plan: Plan,
        recipe: Recipe,
        secrets: SecretFiles,
        cancel: Cancel,
    ) -> Generator[str, None, str]:
        id_file = recipe.dockerfile.with_name("image-id")
        options = (*_options(plan, recipe, id_file), *secrets.options())
        words = (*command.start(), *options, str(recipe.context))
        progress = PlainProgress()
        with self._client.host_of_commands() as host:
            child = run_child(words, child_environment(self._client.address, host), cancel)
            with closing(child):
                exit_code = yield from _fed(child, progress, secrets)
        if exit_code or not id_file.exists():
            raise self._failed(plan, recipe, progress.breakdown(), command)
        return id_file.read_text(encoding="ascii").strip()

    def _build_classic(
        self, plan: Plan, recipe: Recipe, cancel: Cancel
    ) -> Generator[str, None, str]:
        progress = ClassicProgress()

        settings = {
            "dockerfile": IN_CONTEXT,
            "target": plan.spec.build.target,
            "buildargs": dict(plan.spec.build.args),
            "labels": _labels(plan),
        }
        chunks = build_chunks(self._client, cancel, lambda: _packed(plan, recipe), settings)
        try:
            with self._client.translate("build it"), closing(chunks):
                for chunk in chunks:
                    yield from _notes(chunk) or progress.feed(chunk)
        except (DiskFull, EngineUnreachable):
            raise
        except (
            EngineProblem
        ) as error:  # the engine did not even begin: the Dockerfile is no Dockerfile
            found = Breakdown(reason=_engine_words(error))
            raise self._failed(plan, recipe, found, None) from error
        if progress.failed or not progress.image:
            raise self._failed(plan, recipe, progress.breakdown(), None)
        return progress.image

    def _failed(
        self, plan: Plan, recipe: Recipe, found: Breakdown, command: BuildCommand | None
    ) -> CompartmentError:
        """The failure, with what may help."""
        failure = _failure(plan.spec, recipe, found)
        if not isinstance(failure, BuildFailed):
            return failure
        site = BuildSite(
            spec=plan.spec,
            recipe=recipe,
            root=plan.root or self._project.root,
            working_tree=self._project.root if plan.root else None,
            command=command,
            engine=self._engine_version(),
        )
        failure.hint = build_advice(site, found) or failure.hint
        return failure

    def _engine_version(self) -> str:
        try:
            with self._client.translate("tell its version"):
                return self._client.version()
        except (EngineProblem, KeyError):
            return ""

    def _pull(self, reference: str, cancel: Cancel) -> Iterator[str]:
        chunks = pull_chunks(self._client, reference, cancel, patience=PULL_PATIENCE_SECONDS)
        with closing(chunks):
            for chunk in chunks:
                if "error" in chunk:
                    raise _refusal(str(chunk["error"]).strip())
                yield from _notes(chunk) or pull_words(chunk)

    def _named(self, image_id: str, plan: Plan, ports: tuple[int, ...]) -> Image:
        """The image, under a name that keeps it from being cleaned up as a left-over."""
        names = (plan.key.project, plan.service)
        # It is named while it is looked at: what is not there gets no name.
        naming = Background(lambda: give_name(self._client, image_id, *names))
        image = image_on_engine(self._client, image_id, ports)
        if image is None:
            with suppress(CompartmentError):
                naming.answer()
            raise BuildFailed(
                f"the image of {plan.service} was built, but is not on the engine",
                hint="is another builder chosen? see `docker buildx ls`",
            )
        naming.answer()
        return image


def _notes(chunk: Chunk) -> tuple[str, ...]:
    return (str(chunk[NOTE]),) if NOTE in chunk else ()


def _options(plan: Plan, recipe: Recipe, id_file: Path) -> Iterator[str]:
    build = plan.spec.build
    yield from ("--progress=plain", f"--iidfile={id_file}", f"--file={recipe.dockerfile}")
    for name, value in _labels(plan).items():
        yield f"--label={name}={value}"
    for name, value in build.args:
        yield f"--build-arg={name}={value}"
    if build.target is not None:
        yield f"--target={build.target}"


def _labels(plan: Plan) -> dict[str, str]:
    # Nothing that changes from build to build: the same content must stay the same image.
    return {labels.PROJECT: plan.key.project, labels.SERVICE: plan.service}


def _no_secrets_here(plan: Plan) -> BuildFailed:
    return BuildFailed(
        f"the image of {plan.service} cannot be built: its build has secrets, and only BuildKit"
        " keeps them out of the image",
        hint="install the docker command with its buildx plugin; `docker buildx version` shows it",
    )


def _fed(
    child: Generator[str, None, int], progress: PlainProgress, secrets: SecretFiles
) -> Generator[str, None, int]:
    while True:
        try:
            line = next(child)
        except StopIteration as end:
            return int(end.value)
        yield from progress.feed(secrets.masked(line))


def _packed(plan: Plan, recipe: Recipe) -> Any:  # noqa: ANN401  (an open file of the SDK's making)
    """The context as the engine's own builder takes it. Raises BuildFailed.

    The engine removes from it what an ignore file in it names: the Dockerfile's copy, and the
    ignore file itself where the user has or wants none there.
    """
    dockerfile = recipe.dockerfile.read_text(encoding="utf-8", errors="replace")
    ignore_file = recipe.context / IGNORE_FILE
    try:
        paths = list(sent_paths(recipe.context, recipe.ignored))
        kept = IGNORE_FILE
        if IGNORE_FILE in paths and ignore_file.is_file():
            kept = read_inside(recipe.root or recipe.context, ignore_file).decode(
                "utf-8", "replace"
            )
        added = [(IGNORE_FILE, f"{kept.rstrip()}\n{IN_CONTEXT}\n"), (IN_CONTEXT, dockerfile)]
        return build_context(str(recipe.context), paths, added)
    except FileRefused as why:
        raise BuildFailed(
            f"the image of {plan.service} cannot be built: {IGNORE_FILE} {why}"
        ) from why
    except OSError as error:
        cause = error.__cause__ if isinstance(error.__cause__, OSError) else error
        raise BuildFailed(
            f"the image of {plan.service} cannot be built: {cause.filename} cannot be read:"
            f" {cause.strerror}"
        ) from error


def _failure(spec: ServiceSpec, recipe: Recipe, found: Breakdown) -> CompartmentError:
    start = f"the image of {spec.name} cannot be built: "
    if found.disk_full:
        return disk_full(start)
    if _NO_ENGINE.search(found.reason):
        return EngineUnreachable(start + found.reason)
    if found.base_image:
        what = "its registry did not answer" if found.registry_silent else found.reason
        return BuildFailed(
            f"{start}the base image {found.base_image} could not be pulled: {what}",
            hint="check the name in the Dockerfile, the network, and `docker login`",
            tail=(found.reason,),
        )
    if not found.step:
        return BuildFailed(f"{start}{recipe.shown}: {found.reason}", tail=found.tail)
    ended = (
        f"failed: {found.reason}" if found.exit_code is None else f"exited with {found.exit_code}"
    )
    where = f"{recipe.shown} step {found.step}: {_shortened(found.instruction)}"
    return BuildFailed(f"{start}{where} {ended}", tail=found.tail)


def _shortened(instruction: str) -> str:
    line = " ".join(instruction.split())
    return line if len(line) <= LONGEST_INSTRUCTION else f"{line[:LONGEST_INSTRUCTION]}…"


def _refusal(words: str) -> EngineProblem:
    return disk_full() if NO_SPACE in words.lower() else EngineProblem(words)


def _why(failure: Exception | None) -> str:
    if isinstance(failure, Silence):
        return f"no progress for {PULL_PATIENCE_SECONDS:.0f} s"
    return _engine_words(failure) if failure else "it was gone at once"


def _engine_words(error: Exception) -> str:
    """The engine's own words, without ours around them."""
    return reason(error.__cause__) if error.__cause__ is not None else str(error)
