"""The sandbox's NAT: a forward proxy that lets a function out only as packets would get out.

A function names itself and its subnet to the proxy. For each request the way out of that subnet is
walked in the embedded EC2: where it ends at an address, the request goes on to the partner with
that source address; where it breaks, nothing is ever answered, as with dropped packets, and the
function's own time-out ends the wait.

Partners have virtual names that end in `.sandbox`, on port 443 so that the security group counts.
"""

import asyncio
import base64
import logging
import os
from dataclasses import dataclass
from urllib.parse import urlsplit

import httpx
from botocore.exceptions import ClientError

from webapp.aws.clients import Clients
from webapp.aws.egress_path import walk
from webapp.errors import EgretError
from webapp.sandbox.parent import end_with_parent

DROPPED_AFTER_S = 60.0
"""How long a dropped connection stays open before the proxy gives it up."""
PARTNER_TIMEOUT_S = 30.0
HEAD_MAX_BYTES = 32 * 1024
BODY_MAX_BYTES = 1024 * 1024
SUFFIX = ".sandbox"
OUTSIDE_ADDRESS = "198.18.0.1"
"""What a function outside any VPC is seen as: an address of AWS's own."""
HOP_BY_HOP = frozenset(
    {"connection", "proxy-authorization", "proxy-connection", "keep-alive", "content-length"}
)
FORGED = frozenset({"x-sandbox-source-address", "x-sandbox-nat-token"})

log = logging.getLogger("egret.sandbox.nat")


@dataclass(frozen=True)
class Caller:
    """A function's execution environment; `subnet_id` is '-' outside any VPC."""

    region: str
    function: str
    subnet_id: str


@dataclass(frozen=True)
class Request:
    method: str
    url: str
    headers: dict[str, str]
    body: bytes


class Nat:
    """`partner_url` is where every virtual partner really listens."""

    def __init__(self, clients: Clients, *, partner_url: str, token: str) -> None:
        self._clients = clients
        self._partner_url = partner_url
        self._token = token
        self._partner = httpx.AsyncClient(timeout=PARTNER_TIMEOUT_S, trust_env=False)

    async def serve(self, port: int) -> asyncio.Server:
        return await asyncio.start_server(self._connected, "127.0.0.1", port)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            request = await _read(reader)
            if request:
                writer.write(await self._answer(request))
                await writer.drain()
        except (TimeoutError, ConnectionError, ValueError, asyncio.IncompleteReadError):
            log.info("a connection was given up")
        finally:
            writer.close()

    async def _answer(self, request: Request) -> bytes:
        caller = _caller(request.headers.get("proxy-authorization", ""))
        parts = urlsplit(request.url)
        if caller is None:
            return _response(407, b"name the function and its subnet as the proxy's user\n")
        if request.method == "CONNECT" or not (parts.hostname or "").endswith(SUFFIX):
            return _response(502, b"this name does not resolve in the sandbox\n")
        address = await asyncio.to_thread(self._source_address, caller, parts.port or 80)
        if address is None:
            log.info("dropped: %s from %s", caller.function, caller.subnet_id)
            await asyncio.sleep(DROPPED_AFTER_S)
            return b""
        return await self._forward(request, address)

    def _source_address(self, caller: Caller, port: int) -> str | None:
        """The address that the caller comes out with, walked for every request; or None."""
        lambdas = self._clients.awslambda(caller.region)
        found = lambdas.get_function_configuration(FunctionName=caller.function)
        vpc = found.get("VpcConfig") or {}
        subnets = vpc.get("SubnetIds") or []
        if not subnets:
            return OUTSIDE_ADDRESS
        if caller.subnet_id not in subnets:
            return None
        try:
            path = walk(
                self._clients.ec2(caller.region),
                caller.region,
                subnet_id=caller.subnet_id,
                group_ids=list(vpc.get("SecurityGroupIds") or []),
                port=port,
            )
        except (EgretError, ClientError, LookupError):
            return None
        return path.source_address

    async def _forward(self, request: Request, address: str) -> bytes:
        parts = urlsplit(request.url)
        target = f"{self._partner_url}{parts.path or '/'}"
        headers = {
            name: value
            for name, value in request.headers.items()
            if name not in HOP_BY_HOP | FORGED
        }
        headers |= {
            "host": parts.hostname or "",
            "x-sandbox-source-address": address,
            "x-sandbox-nat-token": self._token,
        }
        try:
            answer = await self._partner.request(
                request.method, target, params=parts.query, headers=headers, content=request.body
            )
        except httpx.HTTPError as error:
            raise ConnectionError(str(error)) from error
        return _response(answer.status_code, answer.content, dict(answer.headers))


async def _read(reader: asyncio.StreamReader) -> Request | None:
    """One request in absolute form (RFC 9112, 3.2.2), or None when the caller hung up."""
    head = await reader.readuntil(b"\r\n\r\n")
    if len(head) > HEAD_MAX_BYTES:
        raise ValueError("the request's head is too large")
    first, *lines = head.decode("latin-1").split("\r\n")
    method, url, _ = first.split(" ", 2)
    pairs = (line.split(":", 1) for line in lines if ":" in line)
    headers = {name.strip().lower(): value.strip() for name, value in pairs}
    length = int(headers.get("content-length", "0"))
    if length > BODY_MAX_BYTES:
        raise ValueError("the request's body is too large")
    return Request(method, url, headers, await reader.readexactly(length))


def _caller(authorization: str) -> Caller | None:
    scheme, _, encoded = authorization.partition(" ")
    if scheme.lower() != "basic":
        return None
    user = base64.b64decode(encoded).decode().partition(":")[0]
    names = user.split(".")
    return Caller(*names) if len(names) == 3 else None


def _response(status: int, body: bytes, headers: dict[str, str] | None = None) -> bytes:
    given = {"content-type": "text/plain"} | (headers or {})
    for name in ("content-encoding", "transfer-encoding", "connection"):
        given.pop(name, None)
    given |= {"content-length": str(len(body)), "connection": "close"}
    reason = httpx.codes.get_reason_phrase(status)
    lines = [f"HTTP/1.1 {status} {reason}", *(f"{name}: {v}" for name, v in given.items())]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


async def _main() -> None:
    nat = Nat(Clients(), partner_url=os.environ["PARTNER_URL"], token=os.environ["NAT_TOKEN"])
    server = await nat.serve(int(os.environ["NAT_PORT"]))
    end_with_parent()
    await server.serve_forever()


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO)
    asyncio.run(_main())
