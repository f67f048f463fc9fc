"""HTTP/2 over TLS as a client that hides nothing: one connection, and no second try."""

import asyncio
from collections.abc import Iterable

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import (
    ConnectionTerminated,
    DataReceived,
    Event,
    ResponseReceived,
    StreamEnded,
    StreamReset,
    TrailersReceived,
)

from tests.e2e.wire import Answer, Broken


class Http2Connection:
    """Asks one thing after another."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        chosen = writer.get_extra_info("ssl_object").selected_alpn_protocol()
        if chosen != "h2":
            raise Broken(f"the edge would rather speak {chosen} than HTTP/2")
        self.reader, self.writer = reader, writer
        self._protocol = H2Connection(H2Configuration())
        self._protocol.initiate_connection()
        self._send()

    async def ask(self, host: str, path: str) -> Answer:
        """Raises Broken."""
        number = self._protocol.get_next_available_stream_id()
        asked = (":method", "GET"), (":path", path), (":scheme", "https"), (":authority", host)
        self._protocol.send_headers(number, [*asked, ("te", "trailers")], end_stream=True)
        self._send()
        headers: dict[str, str] = {}
        body = bytearray()
        while True:
            for event in await self._events():
                if isinstance(event, ConnectionTerminated):
                    raise Broken(f"told to go away with {event.error_code}")
                if getattr(event, "stream_id", None) != number:
                    continue
                if isinstance(event, ResponseReceived | TrailersReceived):
                    headers |= {name.decode(): value.decode() for name, value in event.headers}
                elif isinstance(event, DataReceived):
                    body += event.data
                    taken = event.flow_controlled_length
                    self._protocol.acknowledge_received_data(taken, number)
                elif isinstance(event, StreamReset):
                    raise Broken(f"the answer was reset with {event.error_code}")
                elif isinstance(event, StreamEnded):
                    self._send()
                    return _answer(headers, bytes(body))
            self._send()

    async def _events(self) -> Iterable[Event]:
        data = await self.reader.read(65536)
        if not data:
            raise Broken("the connection ended within an answer")
        return self._protocol.receive_data(data)

    def close(self) -> None:
        self.writer.close()

    def _send(self) -> None:
        self.writer.write(self._protocol.data_to_send())


def _answer(headers: dict[str, str], body: bytes) -> Answer:
    """A gRPC call is over when its own status has come."""
    is_call = headers.get("content-type") == "application/grpc"
    if is_call and headers.get("grpc-status") != "0":
        raise Broken(f"a call ended with status {headers.get('grpc-status')}")
    status = int(headers.pop(":status"))
    return Answer(status=status, headers=headers, body=body.lstrip())
