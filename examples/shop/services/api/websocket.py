"""A WebSocket (RFC 6455) that echoes messages, answers pings and sends one every second."""

import base64
import hashlib
import socket
import struct
import threading
import time

TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10
LARGEST = 2**20


class Refused(Exception):
    """The peer broke the protocol; the argument is the close code."""


def echo(request):
    headers = request.headers
    key = headers.get("Sec-WebSocket-Key", "")
    upgrade = (
        headers.get("Upgrade", "").lower() == "websocket"
        and "upgrade" in headers.get("Connection", "").lower()
    )
    if not (
        request.command == "GET"
        and upgrade
        and key
        and headers.get("Sec-WebSocket-Version") == "13"
    ):
        return request.answer(400, "this is a WebSocket, version 13\n")
    accept = base64.b64encode(
        hashlib.sha1((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").encode()).digest()
    )
    request.send_response(101)
    request.send_header("Upgrade", "websocket")
    request.send_header("Connection", "Upgrade")
    request.send_header("Sec-WebSocket-Accept", accept.decode())
    request.end_headers()
    request.wfile.flush()
    request.close_connection = True
    connection, writing = request.connection, threading.Lock()
    connection.settimeout(10)  # our pings make a living peer answer every second

    closed = False

    def send(kind, payload=b""):
        nonlocal closed
        size = len(payload)
        if size < 126:
            head = struct.pack("!BB", 0x80 | kind, size)
        elif size < 2**16:
            head = struct.pack("!BBH", 0x80 | kind, 126, size)
        else:
            head = struct.pack("!BBQ", 0x80 | kind, 127, size)
        with writing:
            if not closed:  # nothing follows a close, not even a second one
                closed = kind == CLOSE
                connection.sendall(head + payload)

    def beat():
        try:
            count = 0
            while not request.server.stopping.wait(1):
                count += 1
                send(PING, b"%d" % count)
            send(CLOSE, struct.pack("!H", 1001) + b"stopping")
            time.sleep(0.2)  # for its answer
            connection.shutdown(socket.SHUT_RD)
        except OSError:
            pass  # it is over

    threading.Thread(target=beat, daemon=True).start()
    try:
        for kind, payload in messages(request.rfile):
            if kind == PING:
                send(PONG, payload)
            elif kind in (TEXT, BINARY):
                send(kind, payload)
            elif kind == CLOSE:
                return send(CLOSE, payload[:2])
    except Refused as problem:
        send(CLOSE, struct.pack("!H", problem.args[0]))


def messages(stream):
    """(kind, payload) of every message, and of every control frame between its parts."""
    kind, parts = None, b""
    while True:
        first, second = exactly(stream, 2)
        final, opcode, size = first & 0x80, first & 0x0F, second & 0x7F
        if first & 0x70 or not second & 0x80:
            raise Refused(1002)
        if size > 125:
            if opcode >= CLOSE:
                raise Refused(1002)
            size = int.from_bytes(exactly(stream, 2 if size == 126 else 8), "big")
        if size + len(parts) > LARGEST:
            raise Refused(1009)
        mask = exactly(stream, 4)
        payload = unmask(exactly(stream, size), mask)
        if opcode in (CLOSE, PING, PONG):
            if not final:
                raise Refused(1002)
            yield opcode, payload
            continue
        if opcode not in (0, TEXT, BINARY) or (opcode == 0) != (kind is not None):
            raise Refused(1002)
        kind, parts = kind or opcode, parts + payload
        if final:
            try:
                parts.decode() if kind == TEXT else None
            except UnicodeDecodeError:
                raise Refused(1007) from None
            yield kind, parts
            kind, parts = None, b""


def unmask(payload, mask):
    key = (mask * (len(payload) // 4 + 1))[: len(payload)]
    return (int.from_bytes(payload, "big") ^ int.from_bytes(key, "big")).to_bytes(
        len(payload), "big"
    )


def exactly(stream, size):
    data = stream.read(size)
    if len(data) < size:
        raise ConnectionResetError("the peer is gone")
    return data
