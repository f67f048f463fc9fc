"""A repository with every trap we know, and what tells whether one of them was sprung."""

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

TITLE = "\x1b]0;taken\x07"
"""Would rename a terminal's window."""
HUGE = 4 * 1024**3

PROJECT = r"""
[project]
name = "shop"

[services.web]
path = "."
[services.linked]
path = "linked"
[services.site]
path = "site"
kind = "static"
[services.named]
path = "named"
build = { dockerfile = "Docker\u001b]0;taken\u0007file", secrets = { A = { file = "secret" } } }
[services.ready]
image = "busybox:1"

[environments."\u001b]0;taken\u0007"]
[environments.production.variables]
PATH = "{root}/bin"
LD_PRELOAD = "{root}/bin/evil.so"
BASH_ENV = "{root}/bin/git"
GREETING = "\u001b]0;taken\u0007$(touch {mark})`touch {mark}`"
"""
PROGRAMS = (
    *("git", "docker", "ssh", "sh", "bash", "python3", "less", "xdg-open", "xdg-settings"),
    *("www-browser", "xclip", "xsel", "wl-copy", "tmux", "pbcopy", "age", "docker-credential-x"),
    *("docker-buildx", "gpg", "git-lfs", "npm", "make", "direnv", "uname", "tput", "stty", "ps"),
)
MODULES = (
    *("docker", "textual", "typer", "rich", "tomllib", "tomli_w", "watchfiles", "pyrage", "bcrypt"),
    *("sitecustomize", "usercustomize", "conftest", "setup", "dotenv", "ctypes", "json"),
)


@dataclass(frozen=True, slots=True)
class Hostile:
    """The repository, what lies around it, and the mark that every trap leaves."""

    root: Path
    home: Path
    outside: Path
    mark: Path

    def environment(self) -> dict[str, str]:
        """Of a person who stands in it, with on PATH what many have there."""
        kept = {name: os.environ[name] for name in ("LANG", "LC_ALL", "TERM") if name in os.environ}
        path = os.pathsep.join((".", "bin", "node_modules/.bin", "", os.environ["PATH"]))
        return {
            "TERM": "xterm-256color",
            **kept,
            "PATH": path,
            "HOME": str(self.home),
            "DOCKER_HOST": f"unix://{self.outside}/no.sock",
            "GIT_CEILING_DIRECTORIES": str(self.root.parent),
            "PYTHONDONTWRITEBYTECODE": "1",
        }

    def around(self) -> dict[str, object]:
        """All that lies in the home directory, beside and in the repository, and how it is."""
        return {
            str(path): _state(path)
            for place in (self.home, self.outside, self.root)
            for path in (place, *sorted(place.rglob("*")))
        }


def _state(path: Path) -> object:
    found = path.lstat()
    what = (found.st_mode, found.st_uid, found.st_size if not path.is_dir() else 0)
    if path.is_symlink():
        return (*what, str(path.readlink()))
    small = path.is_file() and found.st_size < 1024 * 1024
    return (*what, found.st_mtime_ns, path.read_bytes() if small else b"")


def lay_traps(directory: Path) -> Hostile:
    """Make it all below a directory."""
    trap = Hostile(*(directory / name for name in ("shop", "home", "outside", "mark")))
    for place in (trap.root, trap.home, trap.outside):
        place.mkdir()
    (trap.home / ".bashrc").write_text("# mine\n")
    (trap.home / ".profile").write_text("# mine\n")
    (trap.outside / "private").write_text("PRIVATE-CANARY\n")
    program = f"#!/bin/sh\necho \"$0 $*\" >> '{trap.mark}'\ncat\n"
    for folder in (".", "bin", "node_modules/.bin", ".venv/bin"):
        for name in PROGRAMS:
            _write(trap.root / folder / name, program).chmod(0o755)
    for name in MODULES:
        _write(trap.root / f"{name}.py", f"open({str(trap.mark)!r}, 'a').write(__name__)\n")
    _files(trap)
    _links(trap)
    _git(trap)
    return trap


def _write(file: Path, text: str) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
    return file


