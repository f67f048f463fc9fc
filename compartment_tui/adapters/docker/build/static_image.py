"""A directory as a web site: the Dockerfile we write for it, and what never gets into its image.

busybox httpd would run what lies in `cgi-bin`, and whatever an `httpd.conf` in any directory names
as an interpreter. A static site is files to be read, so neither gets in. Nor does what begins with
a dot, such as `.env`: it is there for programs, and every file of an image would be public.
"""

NEVER_SERVED = ("cgi-bin", "cgi-bin/**", "**/httpd.conf", "**/.*", "**/.*/**")
WELL_KNOWN = ("!.well-known", "!.well-known/**", ".well-known/**/.*", ".well-known/**/.*/**")
"""The one such directory that is there for visitors."""

_TYPES = {
    "html": "text/html; charset=utf-8",
    "htm": "text/html; charset=utf-8",
    "txt": "text/plain; charset=utf-8",
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "mjs": "text/javascript; charset=utf-8",
    "json": "application/json",
    "map": "application/json",
    "webmanifest": "application/manifest+json",
    "xml": "text/xml",
    "svg": "image/svg+xml",
    "ico": "image/x-icon",
    "webp": "image/webp",
    "avif": "image/avif",
    "woff": "font/woff",
    "woff2": "font/woff2",
    "wasm": "application/wasm",
    "csv": "text/csv; charset=utf-8",
    "md": "text/markdown; charset=utf-8",
    "vtt": "text/vtt; charset=utf-8",
    "ics": "text/calendar; charset=utf-8",
    "rss": "application/rss+xml",
    "atom": "application/atom+xml",
    "ttf": "font/ttf",
    "otf": "font/otf",
    "jxl": "image/jxl",
    "zip": "application/zip",
    "ogg": "audio/ogg",
    "m4a": "audio/mp4",
    "pdf": "application/pdf",
    "mp4": "video/mp4",
    "webm": "video/webm",
}
"""What busybox does not know, or does not say the encoding of."""

_DOCKERFILE = """\
FROM {image}
RUN printf '%s\\n' {settings} > /etc/httpd.conf
COPY . /site
# A link may lead to what is not of the site: to the values in /proc, for one.
RUN find /site -type l -exec sh -c '{check}' sh {{}} \\;
ENTRYPOINT []
# The shell answers SIGTERM at once, which httpd as the first process would not.
CMD ["sh", "-c", "trap 'kill $!; exit 0' TERM INT; httpd -f -p ${{PORT:-3000}} -h /site & wait $!"]
"""


_CHECK = (
    'case "$(readlink -f "$1")" in /site|/site/*) ;;'
    ' *) echo "not served, it leads out of the site: $1"; rm "$1";; esac'
)


def dockerfile(image: str, fallback: str = "") -> str:
    """The site's image, made from `image`, whose httpd serves it. `404.html` is the site's own.

    With `fallback`, that page is what it says of paths it does not have; the edge says it as found.
    """
    settings = [
        f"E404:/site/{fallback or '404.html'}",
        *(f".{end}:{kind}" for end, kind in _TYPES.items()),
    ]
    quoted = " ".join(f"'{one}'" for one in settings)
    return _DOCKERFILE.format(image=image, settings=quoted, check=_CHECK)
