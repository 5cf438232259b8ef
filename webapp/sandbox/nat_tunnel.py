"""A TLS connection through the NAT: bytes both ways, once the partner knows where it came from."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from webapp.sandbox.nat_flows import Connection
from webapp.sandbox.tls_partners import proxy_line

CONNECT_TIMEOUT_S = 5.0
OPEN_MAX_S = 900.0
"""As long as a function can run."""
CHUNK_BYTES = 64 * 1024
OPENED = b"HTTP/1.1 200 Connection established\r\n\r\n"


@dataclass(frozen=True)
class Tunnel:
    """To a partner's `host` and `port`, from the address `source`; counted in `connection`."""

    host: str
    port: int
    source: str
    connection: Connection

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Until both sides have ended. Raises OSError, TimeoutError if the partner is not there."""
        with self.connection as counted:
            async with asyncio.timeout(CONNECT_TIMEOUT_S):
                from_partner, to_partner = await asyncio.open_connection(self.host, self.port)
            _, source_port = writer.get_extra_info("peername")[:2]
            to_partner.write(proxy_line(self.source, source_port, self.port))
            writer.write(OPENED)
            await writer.drain()
            try:
                async with asyncio.timeout(OPEN_MAX_S):
                    await asyncio.gather(
                        _pump(reader, to_partner, counted.sent),
                        _pump(from_partner, writer, counted.answered),
                    )
            finally:
                to_partner.close()


async def _pump(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, count: Callable[[int], None]
) -> None:
    """Whoever ends its side ends the other one; the answer to it may still be under way."""
    with suppress(OSError):
        while chunk := await reader.read(CHUNK_BYTES):
            count(len(chunk))
            writer.write(chunk)
            await writer.drain()
        if writer.can_write_eof():
            writer.write_eof()
