"""A directory as a web site: the Dockerfile we write for it, and what never gets into its image.

busybox httpd would run what lies in `cgi-bin`, and whatever an `httpd.conf` in any directory names
as an interpreter. A static site is files to be read, so neither gets in.
"""

NEVER_SERVED = ("cgi-bin", "cgi-bin/**", "**/httpd.conf", ".dockerignore")

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
    "pdf": "application/pdf",
    "mp4": "video/mp4",
    "webm": "video/webm",
}
"""What busybox does not know, or does not say the encoding of."""

_DOCKERFILE = """\
FROM {image}
RUN printf '%s\\n' {settings} > /etc/httpd.conf
COPY . /site
ENTRYPOINT []
# The shell answers SIGTERM at once, which httpd as the first process would not.
CMD ["sh", "-c", "trap 'kill $!; exit 0' TERM INT; httpd -f -p ${{PORT:-3000}} -h /site & wait $!"]
"""


def dockerfile(image: str) -> str:
    """The site's image, made from `image`, whose httpd serves it. `404.html` is the site's own."""
    settings = ["E404:/site/404.html", *(f".{end}:{kind}" for end, kind in _TYPES.items())]
    return _DOCKERFILE.format(image=image, settings=" ".join(f"'{one}'" for one in settings))
