"""The sandbox's NAT: a forward proxy that lets a function's request out only where packets could.

A function names itself, its subnet and its security groups as the proxy's user; the password is
right for that user only. They are those of the version that runs, and so still hold when another
one has taken its place or it is deleted. For each request the egress path of that subnet is walked
in the embedded EC2. If it ends at an address, the request is forwarded to the partner with that
source address. If it is broken, the proxy never answers, as with dropped packets, and the function
runs into its own time-out.

boto3 and httpx are imported for the first request: with them, a start takes twice as long.

Partners have virtual names that end in `.sandbox`, on port 443 so that the security group's rule
counts. To them only plain HTTP is forwarded: the proxy could not add the source address inside
TLS. Hosts in EGRET_SANDBOX_PARTNERS are reached over TLS (`tls_partners`).
"""

import asyncio
import json
import logging
import os
from collections.abc import Callable
from functools import cache, cached_property
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from webapp.aws.clients import Clients
from webapp.sandbox.doors import FOREIGN, HOSTS, basic, is_foreign, is_secret, nat_password
from webapp.sandbox.nat_flows import Flows, report
from webapp.sandbox.nat_http import (
    HEAD_MAX_BYTES,
    WITHOUT_TLS,
    MalformedRequest,
    Request,
    own_response,
    read_request,
    response,
    target_of,
)
from webapp.sandbox.nat_tunnel import Tunnel
from webapp.sandbox.nat_ways_out import Caller, WaysOut
from webapp.sandbox.parent import end_with_parent
from webapp.sandbox.tls_partners import TlsPartners

if TYPE_CHECKING:
    import httpx

SILENCE_MAX_S = 60.0
"""How long a connection stays open without an answer before the proxy closes it."""
PARTNER_TIMEOUT_S = 30.0
READ_TIMEOUT_S = 10.0
SUFFIX = ".sandbox"
CHUNK_BYTES = 4096
NO_CALLER = (
    "name the function, its subnet and groups as the proxy's user, with its environment's password"
)
REFUSED = "Not a function of this sandbox"
NO_TLS = "The sandbox forwards plain HTTP only: use http://<name>.sandbox:443"
NOT_KNOWN = "The sandbox does not know this host: see EGRET_SANDBOX_PARTNERS"
HOP_BY_HOP = frozenset(
    {
        "connection",
        "content-length",
        "keep-alive",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "upgrade",
    }
)
NAT_HEADERS = frozenset({"x-sandbox-source-address", "x-sandbox-nat-token"})
"""Only the NAT may set these; they are removed from what a function sends."""

log = logging.getLogger("egret.sandbox.nat")


