"""The HTTP server: uvicorn, with the headers and limits that it does not have by itself.

What it answers without the application (a request that is no HTTP, a head that never ends) carries
the security headers too. WebSockets are off: nothing here uses them.
"""

import secrets
from urllib.parse import urlsplit

import uvicorn
from fastapi import FastAPI
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from webapp.limits import COOKIES_MAX_BYTES, HEADERS_MAX_BYTES, PATH_MAX_BYTES, QUERY_MAX_BYTES
from webapp.middleware import NO_STORE, security_headers
from webapp.settings import Settings

HEAD_MAX_BYTES = 2 * (PATH_MAX_BYTES + QUERY_MAX_BYTES + HEADERS_MAX_BYTES + COOKIES_MAX_BYTES)
"""Twice what `webapp.limits` allows, so that what is a little too large is answered by a page."""
GRACEFUL_SHUTDOWN_S = 3


def server_of(app: FastAPI, settings: Settings) -> uvicorn.Server:
    """Serves `app`. Only `webapp.proxies` believes what proxies say, so uvicorn does not."""
    protocol = protocol_with(https=urlsplit(settings.public_url).scheme == "https")
    config = uvicorn.Config(
        app,
        access_log=False,
        http=protocol,
        log_config=None,
        proxy_headers=False,
        server_header=False,
        timeout_graceful_shutdown=GRACEFUL_SHUTDOWN_S,
        ws="none",
    )
    return uvicorn.Server(config)


def protocol_with(*, https: bool) -> type[HttpToolsProtocol]:
    """The protocol of one connection, whose own answers have the headers of all answers."""

    class Protocol(HttpToolsProtocol):
        head_bytes = 0
        in_head = True

        def data_received(self, data: bytes) -> None:
            if self.in_head:
                self.head_bytes += len(data)
            super().data_received(data)
            if self.in_head and self.head_bytes > HEAD_MAX_BYTES:
                self.refuse(431, f"The request's head is larger than {HEAD_MAX_BYTES // 1024} KiB.")

        def on_headers_complete(self) -> None:
            self.in_head, self.head_bytes = False, 0
            super().on_headers_complete()

        def on_message_complete(self) -> None:
            self.in_head = True
            super().on_message_complete()

        def send_400_response(self, msg: str) -> None:
            self.refuse(400, msg)

        def refuse(self, status: int, text: str) -> None:
            """Answer it without the application, and close the connection."""
            if self.transport.is_closing():
                return
            headers = security_headers(https=https) | {
                "X-Request-ID": secrets.token_hex(8),
                "Cache-Control": NO_STORE,
                "Content-Type": "text/plain; charset=utf-8",
                "Content-Length": str(len(text)),
                "Connection": "close",
            }
            lines = "".join(f"{name.lower()}: {value}\r\n" for name, value in headers.items())
            self.transport.write(STATUS_LINE[status] + f"{lines}\r\n{text}".encode("ascii"))
            self.transport.close()

    return Protocol
