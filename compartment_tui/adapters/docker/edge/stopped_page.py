"""What the edge says for a service that was stopped by hand, and to requests that are too large.

Traefik runs a little program of ours for such routes alone: it is given to the edge when that is
made, and other routes never meet it. See docs/decisions.
"""

import io
import tarfile

NAME = "sign"
"""How route documents call it."""
ROOT = "/plugins"
"""Where the edge works, and looks for its plugins."""
_MODULE = "compartment/sign"
_DIRECTORY = f"plugins-local/src/{_MODULE}"
_MANIFEST = f"""\
displayName: Sign
type: middleware
import: {_MODULE}
summary: Says that a service was stopped
testData:
  names: lmrhozlcei
"""


def arguments() -> tuple[str, ...]:
    """What the edge is started with, to have it."""
    return (f"--experimental.localplugins.{NAME}.modulename={_MODULE}",)


def archive() -> bytes:
    """Its files, as a tar archive to be unpacked in `ROOT`."""
    from importlib.resources import files  # only whoever makes an edge needs it

    source = files(__package__)
    contents = {
        "sign.go": source.joinpath("stopped_page.go").read_bytes(),
        "limit.go": source.joinpath("body_limit.go").read_bytes(),
        "go.mod": f"module {_MODULE}\n\ngo 1.21\n".encode(),
        ".traefik.yml": _MANIFEST.encode(),
    }
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        for name, content in contents.items():
            entry = tarfile.TarInfo(f"{_DIRECTORY}/{name}")
            entry.size, entry.mode = len(content), 0o644
            tar.addfile(entry, io.BytesIO(content))
    return packed.getvalue()
