"""A whole site for tests: `python -m deploy` as a process of its own, on a sandbox."""

import os
import re
import shutil
import signal
import socket
import ssl
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event
from urllib.parse import urlsplit

import httpx

from tests import plain_http
from tests.bench.processes import family
from tests.dashboard import PASSWORD, START_TIMEOUT_S, TIMEOUT_S, USER, free_port, wait_for
from webapp.browsers import HTTPS_SESSION_COOKIE
from webapp.sandbox.launcher import Sandbox

HOST = "localhost"
STOP_TIMEOUT_S = 30.0
NGINX = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")


@dataclass
class Site:
    """`start` it, or use it as a context manager. Everything is on loopback."""

    sandbox: Sandbox
    folder: Path
    environment: dict[str, str] = field(default_factory=dict)
    ports: list[int] = field(default_factory=lambda: [free_port() for _ in range(4)])
    process: "subprocess.Popen[str] | None" = None

    @property
    def url(self) -> str:
        return f"https://{HOST}:{self.ports[0]}"

    @property
    def plain_url(self) -> str:
        return f"http://{HOST}:{self.ports[1]}"

    @property
    def replicas(self) -> list[str]:
        """Their own addresses, as nginx has them."""
        return [f"http://127.0.0.1:{port}" for port in self.ports[2:]]

    @property
    def certificate(self) -> Path:
        return self.folder / "tls" / f"{HOST}.pem"

    @property
    def log(self) -> str:
        return (self.folder / "site.log").read_text()

    @property
    def database(self) -> str:
        """The URL of the PostgreSQL server that the command has started."""
        found: list[str] = re.findall(r"PostgreSQL is at (\S+)", self.log)
        return found[-1]

    def start(self) -> "Site":
        self.folder.mkdir(parents=True, exist_ok=True)
        own = {"EGRET_DATA_DIR": str(self.folder), "EGRET_PUBLIC_URL": self.url}
        replicas = ",".join(str(port) for port in self.ports[2:])
        with (self.folder / "site.log").open("a") as log:
            self.process = subprocess.Popen(
                [
                    *(sys.executable, "-m", "deploy"),
                    *("--http-port", str(self.ports[1]), "--ports", replicas),
                ],
                env=os.environ | self.sandbox.environment() | own | self.environment,
                stdout=log,
                stderr=subprocess.STDOUT,
                text=True,
            )
        try:
            wait_for(self.answers, START_TIMEOUT_S)
        except AssertionError:
            self.stop()
            raise AssertionError(self.log) from None
        return self

    def answers(self) -> bool:
        if not self.certificate.exists():
            return False
        try:
            with self.client() as client:
                return client.get("/readyz").status_code == 200
        except (httpx.HTTPError, ssl.SSLError):
            return False

    def client(self) -> httpx.Client:
        """A browser without a page: it keeps cookies, and trusts this site's certificate alone."""
        trusted = ssl.create_default_context(cafile=str(self.certificate))
        return httpx.Client(base_url=self.url, verify=trusted, timeout=TIMEOUT_S)

    def signed_in(self) -> httpx.Client:
        """The first administrator's browser; the first time, the site is set up."""
        client = self.client()
        token = re.findall(r"/setup\?token=(\S+)", self.log)[-1]
        form = {"name": USER, "password": PASSWORD, "token": token}
        for page in ("/setup", "/sign-in"):
            if client.post(page, data=form).status_code == 303 and client.cookies:
                break
        return client

    def at(self, replica: str, browser: httpx.Client) -> httpx.Client:
        """The same browser's session at one replica, without nginx."""
        cookie = f"{HTTPS_SESSION_COOKIE}={browser.cookies[HTTPS_SESSION_COOKIE]}"
        headers = {"Host": HOST, "Cookie": cookie}
        return plain_http.Client(base_url=replica, headers=headers, timeout=TIMEOUT_S)

    def connected(self, **limits: ssl.TLSVersion) -> ssl.SSLSocket:
        """Without HTTP; `limits` are attributes of an SSLContext."""
        trusted = ssl.create_default_context(cafile=str(self.certificate))
        for name, version in limits.items():
            setattr(trusted, name, version)
        raw = socket.create_connection(("127.0.0.1", self.ports[0]), timeout=TIMEOUT_S)
        return trusted.wrap_socket(raw, server_hostname=HOST)

    def said(self, request: str) -> str:
        """What is answered to any text before the connection is closed."""
        with self.connected() as connection:
            connection.sendall(request.replace("\n", "\r\n").encode())
            return b"".join(iter(lambda: connection.recv(4096), b"")).decode()

    def kill(self, replica: str) -> None:
        """The one at this address, as if memory had run out."""
        assert self.process
        setting = f"EGRET_PORT={urlsplit(replica).port}".encode()
        environments = {pid: Path(f"/proc/{pid}/environ") for pid in family(self.process.pid)}
        (pid,) = [pid for pid, file in environments.items() if setting in file.read_bytes()]
        os.kill(pid, signal.SIGKILL)

    def restart(self) -> None:
        """Each replica, one after the other."""
        assert self.process
        said = "All replicas were started anew."
        before = self.log.count(said)
        self.process.send_signal(signal.SIGHUP)
        wait_for(lambda: self.log.count(said) > before, START_TIMEOUT_S)

    def stop(self) -> int:
        """As systemd does. Gives the exit code."""
        if self.process is None:
            return 0
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.process.wait(STOP_TIMEOUT_S)

    def __enter__(self) -> "Site":
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()


def watch(browser: httpx.Client, begun: Event) -> str:
    """What the stream of the network `watched` says, until it ends."""
    heard = ""
    with browser.stream("GET", "/networks/watched/stream") as answer:
        for text in answer.iter_text():
            heard += text
            if "event: status" in heard:
                begun.set()
    return heard
