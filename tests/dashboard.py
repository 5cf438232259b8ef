"""A real dashboard for tests: `egret serve` as a process of its own, on the shared sandbox."""

import os
import re
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import httpx
from sqlalchemy import inspect, text
from sqlmodel import Session

from tests import plain_http
from tests.databases import prepare, settings_of
from tests.forking import Forked
from tests.openapi.described import described
from tests.sandbox.credentials import environment_of
from webapp.db import temporary_engine
from webapp.sandbox.folder import bind
from webapp.sandbox.launcher import Sandbox
from webapp.scope import Scope
from webapp.services import access
from webapp.settings import Settings
from webapp.watching.changes import CHANNEL

WITHOUT_FOREIGN_KEYS = {
    "sqlite": "PRAGMA foreign_keys=OFF",
    "postgresql": "SET session_replication_role = replica",
}
START_TIMEOUT_S = 60.0
SETTLE_TIMEOUT_S = 60.0
TIMEOUT_S = 30.0
POLL_S = 0.1
USER = "ada"
PASSWORD = "correct horse battery staple"

_of_this_run: dict[Path, str] = {}


def databases() -> dict[Path, str]:
    """Of all dashboards that this process has started: the URL, by the file of the log."""
    return _of_this_run


def logs() -> list[str]:
    """What all dashboards that this process has started have logged."""
    return [log.read_text() for log in sorted(_of_this_run)]