def _files(trap: Hostile) -> None:
    root, mark = trap.root, str(trap.mark)
    text = PROJECT.replace("{root}", str(root)).replace("{mark}", mark)
    _write(root / "compartment.toml", text)
    _write(root / ".env", f"PATH={root}/bin\nLD_PRELOAD=x\nDOCKER_HOST=tcp://evil.invalid\n")
    _write(root / ".envrc", f"touch {mark}\n")
    _write(root / "package.json", f'{{"scripts": {{"preinstall": "touch {mark}"}}}}\n')
    _write(root / "Makefile", f"x := $(shell touch {mark})\n")
    _write(root / "Dockerfile", "FROM scratch\n" + "\n" * 200_000 + "COPY **/**/**/* /\n")
    _write(root / "named" / f"Docker{TITLE}file", "FROM scratch\n")
    _write(root / f"a{TITLE}b" / "Dockerfile", 'FROM scratch\nEXPOSE 1-65535\nCOPY "x" /\n')
    _write(root / "quoted" / 'Dockerfile.w"]\n[edge]', "FROM scratch\n")
    doubled = "".join(f"ENV A{n + 1}=$A{n}$A{n}\n" for n in range(60))
    _write(root / "grown" / "Dockerfile", f"FROM scratch\nENV A0=xx\n{doubled}EXPOSE $A60\n")
    _write(root / "long" / "Dockerfile", "FROM scratch\nRUN a" + " \\\n" * 200_000)
    (root / "huge").mkdir()
    with (root / "huge" / "Dockerfile").open("wb") as file:
        file.truncate(HUGE)
    for name in ("piped/Dockerfile", "piped/.dockerignore", "waits", ".python-version"):
        (root / name).parent.mkdir(exist_ok=True)
        os.mkfifo(root / name)


def _links(trap: Hostile) -> None:
    root, private = trap.root, trap.outside / "private"
    (root / "linked").mkdir()
    (root / "site").mkdir()
    for name, target in {
        ".dockerignore": private,
        "Dockerfile.dockerignore": trap.home / ".bashrc",
        ".gitignore": Path("/dev/zero"),
        "secret": root / "waits",
        "linked/Dockerfile": root / "Dockerfile",
        "away/Dockerfile": private,
        "site/page.html": private,
        "site/everything": Path("/"),
        "everything": Path("/"),
        "circle": root / "circle",
        ".compartment/production.shop.toml": trap.home / ".bashrc",
        ".compartment.toml": trap.home / ".bashrc",
        "compartment.toml~": trap.home / ".bashrc",
        "compartment.toml.lock": trap.home / ".profile",
        ".compartment.toml.lock": trap.home / ".profile",
        "compartment.toml.tmp": trap.home / ".profile",
        "errors.log": trap.home / ".profile",
    }.items():
        (root / name).parent.mkdir(exist_ok=True)
        (root / name).symlink_to(target)


def _git(trap: Hostile) -> None:
    program = trap.root / "bin" / "git"

    def git(*words: str) -> None:
        who = ("-c", "user.name=Ada", "-c", "user.email=ada@example.com")
        command = ["git", *who, "-C", str(trap.root), *words]
        subprocess.run(command, check=True, capture_output=True)

    git("init", "--initial-branch", "trunk")
    _write(trap.root / ".gitattributes", "* filter=evil diff=evil\n")
    git("add", "-f", "compartment.toml", "Dockerfile", ".gitattributes", ".dockerignore")
    git("commit", "-m", f"$(touch {trap.mark}) {TITLE}")
    os.utime(trap.root / "compartment.toml", (1, 1))
    for name in (
        *("filter.evil.clean", "filter.evil.smudge", "filter.evil.process", "core.fsmonitor"),
        *("core.sshCommand", "core.editor", "core.pager", "core.askPass", "core.gitProxy"),
        *("diff.external", "diff.evil.textconv", "diff.evil.command", "gpg.program"),
        *("core.alternateRefsCommand", "credential.helper", "remote.origin.uploadpack"),
    ):
        git("config", name, str(program))
    git("config", "log.showSignature", "true")
    git("config", "remote.origin.url", f"ext::{program} %S")
    git("config", "alias.status", f"!{program}")
    for hook in ("post-checkout", "post-index-change", "reference-transaction", "pre-auto-gc"):
        file = trap.root / ".git" / "hooks" / hook
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(program.read_bytes())
        file.chmod(0o755)
