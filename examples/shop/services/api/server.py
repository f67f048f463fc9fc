"""The shop's api: JSON, a stream of events, a WebSocket."""

import json
import time

import websocket
from httpd import Server, identity

ME = identity("api")


def home(request):
    request.answer(200, ME)


def healthz(request):
    request.answer(200, "ok\n")


def version(request):
    request.answer(200, ME["version"] + "\n")


def slow(request):
    seconds = request.number("seconds", 3.0, 30.0)
    if seconds is not None:
        time.sleep(seconds)
        request.answer(200, {**ME, "seconds": seconds})


def events(request):
    """Server-sent events, four a second, until the client leaves or the service stops."""
    chunked = request.request_version == "HTTP/1.1"
    request.send_response(200)
    request.send_header("Content-Type", "text/event-stream")
    request.send_header("Cache-Control", "no-store")
    if chunked:
        request.send_header("Transfer-Encoding", "chunked")
    request.send_header("Connection", "close")
    request.end_headers()
    if request.command == "HEAD":
        return
    counter, stopping = 0, False
    while not stopping:
        counter += 1
        data = json.dumps(
            {"counter": counter, "version": ME["version"], "deployment": ME["deployment"]}
        )
        event = f"id: {counter}\ndata: {data}\n\n".encode()
        request.wfile.write(b"%x\r\n%b\r\n" % (len(event), event) if chunked else event)
        request.wfile.flush()
        stopping = request.server.stopping.wait(0.25)
    if chunked:
        request.wfile.write(b"0\r\n\r\n")


Server(
    ME,
    {
        "/": home,
        "/healthz": healthz,
        "/version": version,
        "/slow": slow,
        "/events": events,
        "/socket": websocket.echo,
    },
).run()
