"""Who asks, when a proxy stands between: `X-Forwarded-For` and `X-Forwarded-Proto`, if trusted.

A client may send these headers itself. They count only if the connection comes from a proxy that
`EGRET_TRUSTED_PROXIES` names, and then only what trusted proxies have added: the client is the
last address in the list that is not one of theirs.
"""

from collections.abc import Sequence

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from webapp.edge.client_addresses import Address, address_of
from webapp.setting_rules import Network
from webapp.telemetry.spans import BY_PROXY

SCHEMES = ("http", "https")


class TrustedProxies:
    """Corrects the client and the scheme of each request, for all that comes after it."""

    def __init__(self, app: ASGIApp, *, networks: Sequence[Network]) -> None:
        self._app = app
        self._networks = networks

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        peer = scope.get("client")
        if scope["type"] == "http" and peer and self.is_proxy(peer[0]):
            headers = Headers(scope=scope)
            client = self.client_of(peer[0], ",".join(headers.getlist("x-forwarded-for")))
            protocol = headers.get("x-forwarded-proto", "").strip().lower()
            scheme = protocol if protocol in SCHEMES else scope["scheme"]
            scope = {**scope, "client": (client, 0), "scheme": scheme, BY_PROXY: True}
        await self._app(scope, receive, send)

    def client_of(self, peer: str, listed: str) -> str:
        """Who asks, if that is the connection's address, and that is in `X-Forwarded-For`."""
        return (self._client(listed) if self.is_proxy(peer) else "") or peer

    def is_proxy(self, peer: str) -> bool:
        """Whether a connection from there counts as one of a trusted proxy."""
        return self._trusts(address_of(peer))

    def _client(self, listed: str) -> str:
        """The last address that no trusted proxy has, or the first one; '' if there is none."""
        found = ""
        for part in reversed(listed.split(",")):
            address = address_of(part)
            if address is None:  # written by somebody whom no proxy has checked
                return found
            found = str(address)
            if not self._trusts(address):
                return found
        return found

    def _trusts(self, address: Address | None) -> bool:
        return address is not None and any(address in network for network in self._networks)
