"""What the measures share; each part is started when it is first asked for, and stopped at the end.

Dashboards with rows have an AWS that does not answer: a measure of pages is not one of rounds.
"""

import signal
import tempfile
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import httpx

from tests.bench.nginx import Nginx
from tests.bench.rows import REGION, make_database
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

    def _environment(self) -> dict[str, str]:
        every = super()._environment()
        own = self.environment
        return {name: every[name] for name in every if name not in STANDARD or name in own}

    @property
    def pid(self) -> int:
        assert self.process
        return self.process.pid

    @cached_property
    def cookies(self) -> dict[str, str]:
        return self.signed_in()

    @property
    def cookie(self) -> dict[str, str]:
        """The header of a signed-in browser."""
        return {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}

    def get(self, path: str, timeout: float = 30, **headers: str) -> httpx.Response:
        """Signed in. Raises httpx.HTTPError."""
        answer = httpx.get(self.url + path, headers=self.cookie | headers, timeout=timeout)
        return answer.raise_for_status()

    def target(self, path: str) -> Target:
        return Target(self.pid, self.url + path, self.cookie)

    def restart(self) -> None:
        """Whatever it was doing."""
        self.stop(signal.SIGKILL)
        self.start()


@dataclass
class World:
    """Use it as a context manager."""

    notes: list[str] = field(default_factory=list)
    """What a reader of the figures has to know."""
    _stack: ExitStack = field(default_factory=ExitStack)
    _with_rows: dict[int, Served] = field(default_factory=dict)

    def __enter__(self) -> "World":
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    @cached_property
    def folder(self) -> Path:
        made = tempfile.TemporaryDirectory(prefix="egret-bench-")
        folder = Path(self._stack.enter_context(made))
        folder.chmod(0o711)
        return folder

    @cached_property
    def nginx(self) -> Nginx:
        return self._stack.enter_context(Nginx(self.folder / "nginx"))

    def with_rows(self, networks: int) -> Served:
        """A dashboard with so many networks."""
        if networks not in self._with_rows:
            folder = self.folder / f"rows-{networks}"
            make_database(folder / "egret.db", networks)
            served = Served(None, folder, NOWHERE)
            self._stack.enter_context(served)
            self._with_rows[networks] = served
        return self._with_rows[networks]

    def note(self, text: str) -> None:
        self.notes.append(text)
