"""Whom the partner sees: only the NAT is believed when it says where a function came from."""

import hmac

from fastapi import Request


def source_address(request: Request) -> str:
    token = request.headers.get("x-sandbox-nat-token", "")
    address = request.headers.get("x-sandbox-source-address", "")
    if address and hmac.compare_digest(token.encode(), request.app.state.nat_token.encode()):
        return address
    return request.client.host if request.client else "127.0.0.1"
