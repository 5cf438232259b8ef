"""Starts the sandbox: three children on free ports of 127.0.0.1, in a private folder.

The ports are kept, because addresses of endpoints are stored; so are AWS's state and the partner's
keys. The children end with their parent, also when it is killed. One sandbox runs in a folder at a
time.
"""

import fcntl
import json
import os
import secrets
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO

from webapp.errors import Conflict, NotFound, Unavailable

ACCOUNT = "210987654321"
REGION = "eu-central-1"
READY_TIMEOUT_S = 30.0
READY_POLL_S = 0.05
STOP_TIMEOUT_S = 5.0
LOG_MAX_BYTES = 5 * 1024 * 1024
LOG_TAIL_LINES = 5
PASSED_ON = ("PATH", "LANG", "TMPDIR", "SSL_CERT_FILE", "VIRTUAL_ENV", "PYTHONPATH")
CHILDREN = ("embedded_aws", "partner", "nat")


@dataclass(frozen=True)
class Info:
    """Where the running sandbox is, for programs and people."""

    aws_endpoint: str
    account: str
    region: str
    access_key_id: str
    secret_access_key: str
    partner_url: str
    portal_url: str
    echo_url: str

    def as_dict(self) -> dict[str, str]:
        return asdict(self)


@dataclass
class Sandbox:
    """A running sandbox; use it as a context manager, or `stop` it."""

    folder: Path
    info: Info
    lock: IO[str]
    children: dict[str, "subprocess.Popen[bytes]"] = field(default_factory=dict)

    @classmethod
    def start(cls, folder: Path, *, pace_s: float, address_quota: int) -> "Sandbox":
        """Start all three at once, and wait until each answers. Raises Conflict, Unavailable."""
        folder = folder.resolve()
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = _locked(folder)
        ports = _ports(folder)
        sandbox = cls(folder, _info(ports), lock)
        try:
            for name, environment in _environments(
                folder, ports, pace_s=pace_s, address_quota=address_quota
            ).items():
                sandbox.children[name] = _start(folder, name, environment)
            for name in CHILDREN:
                sandbox._wait_until_ready(name, ports[name])
        except BaseException:
            sandbox.stop()
            raise
        _write_private(folder / "sandbox.json", json.dumps(sandbox.info.as_dict()))
        return sandbox

    def environment(self) -> dict[str, str]:
        """What makes a dashboard use this sandbox: AWS's own variables, and the endpoints."""
        direct = self.info.partner_url
        endpoints = {
            "https://api.clashofclans.com": "http://api.clashofclans.sandbox:443",
            "https://checkip.amazonaws.com": "http://echo.sandbox:443",
            "https://api-assets.clashofclans.com": direct,
            "https://developer.clashofclans.com": self.info.portal_url,
        }
        return {
            "AWS_ENDPOINT_URL": self.info.aws_endpoint,
            "AWS_ACCESS_KEY_ID": self.info.access_key_id,
            "AWS_SECRET_ACCESS_KEY": self.info.secret_access_key,
            "AWS_DEFAULT_REGION": self.info.region,
            "AWS_EC2_METADATA_DISABLED": "true",
            "EGRET_CLOUD": "sandbox",
            "EGRET_ENDPOINTS": json.dumps(endpoints),
            "EGRET_EXECUTE_API_URL": self.info.aws_endpoint + "/_aws/execute-api/{api}/{stage}/",
        }

    def check(self) -> None:
        """Raises Unavailable, with the last words of a child that has ended."""
        for name, child in self.children.items():
            if child.poll() is not None:
                lines = _log_file(self.folder, name).read_text(errors="replace").splitlines()
                raise Unavailable(
                    f"The sandbox's {name} ended: {' / '.join(lines[-LOG_TAIL_LINES:])}",
                    remedy="Start again; what it had is kept.",
                )

    def stop(self) -> None:
        for child in self.children.values():
            child.terminate()
        for child in self.children.values():
            try:
                child.wait(STOP_TIMEOUT_S)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()
            if child.stdin:
                child.stdin.close()
        (self.folder / "sandbox.json").unlink(missing_ok=True)
        self.lock.close()

    def __enter__(self) -> "Sandbox":
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _wait_until_ready(self, name: str, port: int) -> None:
        until = time.monotonic() + READY_TIMEOUT_S
        while time.monotonic() < until:
            self.check()
            if _answers(port):
                return
            time.sleep(READY_POLL_S)
        raise Unavailable(f"The sandbox's {name} did not start within {READY_TIMEOUT_S:.0f} s.")


