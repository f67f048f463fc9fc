"""Variables by which a program on this machine is told what to run, to load or to believe.

A repository's file may hold them for a container; given to a program here, they would let whoever
wrote the file decide what is run as the person at the keyboard.
"""

from dataclasses import dataclass

_FOUND = "which programs are run"
_LOADED = "what is loaded into a program"
_SHELL = "what a shell runs by itself"
_SETTINGS = "where a program's settings are"
_REACHED = "which machine it talks to"


@dataclass(frozen=True, slots=True)
class _Kind:
    decides: str
    names: frozenset[str]
    prefixes: tuple[str, ...] = ()


def _kind(decides: str, names: str, prefixes: str = "") -> _Kind:
    return _Kind(decides, frozenset(names.split()), tuple(prefixes.split()))


_KINDS = (
    # Found or started by name: the search path, and what others start for their user.
    _kind(
        _FOUND,
        "PATH PATHEXT SHELL COMSPEC EDITOR VISUAL FCEDIT SUDO_EDITOR PAGER MANPAGER BROWSER"
        " LESSOPEN LESSCLOSE LESS MORE MANOPT TAR_OPTIONS RSYNC_RSH RSYNC_CONNECT_PROG CVS_RSH"
        " SVN_SSH SVN_EDITOR SSH_ASKPASS SUDO_ASKPASS SSH_SK_HELPER HGEDITOR HGMERGE HGRCPATH"
        " CC CXX CPP LD AR AS FC CCACHE_PREFIX MAKEFLAGS GNUMAKEFLAGS MFLAGS MAKEFILES MAKESHELL"
        " KUBE_EDITOR PSQL_EDITOR PSQL_PAGER PSQLRC FZF_DEFAULT_COMMAND FZF_DEFAULT_OPTS"
        " CLOUDSDK_PYTHON RUSTC RUSTC_WRAPPER RUSTC_WORKSPACE_WRAPPER RUSTDOC RUSTFLAGS"
        " DEBUGGER JAVA_HOME DOTNET_ROOT GOROOT GOFLAGS GOENV GOTOOLDIR TEXEDIT"
        " GOOGLE_EXTERNAL_ACCOUNT_ALLOW_EXECUTABLES",
        "CARGO_ CGO_ SYSTEMD_",
    ),
    # The dynamic linker, the C library, graphics and encryption: code or tables from a path.
    _kind(
        _LOADED,
        "GCONV_PATH LOCPATH NLSPATH GLIBC_TUNABLES GETCONF_DIR LIBPATH SHLIB_PATH TZDIR"
        " OPENSSL_CONF OPENSSL_ENGINES OPENSSL_MODULES SSH_SK_PROVIDER PKCS11_MODULE_PATH"
        " GTK_MODULES GTK_PATH GTK_EXE_PREFIX GIO_EXTRA_MODULES GIO_MODULE_DIR QT_PLUGIN_PATH"
        " QML2_IMPORT_PATH GDK_PIXBUF_MODULE_FILE GST_PLUGIN_PATH LIBGL_DRIVERS_PATH",
        "LD_ DYLD_ _RLD GST_PLUGIN",
    ),
    # Interpreters and virtual machines.
    _kind(
        _LOADED,
        "PYTHONPATH PYTHONHOME PYTHONSTARTUP PYTHONUSERBASE PYTHONINSPECT PYTHONBREAKPOINT"
        " PYTHONWARNINGS PYTHONPLATLIBDIR PYTHONEXECUTABLE PYTHONPYCACHEPREFIX PYTHONCASEOK"
        " PYTHON_PRESITE PYTHONCOERCECLOCALE"
        " NODE_OPTIONS NODE_PATH NODE_REPL_EXTERNAL_MODULE NODE_EXTRA_CA_CERTS"
        " PERL5OPT PERL5LIB PERLLIB PERL5DB PERL5SHELL PERL_MB_OPT PERL_MM_OPT"
        " RUBYOPT RUBYLIB RUBYSHELL GEM_HOME GEM_PATH RUBYGEMS_GEMDEPS"
        " JAVA_TOOL_OPTIONS _JAVA_OPTIONS JDK_JAVA_OPTIONS JAVA_OPTS CLASSPATH MAVEN_OPTS"
        " GRADLE_OPTS SBT_OPTS CATALINA_OPTS ANT_OPTS PHPRC PHP_INI_SCAN_DIR"
        " DOTNET_STARTUP_HOOKS DOTNET_ADDITIONAL_DEPS DOTNET_SHARED_STORE"
        " R_PROFILE R_PROFILE_USER R_ENVIRON R_ENVIRON_USER R_HOME R_LIBS R_LIBS_USER"
        " ERL_FLAGS ERL_AFLAGS ERL_ZFLAGS ERL_LIBS ELIXIR_ERL_OPTIONS CAML_LD_LIBRARY_PATH"
        " GUILE_LOAD_PATH GUILE_LOAD_COMPILED_PATH TCLLIBPATH TCL_LIBRARY AWKPATH AWKLIBPATH"
        " VIMINIT EXINIT VIM VIMRUNTIME MYVIMRC EMACSLOADPATH GOPATH",
        "LUA_ CORECLR_ COR_ JULIA_ BUNDLE_ NPM_CONFIG_ npm_config_ YARN_ PIP_ UV_ BUN_ DENO_",
    ),
    # Shells.
    _kind(
        _SHELL,
        "IFS BASH_ENV ENV SHELLOPTS BASHOPTS PS0 PS1 PS2 PS3 PS4 PROMPT_COMMAND CDPATH FPATH"
        " ZDOTDIR INPUTRC GLOBIGNORE HISTFILE BASH_LOADABLES_PATH BASH_XTRACEFD EXECIGNORE"
        " TMOUT MAILPATH NULLCMD READNULLCMD",
        "BASH_FUNC_",
    ),
    # Directories and files of settings that can name programs in their turn.
    _kind(
        _SETTINGS,
        "HOME USERPROFILE TERMINFO TERMINFO_DIRS TERMCAP TERMPATH GNUPGHOME CURL_HOME WGETRC"
        " NETRC KUBECONFIG AWS_CONFIG_FILE AWS_SHARED_CREDENTIALS_FILE CLOUDSDK_CONFIG"
        " AZURE_CONFIG_DIR KRB5_CONFIG PGSYSCONFDIR PGSERVICEFILE MYSQL_HOME LESSKEY LESSKEYIN"
        " SCREENRC TMUX_TMPDIR SSLKEYLOGFILE PYTHONHISTFILE",
        "XDG_ GIT_ ANSIBLE_ TF_CLI_ HELM_ COMPOSE_ NIX_",
    ),
    # Engines, agents, names of machines.
    _kind(
        _REACHED,
        "HOSTALIASES RESOLV_HOST_CONF RES_OPTIONS LOCALDOMAIN SSH_AUTH_SOCK CONTAINER_HOST"
        " BUILDKIT_HOST GPG_AGENT_INFO",
        "DOCKER_ BUILDX_ PODMAN_",
    ),
)
_HARMLESS = frozenset(
    (
        *("GIT_BRANCH", "GIT_COMMIT", "GIT_COMMIT_SHA", "GIT_HASH", "GIT_REF", "GIT_REVISION"),
        *("GIT_SHA", "GIT_TAG", "GIT_VERSION", "DOCKER_IMAGE", "DOCKER_TAG"),
    )
)
"""What only looks as if: git and docker do not know them, and services are often given them."""


def decided_by(key: str) -> str:
    """What a variable of this name decides on this machine, in words; empty for an ordinary one."""
    if key in _HARMLESS:
        return ""
    for kind in _KINDS:
        if key in kind.names or key.startswith(kind.prefixes or ("\0",)):
            return kind.decides
    return ""
