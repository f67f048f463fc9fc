"""The shop's worker: asks the api every two seconds, says what it heard, stops at once."""

import json
import os
import signal
import sys
import threading
import time
from http.client import HTTPConnection, HTTPException

STOP_SIGNALS = {signal.SIGTERM, signal.SIGINT}
API = os.environ.get("API") or "api:8080"


def ask_api():
    connection = HTTPConnection(API, timeout=2)
    try:
        connection.request("GET", "/", headers={"Connection": "close"})
        answer = json.loads(connection.getresponse().read())
        return f"api {answer['version']} ({answer['deployment']}) answered"
    except (OSError, HTTPException, ValueError, KeyError) as problem:
        return f"{API} is away: {problem or type(problem).__name__}"
    finally:
        connection.close()


def work():
    count = 0
    while True:
        count += 1
        began = time.monotonic()
        print(
            f"round {count}: {ask_api()} in {round((time.monotonic() - began) * 1000)} ms",
            flush=True,
        )
        time.sleep(2)


# Blocked here, taken by sigwait below: process 1 of a container has no default for SIGTERM.
signal.pthread_sigmask(signal.SIG_BLOCK, STOP_SIGNALS)
if code := os.environ.get("EXIT_AT_START"):
    print(f"worker exits at once: EXIT_AT_START={code}", flush=True)
    sys.exit(int(code))
with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "version.txt")) as file:
    version = file.read().strip()
deployment = os.environ.get("COMPARTMENT_DEPLOYMENT_ID", "none")
name = f"worker {version} ({os.environ.get('COMPARTMENT_ENVIRONMENT', 'none')}, {deployment})"
print(f"{name} started", flush=True)
threading.Thread(target=work, daemon=True).start()
number = signal.sigwait(STOP_SIGNALS)
print(f"{name} stopped by {signal.Signals(number).name}", flush=True)
os._exit(0)
