"""What may help with a build that failed."""

from pathlib import Path

import pytest

from compartment_tui.adapters.docker.build import builder_abilities as abilities
from compartment_tui.adapters.docker.build.build_advice import (
    BuildSite,
    build_advice,
    matching_pattern,
    sources,
)
from compartment_tui.adapters.docker.build.build_command import BuildCommand
from compartment_tui.adapters.docker.build.build_context import NEVER_SENT, Recipe
from compartment_tui.adapters.docker.build.build_progress import Breakdown
from compartment_tui.domain.config import ServiceSpec

OLD = "20.10.24+dfsg1"
BUILDKIT = BuildCommand(path="/usr/bin/docker", version="20.10.24", buildx=None)
FROM = "FROM busybox:1\n"


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    for path in (
        "packages/shared/x/a.js",
        "apps/web/src/b.js",
        "apps/common/c.js",
        "apps/web/dist/d.js",
        "apps/web/.compartment/HEAD",
    ):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text("")
    return tmp_path


def site(
    root: Path,
    text: str = FROM,
    *,
    command: BuildCommand | None = BUILDKIT,
    engine: str = OLD,
    ignored: tuple[str, ...] = (),
    tree: Path | None = None,
) -> BuildSite:
    context = root / "apps" / "web"
    context.mkdir(parents=True, exist_ok=True)
    (context / "Dockerfile").write_text(text)
    recipe = Recipe(
        context=context.resolve(),
        dockerfile=context / "Dockerfile",
        ignored=(*ignored, *NEVER_SENT),
        shown="apps/web/Dockerfile",
    )
    spec = ServiceSpec(name="web", path="apps/web")
    return BuildSite(
        spec=spec, recipe=recipe, root=root, working_tree=tree, command=command, engine=engine
    )


def failed(instruction: str, reason: str = '"/x" not found: not found') -> Breakdown:
    return Breakdown(reason=reason, step="2", instruction=instruction)


@pytest.mark.parametrize(
    ("instruction", "said"),
    [
        (
            "COPY packages/shared/x .",
            '`path = "."` and `build = { dockerfile = "apps/web/Dockerfile" }` in [services.web]',
        ),
        ("COPY --chown=1:1 ./packages/shared /x", 'path = "."'),
        ('COPY ["packages/shared/x", "src", "/app/"]', 'path = "."'),
        ("ADD packages/*/x /x", 'path = "."'),
        ("COPY common /c", '`path = "apps"` and `build = { dockerfile = "web/Dockerfile" }`'),
        ("COPY ../common /c", "COPY apps/common"),
        ("COPY ../../packages/shared/x .", "COPY packages/shared/x"),
        ("COPY ../../../elsewhere .", "lies outside of the build context apps/web"),
        ("COPY nowhere .", "there is no nowhere in the build context apps/web"),
        ("COPY .compartment .", ".compartment is there, but .compartment never enters a build"),
        ("COPY dist /app", "dist is there, but left out of the build context by `dist`"),
    ],
)
def test_what_the_context_lacks_is_named_with_what_has_it(
    repository: Path, instruction: str, said: str
) -> None:
    advice = build_advice(site(repository, ignored=("dist",)), failed(instruction))
    assert said in advice


@pytest.mark.parametrize(
    "instruction",
    ["COPY --from=build /nowhere /x", "ADD https://x/y /z", "COPY $NAME .", "COPY src ."],
)
def test_what_is_there_or_cannot_be_told_is_not_talked_about(
    repository: Path, instruction: str
) -> None:
    assert build_advice(site(repository), failed(instruction)) == ""


def test_a_file_that_a_commit_has_not(repository: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    (copy / "apps" / "web").mkdir(parents=True)
    advice = build_advice(site(copy, tree=repository), failed("COPY dist ."))
    assert "dist is not in that commit" in advice


def test_git_in_a_run_instruction(repository: Path) -> None:
    found = Breakdown(
        reason="exit code: 128",
        step="3",
        instruction="RUN git describe",
        exit_code=128,
        tail=("fatal: not a git repository (or any of the parent directories): .git",),
    )
    assert "build.args" in build_advice(site(repository), found)


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("RUN <<EOF\necho hello\nEOF\n", "here-documents"),
        ("COPY <<-'END' /x\nhello\nEND\n", "here-documents"),
        ("COPY --link src /x\n", "COPY --link"),
        ("ADD --link src /x\n", "COPY --link"),
        ("COPY --parents a/b /x\n", "COPY --parents"),
        ("ADD --checksum=sha256:1 https://x/y /z\n", "ADD --checksum"),
        ("COPY --exclude=*.md . /x\n", "COPY --exclude"),
    ],
)
def test_what_a_builder_does_not_take_is_named_with_it(
    repository: Path, text: str, form: str
) -> None:
    broken = Breakdown(reason="dockerfile parse error line 2: unknown flag")
    advice = build_advice(site(repository, FROM + text), broken)
    assert form in advice
    assert "BuildKit of Docker 20.10.24+dfsg1, by /usr/bin/docker 20.10.24" in advice
    assert "# syntax=docker/dockerfile:1" in advice
    classic = build_advice(site(repository, FROM + text, command=None), broken)
    assert "the engine's own builder without BuildKit (Docker 20.10.24+dfsg1)" in classic
    assert "buildx" in classic


def test_a_builder_that_takes_it_is_not_blamed(repository: Path) -> None:
    text = f"{FROM}RUN --mount=type=cache,target=/x false\nCOPY --link --chmod=1 src /x\n"
    broken = Breakdown(reason="exit code: 1", step="2", instruction="RUN false", exit_code=1)
    assert "COPY --link" in build_advice(site(repository, text), broken)
    assert "RUN --mount" not in build_advice(site(repository, text), broken)
    assert build_advice(site(repository, text, engine="27.3.1"), broken) == ""
    quiet = f"{FROM}# RUN <<EOF\nRUN echo '--link' 1 < 2 && false\n"
    assert build_advice(site(repository, quiet), broken) == ""


def test_a_frontend_without_a_registry(repository: Path) -> None:
    plain = f"# syntax=docker/dockerfile:1.4\n{FROM}"
    silent = Breakdown(
        reason="docker/dockerfile:1.4: dial tcp: lookup registry-1.docker.io: no such host"
    )
    advice = build_advice(site(repository, plain), silent)
    assert "leave the `# syntax=` line out" in advice
    newer = f"{plain}RUN <<EOF\ntrue\nEOF\n"
    assert "here-documents" in build_advice(site(repository, newer), silent)


def test_sources_and_patterns() -> None:
    assert sources("COPY a b /c/") == ("a", "b")
    assert sources("RUN cp a b") == ()
    assert matching_pattern(("*.md", "!README.md"), "README.md") is None
    assert matching_pattern(("*.md", "!README.md"), "x.md") == "*.md"
    assert matching_pattern((), "x") is None


def test_versions() -> None:
    assert abilities.version_of(OLD) == (20, 10)
    assert abilities.version_of("28.2.2") == (28, 2)
    assert abilities.version_of("dev") == (0, 0)
