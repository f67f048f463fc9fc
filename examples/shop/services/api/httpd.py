"""A small HTTP/1.1 server that loses no request when it is stopped.

The same file is in web and in api: each service is its own build context.
"""

import json
import os
import signal
import socket
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler
from socketserver import ThreadingTCPServer
from urllib.parse import parse_qs, urlsplit

STOP_SIGNALS = {signal.SIGTERM, signal.SIGINT}
LOG_REQUESTS = os.environ.get("LOG_REQUESTS") == "1"


def identity(service):
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "version.txt")) as file:
        version = file.read().strip()
    return {
        "service": service,
        "version": version,
        "environment": os.environ.get("COMPARTMENT_ENVIRONMENT", "none"),
        "deployment": os.environ.get("COMPARTMENT_DEPLOYMENT_ID", "none"),
        "container": socket.gethostname(),
        "greeting": os.environ.get("GREETING", "Hello"),
    }


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 75  # an idle connection; longer than any proxy keeps it in its pool
    disable_nagle_algorithm = True
    wbufsize = -1  # head and body leave together

    def parse_request(self):  # called as soon as the first line of a request has arrived
        self.server.busy.add(self)
        return super().parse_request()

    def handle_one_request(self):
        try:
            super().handle_one_request()
        finally:
            self.server.busy.discard(self)

    def do_GET(self):
        url = urlsplit(self.path)
        self.query = parse_qs(url.query)
        length = self.headers.get("Content-Length", "0")
        if "Transfer-Encoding" in self.headers or not length.isdecimal() or int(length) > 2**20:
            self.close_connection = True
            return self.answer(400, "a body needs a Content-Length of at most 1 MiB\n")
        self.rfile.read(int(length))
        route = self.server.routes.get(url.path)
        if route is None:
            return self.answer(404, f"nothing here; try {' '.join(self.server.routes)}\n")
        return route(self)

    do_HEAD = do_POST = do_GET

    def number(self, name, default, most):
        """A number from the query, between 0 and `most`; None (and 400) when it is none."""
        try:
            return max(0, min(most, type(default)(self.query.get(name, [default])[0])))
        except ValueError:
            self.answer(400, f"{name} must be a number\n")

    def answer(self, status, content):
        text = content if isinstance(content, str) else json.dumps(content, indent=2) + "\n"
        body = text.encode()
        self.send_response(status)
        self.send_header(
            "Content-Type", "text/plain; charset=utf-8" if text is content else "application/json"
        )
        self.send_header("Content-Length", str(len(body)))
        closing = self.close_connection or self.server.stopping.is_set()
        self.send_header("Connection", "close" if closing else "keep-alive")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def send_response(self, code, message=None):
        super().send_response(code, message)
        self.send_header("X-Deployment", self.server.identity["deployment"])

    def version_string(self):  # the Server header
        return "shop"

    def log_message(self, format, *args):
        if LOG_REQUESTS:
            print(self.address_string(), format % args, flush=True)


class Server(ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 512

    def __init__(self, identity, routes):
        # Blocked here, taken by sigwait below: process 1 of a container has no default for SIGTERM.
        signal.pthread_sigmask(signal.SIG_BLOCK, STOP_SIGNALS)
        self.identity, self.routes = identity, routes
        self.open, self.busy, self.stopping = set(), set(), threading.Event()
        super().__init__(("", int(os.environ.get("PORT") or 8080)), Handler)

    def process_request(self, request, client_address):
        self.open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request):
        super().shutdown_request(request)
        self.open.discard(request)

    def handle_error(self, request, client_address):
        if not isinstance(sys.exc_info()[1], OSError):  # a client that went away is no news
            super().handle_error(request, client_address)

    def run(self):
        name = "{service} {version} ({environment}, {deployment})".format(**self.identity)
        threading.Thread(target=self.serve_forever, args=(0.1,), daemon=True).start()
        print(f"{name} started on port {self.server_address[1]}", flush=True)
        number = signal.sigwait(STOP_SIGNALS)
        began = time.monotonic()
        self.stopping.set()  # from now on every answer says Connection: close
        self.shutdown()
        self.socket.setblocking(False)
        try:
            while True:  # those who connected before now are served
                self.process_request(*self.get_request())
        except OSError:
            self.server_close()
        quiet = time.monotonic() + 0.2  # a request may be on its way on an idle connection
        while self.busy or (self.open and time.monotonic() < quiet):
            time.sleep(0.01)
        took = round((time.monotonic() - began) * 1000)
        print(f"{name} stopped by {signal.Signals(number).name} after {took} ms", flush=True)
        os._exit(0)
