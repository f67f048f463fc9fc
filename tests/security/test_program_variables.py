"""What a project file may give to a program on this machine, and how that program is found."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from compartment_tui.domain.variables.program_variables import decided_by

PROGRAM = str(Path(sys.executable).with_name("compartment-tui"))

DECIDING = (
    *("PATH", "LD_PRELOAD", "LD_LIBRARY_PATH", "LD_AUDIT", "DYLD_INSERT_LIBRARIES", "IFS", "ENV"),
    *("BASH_ENV", "BASH_FUNC_ls%%", "SHELLOPTS", "PS4", "PROMPT_COMMAND", "ZDOTDIR", "HOME"),
    *("PYTHONPATH", "PYTHONSTARTUP", "PYTHONHOME", "PYTHONWARNINGS", "PYTHONBREAKPOINT"),
    *("NODE_OPTIONS", "NODE_PATH", "NPM_CONFIG_SCRIPT_SHELL", "npm_config_node_options"),
    *("PERL5OPT", "PERL5LIB", "RUBYOPT", "RUBYLIB", "BUNDLE_GEMFILE", "JAVA_TOOL_OPTIONS"),
    *("_JAVA_OPTIONS", "CLASSPATH", "PHPRC", "LUA_INIT", "LUA_INIT_5_4", "DOTNET_STARTUP_HOOKS"),
    *("GIT_SSH_COMMAND", "GIT_CONFIG_COUNT", "GIT_DIR", "GIT_EXTERNAL_DIFF", "GIT_ASKPASS"),
    *("DOCKER_HOST", "DOCKER_CONTEXT", "DOCKER_CONFIG", "BUILDX_BUILDER", "KUBECONFIG"),
    *("GCONV_PATH", "HOSTALIASES", "LOCPATH", "GLIBC_TUNABLES", "OPENSSL_CONF", "EDITOR"),
    *("PAGER", "BROWSER", "LESSOPEN", "TAR_OPTIONS", "RSYNC_RSH", "SSH_ASKPASS", "MAKEFLAGS"),
    *("RUSTC_WRAPPER", "GOFLAGS", "CARGO_HOME", "XDG_CONFIG_HOME", "AWS_CONFIG_FILE"),
)
ORDINARY = (
    *("DATABASE_URL", "LOG_LEVEL", "PORT", "NODE_ENV", "RAILS_ENV", "PYTHONUNBUFFERED", "TZ"),
    *("LANG", "GIT_COMMIT", "GIT_SHA", "SECRET_KEY", "PATHS", "MY_PATH", "HTTP_PROXY", "TERM"),
    *("HOMEPAGE", "ENVIRONMENT", "JAVA", "AWS_REGION", "AWS_ACCESS_KEY_ID", "PGPASSWORD", "LDAP"),
)


@pytest.mark.parametrize("key", DECIDING)
def test_what_decides_over_this_machine_is_known(key: str) -> None:
    assert decided_by(key)


@pytest.mark.parametrize("key", ORDINARY)
def test_what_configures_a_service_is_not_in_the_way(key: str) -> None:
    assert not decided_by(key)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    made = tmp_path / "shop"
    (made / "bin").mkdir(parents=True)
    for name in ("env", "own-tool"):
        (made / "bin" / name).write_text(f"#!/bin/sh\necho taken > '{tmp_path}/mark'\n")
        (made / "bin" / name).chmod(0o755)
    (made / "compartment.toml").write_text(
        '[project]\nname = "shop"\n[services]\nweb = "."\n'
        '[environments.plain.variables]\nA = "1"\n'
        f'[environments.staging.variables]\nA = "1"\nPATH = "{made}/bin"\n'
        'LD_PRELOAD = "/nowhere/evil.so"\n'
        f'[environments.staging.services.web.variables]\nBASH_ENV = "{made}/bin/env"\n'
    )
    return made


def run(project: Path, *words: str, **more: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [PROGRAM, "variable", "run", *words],
        cwd=project,
        env={**os.environ, **more},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_it_is_refused_by_name_and_given_when_asked_for(project: Path, tmp_path: Path) -> None:
    refused = run(project, "-e", "staging", "-s", "web", "--", "env")
    assert refused.returncode == 2
    for key in ("BASH_ENV", "LD_PRELOAD", "PATH"):
        assert f"{key} (" in refused.stderr
        assert f"--allow {key}" in refused.stderr
    some = run(project, "-e", "staging", "--allow", "LD_PRELOAD", "--", "env")
    assert some.returncode == 2
    assert "LD_PRELOAD (" not in some.stderr
    allowed = ("--allow", "LD_PRELOAD", "--allow", "PATH")
    # The one of the person's PATH, although the file's is what it gets.
    found = run(project, "-e", "staging", *allowed, "--", "env")
    assert found.returncode == 0, found.stderr
    lines = found.stdout.splitlines()
    assert f"PATH={project}/bin" in lines
    assert "LD_PRELOAD=/nowhere/evil.so" in lines
    assert "A=1" in lines
    assert not (tmp_path / "mark").exists()
    missing = run(project, "-e", "staging", *allowed, "--", "own-tool")
    assert missing.returncode == 7, missing.stderr
    assert not (tmp_path / "mark").exists()


def test_an_export_names_what_a_shell_should_not_read(project: Path) -> None:
    words = [PROGRAM, "variable", "export", "-e", "staging"]
    done = subprocess.run(words, cwd=project, capture_output=True, text=True, check=True)
    assert "this decides what is run: LD_PRELOAD, PATH" in done.stderr
    assert "decides" not in done.stdout


def test_the_persons_own_path_is_as_it_was(project: Path, tmp_path: Path) -> None:
    """Also what of it is relative: for what the person runs, not for what we do."""
    path = f"bin{os.pathsep}{os.environ['PATH']}"
    done = run(project, "-e", "plain", "--", "own-tool", PATH=path)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "mark").exists()
    (project / "bin" / "env").unlink()
    found = run(project, "-e", "plain", "--", "env", PATH=path)
    assert f"PATH={path}" in found.stdout.splitlines()


def test_nothing_of_the_file_reaches_a_program_of_ours(project: Path, tmp_path: Path) -> None:
    """Build arguments and values go to the engine; git and docker get the person's environment."""
    from compartment_tui.adapters.docker.api.address import Address
    from compartment_tui.adapters.docker.build.build_command import child_environment
    from compartment_tui.adapters.git_command import child_environment as for_git

    file = project / "compartment.toml"
    file.write_text(file.read_text().replace("staging", "production"))
    for given in (child_environment(Address(url="unix:///x", chosen_by="")), for_git()):
        assert given["PATH"] == os.environ["PATH"]
        assert "LD_PRELOAD" not in given
