"""The same ten rows in other programs, made anew for each request, on a copy of the database.

Flask with SQLAlchemy is what one would write instead. Datasette and sqladmin show any table: they
are told for comparison. They have an environment of their own, `.venv/bench`: `make bench`.
"""

import os
import secrets
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from tests import plain_http
from tests.bench.measures.pages import CONNECTIONS, ROUNDS
from tests.bench.rows import name_of
from tests.bench.world import World
from tests.bench.wrk import Target, costs_us
from tests.dashboard import free_port, wait_for

ROWS = 10
ROOT = Path(__file__).parents[3]
PROGRAMS = ROOT / ".venv" / "bench" / "bin"
START_TIMEOUT_S = 30
FUNCTION = f"/functions/{name_of('function', 7)}"
GUNICORN = (
    "--no-control-socket",
    "--workers",
    "1",
    "--threads",
    "8",
    "--keep-alive",
    "5",
    "--log-level",
    "error",
)


@dataclass(frozen=True)
class Peer:
    """A program; `{port}` and `{database}` are filled in."""

    command: tuple[str, ...]
    first: str
    """What is asked for first: it signs in, where that is needed."""


FLASK = Peer(
    ("gunicorn", *GUNICORN, "--bind", "127.0.0.1:{port}", "tests.bench.peers.in_flask:app"),
    "/sign-in",
)
DATASETTE = Peer(
    ("datasette", "serve", "{database}", "--port", "{port}", "--setting", "num_sql_threads", "3"),
    "/",
)
SQLADMIN = Peer(
    ("uvicorn", "tests.bench.peers.in_sqladmin:app", "--port", "{port}", "--log-level", "error"),
    "/admin/",
)


def measure(world: World) -> dict[str, float | None]:
    egret = world.with_rows(ROWS)
    egret.get("/networks")
    database = world.folder / "peers.db"
    with closing(sqlite3.connect(egret.data_dir / "egret.db")) as source:
        source.execute("VACUUM INTO ?", (str(database),))
    rows = f"/peers/network?_size={ROWS}"
    with (
        running(FLASK, database) as flask,
        running(DATASETTE, database) as datasette,
        running(SQLADMIN, database) as sqladmin,
    ):
        every = {
            "Egret's list": egret.target("/networks"),
            "Egret's function page": egret.target(FUNCTION),
            "Flask's list": flask.at("/networks"),
            "Flask's function page": flask.at(FUNCTION),
            "datasette's list": datasette.at(rows),
            "sqladmin's list": sqladmin.at("/admin/network/list"),
        }
        for target in every.values():
            plain_http.get(target.url, headers=target.headers).raise_for_status()
        found = costs_us(*every.values(), connections=CONNECTIONS, rounds=ROUNDS)
    costs = dict(zip(every, found, strict=True))
    world.note("peers: " + ", ".join(f"{name} {cost:,.0f} µs" for name, cost in costs.items()))
    return {
        "peers.flask_list": costs["Flask's list"] / costs["Egret's list"],
        "peers.flask_function": costs["Flask's function page"] / costs["Egret's function page"],
        "peers.datasette": costs["datasette's list"] / costs["Egret's list"],
        "peers.sqladmin": costs["sqladmin's list"] / costs["Egret's list"],
    }


@dataclass(frozen=True)
class Running:
    pid: int
    url: str
    cookie: str

    def at(self, path: str) -> Target:
        return Target(self.pid, self.url + path, {"Cookie": self.cookie} if self.cookie else {})


@contextmanager
def running(peer: Peer, database: Path) -> Iterator[Running]:
    port = free_port()
    command = [part.format(port=port, database=database) for part in peer.command]
    own = {"PEER_DATABASE": str(database), "PEER_SECRET": secrets.token_hex()}
    program = PROGRAMS / command[0]
    assert program.exists(), f"{program} is missing: make bench installs it"
    process = subprocess.Popen(
        [str(program), *command[1:]],
        cwd=ROOT,
        env=os.environ | own,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    url = f"http://127.0.0.1:{port}"
    try:
        wait_for(lambda: _answers(process, url + peer.first), START_TIMEOUT_S)
        cookies = plain_http.get(url + peer.first).cookies
        cookie = "; ".join(f"{name}={value}" for name, value in cookies.items())
        yield Running(process.pid, url, cookie)
    finally:
        process.terminate()
        process.wait()


def _answers(process: "subprocess.Popen[bytes]", url: str) -> bool:
    assert process.poll() is None, f"{url} has ended"
    try:
        return plain_http.get(url).status_code < 400
    except httpx.TransportError:
        return False