def read_info(folder: Path) -> Info:
    """Of the sandbox that runs in the folder. Raises NotFound when none does."""
    try:
        return Info(**json.loads((folder / "sandbox.json").read_text()))
    except FileNotFoundError:
        raise NotFound(
            f"No sandbox is running in {folder}.", remedy="Start one with: egret demo"
        ) from None


def _locked(folder: Path) -> IO[str]:
    (folder / "lock").touch(mode=0o600)
    lock = (folder / "lock").open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        lock.close()
        raise Conflict(
            f"A sandbox is running in {folder} already.",
            code="sandbox_running",
            remedy="Stop it first, or set EGRET_DATA_DIR to another folder.",
        ) from None
    return lock


def _ports(folder: Path) -> dict[str, int]:
    """The ports of the last start where they are free, else new ones."""
    file = folder / "ports.json"
    kept: dict[str, int] = json.loads(file.read_text()) if file.exists() else {}
    ports = {name: _free_port(kept.get(name, 0)) for name in CHILDREN}
    _write_private(file, json.dumps(ports))
    return ports


def _free_port(wanted: int) -> int:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", wanted))
        except OSError:
            probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _info(ports: dict[str, int]) -> Info:
    partner = f"http://127.0.0.1:{ports['partner']}"
    return Info(
        aws_endpoint=f"http://127.0.0.1:{ports['embedded_aws']}",
        account=ACCOUNT,
        region=REGION,
        access_key_id=ACCOUNT,
        secret_access_key="sandbox",  # noqa: S106 - the embedded AWS takes any
        partner_url=partner,
        portal_url=f"{partner}/portal",
        echo_url=f"{partner}/echo",
    )


def _environments(
    folder: Path, ports: dict[str, int], *, pace_s: float, address_quota: int
) -> dict[str, dict[str, str]]:
    info, token = _info(ports), secrets.token_hex(16)
    return {
        "embedded_aws": {
            "GATEWAY_PORT": str(ports["embedded_aws"]),
            "BIND_HOST": "127.0.0.1",
            "IOT_MTLS_ENABLED": "0",
            "SFTP_ENABLED": "0",
            "AWS_ENDPOINT_URL": info.aws_endpoint,
            "MINISTACK_ACCOUNT_ID": ACCOUNT,
            "EMBEDDED_AWS_STATE_DIR": str(folder / "aws"),
            "EMBEDDED_AWS_PACE_S": str(pace_s),
            "EMBEDDED_AWS_ADDRESS_QUOTA": str(address_quota),
            "EMBEDDED_AWS_NAT_PROXY": f"127.0.0.1:{ports['nat']}",
        },
        "partner": {
            "PARTNER_PORT": str(ports["partner"]),
            "PARTNER_STATE_DIR": str(folder),
            "NAT_TOKEN": token,
        },
        "nat": {
            "NAT_PORT": str(ports["nat"]),
            "NAT_TOKEN": token,
            "PARTNER_URL": info.partner_url,
            "AWS_ENDPOINT_URL": info.aws_endpoint,
            "AWS_ACCESS_KEY_ID": info.access_key_id,
            "AWS_SECRET_ACCESS_KEY": info.secret_access_key,
        },
    }


def _start(folder: Path, name: str, environment: dict[str, str]) -> "subprocess.Popen[bytes]":
    """A child with a clean environment, its words in a log, its standard input a pipe of ours."""
    inherited = {key: os.environ[key] for key in PASSED_ON if key in os.environ}
    home = {"HOME": str(folder), "PYTHONUNBUFFERED": "1"}
    log_file = _log_file(folder, name)
    if log_file.exists() and log_file.stat().st_size > LOG_MAX_BYTES:
        log_file.unlink()
    log_file.touch(mode=0o600)
    with log_file.open("ab") as log:
        return subprocess.Popen(
            [sys.executable, "-m", f"webapp.sandbox.{name}"],
            env=inherited | home | environment,
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def _log_file(folder: Path, name: str) -> Path:
    return folder / f"{name}.log"


def _answers(port: int) -> bool:
    """True once something speaks HTTP there, whatever it says."""
    try:
        urllib.request.urlopen(f"http://127.0.0.1:{port}/_ministack/health", timeout=1).close()
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False
    return True


def _write_private(file: Path, text: str) -> None:
    part = file.with_suffix(".part")
    part.touch(mode=0o600)
    part.write_text(text)
    part.replace(file)
