"""The shop's front: greets, and calls the api by its name."""

import json
import os
import sys
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection, HTTPException

from httpd import Server, identity

ME = identity("web")
API = os.environ.get("API") or "api:8080"
PATIENCE = float(os.environ.get("PATIENCE") or 2)  # seconds for a call of the api
NEVER_READY = os.environ.get("NEVER_READY") == "1"
callers = ThreadPoolExecutor(64)
lasting = threading.local()


def call_api():
    connection = HTTPConnection(API, timeout=PATIENCE)
    try:
        return answer_of(connection, {"Connection": "close"})
    finally:
        connection.close()


def call_api_again():
    """Over a connection that each thread keeps, and without a second try, as many libraries do."""
    if getattr(lasting, "connection", None) is None:
        lasting.connection = HTTPConnection(API, timeout=PATIENCE)
    try:
        return answer_of(lasting.connection, {})
    except (OSError, HTTPException):
        lasting.connection.close()
        lasting.connection = None
        raise


def answer_of(connection, headers):
    connection.request("GET", "/", headers=headers)
    response = connection.getresponse()
    body = response.read()
    if response.status != 200:
        raise HTTPException(f"status {response.status}")
    return json.loads(body)


def ask_api(how=call_api):
    """What the api says, or {"error": …}. In a thread: the name's look-up counts, too."""
    call = callers.submit(how)
    try:
        return call.result(timeout=PATIENCE)
    except (OSError, HTTPException, ValueError) as problem:
        call.cancel()
        return {"error": f"{API} is away: {problem or type(problem).__name__}"}


def home(request):
    request.answer(200, {**ME, "api": ask_api()})


def healthz(request):
    if NEVER_READY:
        request.answer(503, "NEVER_READY is set\n")
    else:
        request.answer(200, "ok\n")


def version(request):
    request.answer(200, ME["version"] + "\n")


def slow(request):
    seconds = request.number("seconds", 3.0, 30.0)
    if seconds is not None:
        time.sleep(seconds)
        request.answer(200, {**ME, "seconds": seconds})


def call(request):
    """Calls the api `n` times; with `kept`, over connections that live on."""
    n, kept = request.number("n", 20, 1000), request.number("kept", 0, 1)
    if n is not None and kept is not None:
        answers = [ask_api(call_api_again if kept else call_api) for _ in range(n)]
        failures = [answer["error"] for answer in answers if "error" in answer]
        versions = Counter(answer["version"] for answer in answers if "error" not in answer)
        report = {"calls": n, "failed": len(failures), "failures": failures, "versions": versions}
        request.answer(503 if failures else 200, report)


def crash(seconds):
    print(f"web crashes: CRASH_AFTER={seconds} is over", flush=True)
    os._exit(1)


if code := os.environ.get("EXIT_AT_START"):
    print(f"web exits at once: EXIT_AT_START={code}", flush=True)
    sys.exit(int(code))
server = Server(
    ME, {"/": home, "/healthz": healthz, "/version": version, "/slow": slow, "/call": call}
)
if seconds := os.environ.get("CRASH_AFTER"):
    timer = threading.Timer(float(seconds), crash, [seconds])
    timer.daemon = True
    timer.start()
server.run()
