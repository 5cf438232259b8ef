"""Partner tokens, minted with a test secret: real ones never come near the repository."""

import base64
import hashlib
import hmac
import json
import os
from typing import Any

SECRET = b"a secret of the tests"
minted: dict[str, str] = {}
"""Every token of this process, and the test that it was made for: see `tests.secret_canary`."""


def mint(*, cidrs: list[str] | None = None, **changes: Any) -> str:
    """A key as the portal makes it, with `changes` to its payload (None removes a field)."""
    payload: dict[str, Any] = {
        "iss": "supercell",
        "aud": "supercell:gameapi",
        "jti": "11111111-2222-3333-4444-555555555555",
        "iat": 1630600600,
        "sub": "developer/66666666-7777-8888-9999-000000000000",
        "scopes": ["clash"],
        "limits": [
            {"tier": "developer/silver", "type": "throttling"},
            {"cidrs": cidrs or ["203.0.113.7"], "type": "client"},
        ],
    } | changes
    payload = {name: value for name, value in payload.items() if value is not None}
    head = f"{encoded({'typ': 'JWT', 'alg': 'HS512'})}.{encoded(payload)}"
    signature = hmac.new(SECRET, head.encode(), hashlib.sha512).digest()
    return noted(f"{head}.{base64.urlsafe_b64encode(signature).decode().rstrip('=')}")


def noted(token: str) -> str:
    """The token itself, which must be nowhere on disk after the run."""
    minted[token] = os.environ.get("PYTEST_CURRENT_TEST", "no test")
    return token


def encoded(part: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=")
