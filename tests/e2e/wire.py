"""HTTP/1.1 and WebSockets as a client that hides nothing: no retry, no pool, no second try."""

import asyncio
import base64
import os
import struct
from collections.abc import AsyncIterator
from dataclasses import dataclass

TEXT, CLOSE, PING, PONG = 1, 8, 9, 10


class Broken(Exception):
    """What a client saw that it must never see."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def closes(self) -> bool:
        return "close" in self.headers.get("connection", "").lower()


@dataclass(frozen=True, slots=True)
class Connection:
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    def send(self, host: str, path: str, *headers: str) -> None:
        lines = (f"GET {path} HTTP/1.1", f"Host: {host}", *headers, "", "")
        self.writer.write("\r\n".join(lines).encode())

    async def head(self) -> tuple[int, dict[str, str]]:
        start = await self.reader.readline()
        if not start:
            raise Broken("closed before an answer")
        headers: dict[str, str] = {}
        while (line := await self.reader.readline()) != b"\r\n":
            if not line:
                raise Broken("closed inside the headers")
            name, _, value = line.decode("latin-1").partition(":")
            headers[name.strip().lower()] = value.strip()
        return int(start.split()[1]), headers

    async def answer(self) -> Answer:
        status, headers = await self.head()
        if "content-length" in headers:
            body = await self.reader.readexactly(int(headers["content-length"]))
        elif "chunked" in headers.get("transfer-encoding", ""):
            body = b"".join([part async for part in self.chunks()])
        else:
            body = await self.reader.read()
        return Answer(status=status, headers=headers, body=body)

    async def chunks(self) -> AsyncIterator[bytes]:
        while size := int((await self.reader.readline()).split(b";")[0] or b"0", 16):
            yield await self.reader.readexactly(size)
            await self.reader.readexactly(2)
        await self.reader.readline()

    async def become_socket(self, host: str, path: str) -> dict[str, str]:
        """Turn into a WebSocket; the headers of the answer. Raises Broken."""
        self.send(
            host,
            path,
            "Connection: Upgrade",
            "Upgrade: websocket",
            "Sec-WebSocket-Version: 13",
            f"Sec-WebSocket-Key: {base64.b64encode(os.urandom(16)).decode()}",
        )
        status, headers = await self.head()
        if status != 101:
            raise Broken(f"status {status} instead of a WebSocket")
        return headers

    def say(self, text: str) -> None:
        """Send a text over the WebSocket."""
        self.writer.write(_frame(TEXT, text.encode()))

    async def hear(self) -> str:
        """The next text from the WebSocket; pings are answered on the way. Raises Broken."""
        while True:
            first, size = await self.reader.readexactly(2)
            if size > 125:
                raise Broken("a longer message than was sent")
            payload = await self.reader.readexactly(size)
            opcode = first & 0x0F
            if opcode == CLOSE:
                raise Broken(f"closed by the service: {payload[2:].decode(errors='replace')}")
            if opcode == PING:
                self.writer.write(_frame(PONG, payload))
            elif opcode == TEXT:
                return payload.decode()

    def close(self) -> None:
        self.writer.close()


def _frame(opcode: int, payload: bytes) -> bytes:
    mask = os.urandom(4)
    masked = bytes(byte ^ mask[place % 4] for place, byte in enumerate(payload))
    return struct.pack("!BB", 0x80 | opcode, 0x80 | len(payload)) + mask + masked