@dataclass
class Dashboard:
    """`start` it, `stop` it, even by SIGKILL, `start` it again: the data folder stays.

    `with Dashboard(...)` stops it also when a test fails. Without a sandbox to share, the command
    must be `demo`, which starts one of its own.
    """

    is_forked: ClassVar[bool] = True
    """And its database is a copy of a new one, as are those of other tests."""

    sandbox: Sandbox | None
    data_dir: Path
    environment: dict[str, str] = field(default_factory=dict)
    command: str = "serve"
    port: int = 0
    process: "subprocess.Popen[str] | Forked | None" = None
    _user: dict[str, str] = field(default_factory=dict, repr=False)

    def replica(self, folder: Path) -> "Dashboard":
        """Another one on the same database."""
        same = {"EGRET_DATABASE_URL": self.settings.database}
        return Dashboard(self.sandbox, folder, self.environment | same)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def settings(self) -> Settings:
        """Those of its database."""
        given = self.environment.get("EGRET_DATABASE_URL")
        return settings_of(self.data_dir, **({"database_url": given} if given else {}))

    @property
    def log_file(self) -> Path:
        return self.data_dir / "dashboard.log"

    @property
    def log(self) -> str:
        return self.log_file.read_text()

    @property
    def setup_url(self) -> str:
        """The address with the one-time token that the last start printed."""
        found: list[str] = re.findall(r"Egret is at (\S+)", self.log)
        return found[-1]

    def start(self) -> "Dashboard":
        self.port = self.port or free_port()
        self.data_dir.mkdir(parents=True, exist_ok=True)
        self.log_file.touch()
        _of_this_run[self.log_file] = self.settings.database
        self.process = self._start_process()
        try:
            wait_for(self._has_started, START_TIMEOUT_S)
        except AssertionError:
            self.stop(signal.SIGKILL)
            raise
        return self

    def _start_process(self) -> "subprocess.Popen[str] | Forked":
        if self.command == "serve" and self.is_forked:
            if not self.settings.database_url:
                prepare(self.settings)
            return Forked(self._environment(), self.log_file)
        with self.log_file.open("a") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "webapp", self.command],
                env=self._environment(),
                stdout=log,
                stderr=subprocess.STDOUT,
                text=True,
            )

    def __enter__(self) -> "Dashboard":
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _has_started(self) -> bool:
        """Raises AssertionError when it never will."""
        assert self.process
        assert self.process.poll() is None, self.log_file.read_text()
        return self.answers()

    def answers(self) -> bool:
        try:
            return plain_http.get(f"{self.url}/readyz", timeout=5).status_code == 200
        except httpx.HTTPError:
            return False

    def stop(self, number: int = signal.SIGTERM) -> None:
        if self.process and self.process.poll() is None:
            self.process.send_signal(number)
            self.process.wait(10)

    def run(self, *arguments: str) -> str:
        """What the `egret` command prints."""
        done = subprocess.run(
            [sys.executable, "-m", "webapp", *arguments],
            env=self._environment(),
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout.strip()

    def api(self) -> "Api":
        """With a token made in this process: `egret tokens create` takes seconds to start."""
        with temporary_engine(self.settings.database) as engine, Session(engine) as session:
            token = access.create_api_token(Scope(session, "tests"), name="tests", role="admin")
        return Api(f"{self.url}/api/v1", {"Authorization": f"Bearer {token}"})

    def run_round(self, region: str) -> None:
        """Make the region's round due now, and wait until it is over."""
        of_region = f"WHERE resource = 'region:{region}'"
        self.execute(f"UPDATE lease SET due_at = 0 {of_region}")
        query = text(f"SELECT due_at FROM lease {of_region} AND expires_at = 0")
        with temporary_engine(self.settings.database) as engine, engine.connect() as connection:

            def is_over() -> bool:
                due_at = connection.execute(query).scalar()
                connection.rollback()
                return (due_at or 0) > 0

            wait_for(is_over, 30)

    def execute(self, statement: str) -> None:
        """Change the database directly: a shortcut to a state that takes long to reach.

        Nothing is deleted with what it belongs to: it may be put back.
        """
        with temporary_engine(self.settings.database) as engine, engine.begin() as connection:
            dialect = engine.dialect.name
            connection.exec_driver_sql(WITHOUT_FOREIGN_KEYS[dialect])
            connection.execute(text(statement))
            if dialect == "postgresql":  # no trigger has told it
                connection.exec_driver_sql(f"NOTIFY {CHANNEL}")

    def rows(self) -> str:
        """All that its database has now."""
        with temporary_engine(self.settings.database) as engine, engine.connect() as connection:
            tables = inspect(connection).get_table_names()
            found = [connection.exec_driver_sql(f'SELECT * FROM "{name}"') for name in tables]
            return "\n".join(str(row) for each in found for row in each)

    def signed_in(self) -> dict[str, str]:
        """The cookies of an administrator's session. The first one is set up."""
        form = {"name": USER, "password": PASSWORD, "token": self.setup_url.partition("token=")[2]}
        for page in ("setup", "sign-in") if form["token"] else ("sign-in",):
            answer = plain_http.post(f"{self.url}/{page}", data=form, timeout=TIMEOUT_S)
            if answer.cookies:
                break
        return dict(answer.cookies)

    def _environment(self) -> dict[str, str]:
        own = {
            "EGRET_DATA_DIR": str(self.data_dir),
            "EGRET_PORT": str(self.port),
            "EGRET_DATABASE_URL": self.settings.database_url,
            "EGRET_SECRET_KEY": self.settings.secret_key,
            "EGRET_POLL_S": "0.4",
            "PYTHONWARNINGS": "error",
        }
        shared = self.sandbox.environment() if self.sandbox else {}
        prefix = self.environment.get("EGRET_NAME_PREFIX")
        if self.sandbox and prefix:
            self._user = self._user or environment_of(self.sandbox, prefix)
        return os.environ | shared | self._user | own | self.environment


@dataclass
class Api:
    """The API, as a program uses it. Whatever it answers is as it is described."""

    url: str
    headers: dict[str, str]

    def get(
        self,
        path: str,
        params: dict[str, Any] | None = None,
        headers: dict[str, str] | None = None,
    ) -> httpx.Response:
        return self._request("GET", path, params=params, headers=headers or {})

    def post(self, path: str, body: object | None = None) -> httpx.Response:
        return self._request("POST", path, json=body)

    def put(self, path: str, body: object) -> httpx.Response:
        return self._request("PUT", path, json=body)

    def patch(self, path: str, body: object) -> httpx.Response:
        return self._request("PATCH", path, json=body)

    def delete(self, path: str, params: dict[str, Any] | None = None) -> httpx.Response:
        return self._request("DELETE", path, params=params)

    def settled(self, path: str) -> dict[str, Any]:
        """The network or function at `path`, once it is ready or has failed."""
        found: dict[str, Any] = {}

        def is_settled() -> bool:
            found.update(self.get(path).raise_for_status().json())
            return found["status"] in ("ready", "failed", "parked")

        wait_for(is_settled, SETTLE_TIMEOUT_S)
        return found

    def gone(self, path: str) -> None:
        wait_for(lambda: self.get(path).status_code == 404, SETTLE_TIMEOUT_S)

    def _request(self, method: str, path: str, **options: Any) -> httpx.Response:
        headers = self.headers | options.pop("headers", {})
        url = self.url + path
        answer = plain_http.request(method, url, headers=headers, timeout=TIMEOUT_S, **options)
        described().check(answer)
        return answer


def wait_for(condition: Any, seconds: float) -> None:
    """Wait until `condition()` is true. Raises AssertionError after `seconds`."""
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, f"did not come true within {seconds} s"
        time.sleep(POLL_S)


def free_port() -> int:
    with bind() as probe:
        port: int = probe.getsockname()[1]
        return port