class Nat:
    """`clients_of` gives those of an account, by its number.

    `partner_url` is where the one process behind all virtual names listens.

    From `secret` follow the passwords that functions prove themselves with here; `token` is what
    the NAT does so with there.
    """

    def __init__(
        self,
        clients_of: Callable[[str], Clients],
        *,
        partner_url: str,
        token: str,
        secret: str,
        tls_partners: TlsPartners,
    ) -> None:
        self._partner_url = partner_url
        self._token, self._secret = token, secret
        self._tls_partners = tls_partners
        self._ways_out = WaysOut(clients_of)
        self.flows = Flows()

    async def serve(self, port: int) -> asyncio.Server:
        return await asyncio.start_server(self._handle, "127.0.0.1", port, limit=HEAD_MAX_BYTES)

    @cached_property
    def _partner(self) -> "httpx.AsyncClient":
        import httpx

        return httpx.AsyncClient(timeout=PARTNER_TIMEOUT_S, trust_env=False, verify=WITHOUT_TLS)

    async def _handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(READ_TIMEOUT_S):
                request = await read_request(reader)
            answer = await self._answer(request)
            if answer is None:
                await _stay_silent(reader)
            elif isinstance(answer, Tunnel):
                await answer.carry(reader, writer)
            else:
                writer.write(answer)
                await writer.drain()
        except MalformedRequest as error:
            writer.write(own_response(400, str(error)))
        except (TimeoutError, OSError, asyncio.IncompleteReadError) as error:
            log.info("gave up a connection: %r", error)
        finally:
            writer.close()

    async def _answer(self, request: Request) -> bytes | Tunnel | None:
        """The response, a tunnel, or None if the request is dropped. Raises ConnectionError."""
        host, port = target_of(request)
        if is_foreign({"host": host or "localhost"} | request.headers, hosts=_hosts(host)):
            return own_response(403, FOREIGN)
        user, password = basic(request.headers.get("proxy-authorization", ""))
        caller = Caller.of(user)
        if caller is None or not is_secret(password, nat_password(self._secret, user)):
            return own_response(403, NO_CALLER, reason=REFUSED)
        is_tls = request.method == "CONNECT"
        place = self._tls_partners.place(host, port) if is_tls else None
        if not place and (is_tls or not host.endswith(SUFFIX)):
            return _unknown(host, is_tls=is_tls)
        way_out = await self._ways_out.find(caller, port)
        gateway = (caller.account, caller.region, way_out.nat_gateway_id)
        if place and way_out.address:
            return Tunnel(*place, way_out.address, self.flows.connection(gateway))
        with self.flows.connection(gateway) as connection:
            connection.sent(request.size)
            if way_out.address is None:
                log.info("dropped: %s from %s", caller.function, caller.subnet_id)
                return None
            answer = await self._forward(request, way_out.address)
            connection.answered(len(answer))
        return answer

    async def _forward(self, request: Request, address: str) -> bytes:
        import httpx

        parts = urlsplit(request.url)
        query = f"?{parts.query}" if parts.query else ""
        target = f"{self._partner_url}{parts.path or '/'}{query}"
        headers = {
            name: value
            for name, value in request.headers.items()
            if name not in HOP_BY_HOP | NAT_HEADERS
        }
        headers |= {
            "host": parts.hostname or "",
            "x-sandbox-source-address": address,
            "x-sandbox-nat-token": self._token,
        }
        try:
            answer = await self._partner.request(
                request.method, target, headers=headers, content=request.body
            )
        except httpx.InvalidURL as error:
            raise MalformedRequest(str(error)) from error
        except httpx.HTTPError as error:
            raise ConnectionError(str(error)) from error
        return response(answer.status_code, answer.content, dict(answer.headers))


async def _stay_silent(reader: asyncio.StreamReader) -> None:
    """Wait without an answer until the caller hangs up; TimeoutError after SILENCE_MAX_S."""
    async with asyncio.timeout(SILENCE_MAX_S):
        while await reader.read(CHUNK_BYTES):
            pass


def _unknown(host: str, *, is_tls: bool) -> bytes:
    if is_tls:
        why = NO_TLS if host.endswith(SUFFIX) else NOT_KNOWN
        return own_response(501, why, reason=why)
    return own_response(502, f"{host} does not resolve in the sandbox")


def _hosts(target: str) -> frozenset[str]:
    """The names that a Host header may have: a client of a proxy sends its target's."""
    return frozenset({target}) if target else HOSTS


async def _main() -> None:
    second, *key = json.loads(os.environ["NAT_SECOND_ACCOUNT"])

    @cache
    def clients_of(account: str) -> Clients:
        import boto3

        return Clients(session=boto3.Session(*key) if account == second else None)

    nat = Nat(
        clients_of,
        partner_url=os.environ["PARTNER_URL"],
        token=os.environ["NAT_TOKEN"],
        secret=os.environ["NAT_SECRET"],
        tls_partners=TlsPartners.of(os.environ["TLS_PARTNERS"]),
    )
    server = await nat.serve(int(os.environ["NAT_PORT"]))
    own = os.environ["AWS_ACCESS_KEY_ID"], os.environ["AWS_SECRET_ACCESS_KEY"]
    reporting = asyncio.create_task(report(nat.flows, os.environ["AWS_ENDPOINT_URL"], *own))
    end_with_parent()
    await server.serve_forever()
    reporting.cancel()


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO)
    asyncio.run(_main())
