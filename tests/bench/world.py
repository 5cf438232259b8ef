"""What the measures share; each part is started when it is first asked for, and stopped at the end.

Dashboards with rows have an AWS that does not answer: a measure of pages is not one of rounds.
"""

import tempfile
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from tests.bench.calls import counting
from tests.bench.nginx import Nginx
from tests.bench.on_aws import OnAws
from tests.bench.rows import REGION, make_database
from tests.bench.served import NOWHERE, Served
from webapp.sandbox.launcher import Sandbox
from webapp.settings import Settings

QUOTA = 40


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

    @cached_property
    def sandbox(self) -> Sandbox:
        started = Sandbox.start(
            self.folder / "sandbox",
            pace_s=Settings().sandbox_pace_s,
            address_quota=QUOTA,
            network_quota=QUOTA,
        )
        return self._stack.enter_context(started)

    @cached_property
    def on_aws(self) -> OnAws:
        calls = self._stack.enter_context(counting(self.sandbox.info.aws_endpoint))
        own = {"AWS_ENDPOINT_URL": calls.url, "EGRET_REGIONS": REGION}
        served = self._stack.enter_context(Served(self.sandbox, self.folder / "on-aws", own))
        return OnAws(served, self.sandbox, calls)

    def with_rows(self, networks: int) -> Served:
        """A dashboard with so many networks."""
        if networks not in self._with_rows:
            folder = self.folder / f"rows-{networks}"
            make_database(folder / "egret.db", networks)
            served = Served(None, folder, NOWHERE)
            self._stack.enter_context(served)
            self._with_rows[networks] = served
        return self._with_rows[networks]

    def behind_proxy(self, name: str, networks: int) -> Served:
        """A new dashboard, to be started, whose clients are those that `X-Forwarded-For` says."""
        folder = self.folder / name
        make_database(folder / "egret.db", networks)
        return Served(None, folder, NOWHERE | {"EGRET_TRUSTED_PROXIES": "127.0.0.1"})

    def note(self, text: str) -> None:
        self.notes.append(text)
