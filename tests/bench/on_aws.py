"""A dashboard on the embedded AWS, whose calls are counted; it has the product's own poll."""

from dataclasses import dataclass
from typing import Any

from tests import plain_http
from tests.bench.calls import Counted
from tests.bench.rows import REGION
from tests.bench.served import Served
from tests.dashboard import wait_for
from webapp.sandbox.launcher import Sandbox

TIMEOUT_S = 60
SETTLE_LIMIT_S = 120


@dataclass
class OnAws:
    """Its API, as a signed-in person uses it. What is refused raises httpx.HTTPStatusError."""

    dashboard: Served
    sandbox: Sandbox
    calls: Counted

    def get(self, path: str, **params: Any) -> dict[str, Any]:
        return self._answer("GET", path, params=params)

    def post(self, path: str, body: object = None) -> dict[str, Any]:
        return self._answer("POST", path, json=body)

    def delete(self, path: str) -> None:
        self._answer("DELETE", path)

    def have_network(self, name: str) -> dict[str, Any]:
        """Ready; it is made if it is not there."""
        path = f"/networks/{name}"
        if name not in {each["name"] for each in self.get("/networks", limit=100)["items"]}:
            self.post("/networks", {"name": name, "region": REGION, "availability_zones": 1})
        self.wait(path, "ready")
        return self.get(path)

    def wait(self, path: str, status: str) -> None:
        """Raises AssertionError if it does not get there."""

        def is_there() -> bool:
            found = self.get(path)["status"]
            assert found == status or found != "failed", f"{path} has failed"
            return bool(found == status)

        wait_for(is_there, SETTLE_LIMIT_S)

    def _answer(self, method: str, path: str, **options: Any) -> dict[str, Any]:
        url, headers = f"{self.dashboard.url}/api/v1{path}", self.dashboard.cookie
        answer = plain_http.request(method, url, headers=headers, timeout=TIMEOUT_S, **options)
        found: dict[str, Any] = answer.raise_for_status().json() if answer.content else {}
        return found
