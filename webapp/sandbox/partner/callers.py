"""The address that the partner sees a call come from."""

import hmac

from fastapi import Request


def source_address(request: Request) -> str:
    """The address that the NAT gives, if it proves itself with its token; else the connection's."""
    token = request.headers.get("x-sandbox-nat-token", "")
    address = request.headers.get("x-sandbox-source-address", "")
    if address and hmac.compare_digest(token.encode(), request.app.state.nat_token.encode()):
        return address
    return request.client.host if request.client else "127.0.0.1"
