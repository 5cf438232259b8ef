"""A partner in this process, asked as the NAT asks it."""

from pathlib import Path
from typing import Any

from tests.inside import DirectClient
from webapp.sandbox.doors import USER
from webapp.sandbox.partner.__main__ import create_partner

NAT_TOKEN = "the NAT's token"
SECRET = "the sandbox's secret"
ADDRESS = "203.0.113.7"
LOCAL = "http://127.0.0.1"


def opened(state_dir: Path) -> DirectClient:
    """A client that has the secret."""
    app = create_partner(state_dir, NAT_TOKEN, SECRET)
    client = DirectClient(app, base_url=LOCAL, client=("127.0.0.1", 1))
    client.auth = (USER, SECRET)
    return client


class Partner:
    """`get` comes from the whitelisted address with a good key; `token` and `address` vary it."""

    def __init__(self, client: DirectClient) -> None:
        self.client = client
        self.key = self.new_key([ADDRESS])

    def get(self, path: str, *, token: str = "", address: str = ADDRESS) -> Any:
        headers = {
            "x-sandbox-source-address": address,
            "x-sandbox-nat-token": NAT_TOKEN,
            "authorization": f"Bearer {token or self.key}",
        }
        return self.client.get(path, headers=headers, auth=None)

    def items(self, path: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.get(path).json()["items"]
        return found

    def new_key(self, cidrs: list[str], **form: Any) -> str:
        body = {"name": "k", "cidrRanges": cidrs, "scopes": ["clash"]} | form
        key: str = self.client.post("/api/apikey/create", json=body).json()["key"]["key"]
        return key

    def fail(self, mode: str, seconds: float = 60) -> None:
        fault = {"mode": mode, "seconds": seconds}
        self.client.post("/sandbox/faults", json=fault).raise_for_status()
