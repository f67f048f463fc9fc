"""One visitor of the edge, from this machine."""

import socket
import ssl
import time
from datetime import timedelta
from http.client import HTTPConnection, HTTPException, responses

from compartment_tui.domain.detail_views import Visit

PATIENCE = timedelta(seconds=2)


def visit(address: str, port: int, *, host: str, path: str, secured: bool = False) -> Visit:
    """See `Edge.visit`."""
    began = time.monotonic()
    connection = HTTPConnection(address, port, timeout=PATIENCE.total_seconds())
    try:
        connection.connect()
        if secured:
            connection.sock = _secured(connection.sock, host)
        left = PATIENCE.total_seconds() - (time.monotonic() - began)
        connection.sock.settimeout(max(left, 0.01))
        connection.request("GET", path, headers={"Host": host, "User-Agent": "compartment-tui"})
        answer = connection.getresponse()
    except TimeoutError:
        return no_answer(f"no answer within {PATIENCE.total_seconds():g} s", began)
    except ConnectionRefusedError:
        return no_answer("connection refused", began)
    except OSError as error:
        return no_answer((error.strerror or "closed without an answer").lower(), began)
    except HTTPException:
        return no_answer("answered something that is not HTTP", began)
    finally:
        connection.close()
    words = answer.reason or responses.get(answer.status, "")
    return Visit(status=answer.status, detail=words, took=_since(began))


def _secured(plain: socket.socket, host: str) -> ssl.SSLSocket:
    """What is shown is not judged here: whether it is believed is told by its certificate's end."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context.wrap_socket(plain, server_hostname=host)


def no_answer(why: str, began: float | None = None) -> Visit:
    """Nobody answered; `began` is on the monotonic clock, None when nobody was asked."""
    took = timedelta() if began is None else _since(began)
    return Visit(status=None, detail=why, took=took)


def _since(began: float) -> timedelta:
    return timedelta(seconds=time.monotonic() - began)
