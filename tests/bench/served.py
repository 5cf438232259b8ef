"""`egret serve` as it is by default, in a process of its own, with people who are signed in."""

import signal
from functools import cached_property

import httpx

from tests import plain_http
from tests.bench.rows import REGION
from tests.bench.wrk import Target
from tests.dashboard import Dashboard

NOWHERE = {
    "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
    "AWS_ACCESS_KEY_ID": "nobody",
    "AWS_SECRET_ACCESS_KEY": "nothing",
    "EGRET_REGIONS": REGION,
}
STANDARD = ("EGRET_POLL_S", "PYTHONWARNINGS")
"""What tests set otherwise than the product has it."""


class Served(Dashboard):
    """`egret serve` as it is by default."""

    is_forked = False

    def _environment(self) -> dict[str, str]:
        every = super()._environment()
        own = self.environment
        return {name: every[name] for name in every if name not in STANDARD or name in own}

    def variables(self) -> dict[str, str]:
        """The environment of its process."""
        return self._environment()

    def __enter__(self) -> "Served":
        self.start()
        return self

    @property
    def pid(self) -> int:
        assert self.process
        return self.process.pid

    @cached_property
    def sessions(self) -> list[dict[str, str]]:
        return []

    def session(self, number: int) -> dict[str, str]:
        """The header of a signed-in browser, from 0; it signs in when it is first asked for."""
        while len(self.sessions) <= number:
            cookies = self.signed_in().items()
            self.sessions.append(
                {"Cookie": "; ".join(f"{name}={value}" for name, value in cookies)}
            )
        return self.sessions[number]

    @property
    def cookie(self) -> dict[str, str]:
        return self.session(0)

    def get(self, path: str, timeout: float = 30, **headers: str) -> httpx.Response:
        """Signed in. Raises httpx.HTTPError."""
        answer = plain_http.get(self.url + path, headers=self.cookie | headers, timeout=timeout)
        return answer.raise_for_status()

    def target(self, path: str) -> Target:
        return Target(self.pid, self.url + path, self.cookie)

    def restart(self) -> None:
        """Whatever it was doing."""
        self.stop(signal.SIGKILL)
        self.start()
