"""Starts the sandbox: three child processes on free ports of 127.0.0.1, in a private folder.

The ports stay the same over restarts, because the dashboard stores URLs of endpoints; AWS's state,
the partner's keys and the sandbox's random credentials stay too. The children end with their
parent, even if it is killed. They do not inherit the environment variables that could lead to a
real account or through a real proxy.
"""

import json
import os
import secrets
import subprocess
import sys
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path

from webapp.aws.policy import Place
from webapp.errors import NotFound, Unavailable
from webapp.sandbox.folder import Credentials, Folder, is_locked
from webapp.sandbox.info import ACCOUNT, REGION, SECOND_ACCOUNT, Info, info_of
from webapp.sandbox.partner.hosts import endpoints
from webapp.sandbox.tls_partners import TlsPartners
from webapp.sandbox.users import Users

__all__ = ["ACCOUNT", "REGION", "SECOND_ACCOUNT", "Info", "Sandbox", "read_info"]

NETWORK_QUOTA = 5
READY_TIMEOUT_S = 30.0
READY_POLL_S = 0.05
STOP_TIMEOUT_S = 5.0
LOG_TAIL_LINES = 5
INHERITED_VARIABLES = ("PATH", "LANG", "TMPDIR", "SSL_CERT_FILE", "VIRTUAL_ENV", "PYTHONPATH")
CHILDREN = ("embedded_aws", "partner", "nat")
LOOPBACK = "127.0.0.1,localhost"
INFO = "sandbox.json"
PROFILES = "aws-profiles"
PREFIX = "egret"
NO_TLS_PARTNERS = TlsPartners()


@dataclass
class Sandbox:
    """A running sandbox; use it as a context manager, or `stop` it."""

    locked_folder: Folder
    info: Info
    users: Users = field(repr=False)
    children: dict[str, "subprocess.Popen[bytes]"] = field(default_factory=dict)

    @classmethod
    def start(
        cls,
        state_dir: Path,
        *,
        pace_s: float,
        address_quota: int,
        network_quota: int = NETWORK_QUOTA,
        prefix: str = PREFIX,
        tls_partners: TlsPartners = NO_TLS_PARTNERS,
        dashboard: str = "127.0.0.1",
    ) -> "Sandbox":
        """Start the three children and wait until each answers. Raises Conflict, Unavailable.

        What a browser opens has another name of this machine than `dashboard`, whose cookie it
        would get otherwise.
        `prefix` is that of the dashboard: its policies are for what has names that begin so.
        """
        folder = Folder(state_dir)
        folder.lock()
        (folder.path / INFO).unlink(missing_ok=True)
        ports, credentials = folder.ports(CHILDREN), folder.credentials()
        users = Users(credentials, Place(ACCOUNT, prefix=prefix), SECOND_ACCOUNT)
        sandbox = cls(folder, info_of(ports, users, dashboard), users)
        environments = _environments(folder.path, ports, users)
        environments["embedded_aws"] |= {
            "EMBEDDED_AWS_PACE_S": str(pace_s),
            "EMBEDDED_AWS_ADDRESS_QUOTA": str(address_quota),
            "EMBEDDED_AWS_NETWORK_QUOTA": str(network_quota),
            "EMBEDDED_AWS_CA_FILE": tls_partners.ca_file,
        }
        environments["nat"]["TLS_PARTNERS"] = tls_partners.as_json
        try:
            for name in CHILDREN:
                sandbox.children[name] = _start(folder, name, environments[name])
            for name in CHILDREN:
                sandbox._wait_until_ready(name, ports[name])
        except BaseException:
            sandbox.stop()
            raise
        folder.write(PROFILES, "[default]\n")
        folder.write(INFO, json.dumps(sandbox.info.as_dict()))
        return sandbox

    @property
    def folder(self) -> Path:
        return self.locked_folder.path

    def environment(self) -> dict[str, str]:
        """The environment variables that make a dashboard use this sandbox, as its own user."""
        return self._hide_real_accounts() | {
            "AWS_ENDPOINT_URL": self.info.aws_endpoint,
            "AWS_ACCESS_KEY_ID": self.users.dashboard.access_key_id,
            "AWS_SECRET_ACCESS_KEY": self.users.dashboard.secret,
            "AWS_DEFAULT_REGION": self.info.region,
            "AWS_EC2_METADATA_DISABLED": "true",
            "EGRET_CLOUD": "sandbox",
            "EGRET_ENDPOINTS": json.dumps(endpoints(self.info.partner_url, self.info.portal_url)),
            "EGRET_PERMISSIONS_BOUNDARY_ARN": self.users.place.boundary_arn,
            "EGRET_EXECUTE_API_URL": self.info.execute_api_url,
            "NO_PROXY": LOOPBACK,
            "no_proxy": LOOPBACK,
        }

    def check(self) -> None:
        """Keep logs short. Raises Unavailable with the last log lines of a child that has ended."""
        for name, child in self.children.items():
            self.locked_folder.shorten_log(name)
            if child.poll() is not None:
                lines = self.locked_folder.log(name).read_text(errors="replace").splitlines()
                raise Unavailable(
                    f"The sandbox's {name} ended: {' / '.join(lines[-LOG_TAIL_LINES:])}",
                    remedy="Start again. Its state is kept.",
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
        (self.folder / INFO).unlink(missing_ok=True)
        self.locked_folder.unlock()

    def __enter__(self) -> "Sandbox":
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _hide_real_accounts(self) -> dict[str, str]:
        """Overrides the profile, token and endpoints that may be set up for a real account."""
        profiles = str(self.folder / PROFILES)
        endpoints = [name for name in os.environ if name.startswith("AWS_ENDPOINT_URL_")]
        return dict.fromkeys(endpoints, self.info.aws_endpoint) | {
            "AWS_CONFIG_FILE": profiles,
            "AWS_SHARED_CREDENTIALS_FILE": profiles,
            "AWS_PROFILE": "default",
            "AWS_DEFAULT_PROFILE": "default",
            "AWS_SESSION_TOKEN": "",
            "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "false",
        }

    def _wait_until_ready(self, name: str, port: int) -> None:
        until = time.monotonic() + READY_TIMEOUT_S
        while time.monotonic() < until:
            self.check()
            if _speaks_http(port):
                return
            time.sleep(READY_POLL_S)
        raise Unavailable(f"The sandbox's {name} did not start within {READY_TIMEOUT_S:.0f} s.")


def read_info(state_dir: Path) -> Info:
    """Of the sandbox that is running in the folder. Raises NotFound if none is."""
    file = state_dir / INFO
    if not file.exists() or not is_locked(state_dir):  # a killed sandbox leaves its file
        raise NotFound(
            f"No sandbox is running in {state_dir}.", remedy="Start one with: egret demo"
        )
    return Info(**json.loads(file.read_text()))


def _environments(folder: Path, ports: dict[str, int], users: Users) -> dict[str, dict[str, str]]:
    administrator, token = users.administrator, secrets.token_hex(16)
    info = info_of(ports, users)
    return {
        "embedded_aws": _aws(info, administrator)
        | {
            "GATEWAY_PORT": str(ports["embedded_aws"]),
            "BIND_HOST": "127.0.0.1",
            "IOT_MTLS_ENABLED": "0",
            "SFTP_ENABLED": "0",
            "MINISTACK_ACCOUNT_ID": ACCOUNT,
            "EMBEDDED_AWS_STATE_DIR": str(folder / "aws"),
            "EMBEDDED_AWS_NAT_PROXY": f"127.0.0.1:{ports['nat']}",
            "EMBEDDED_AWS_USERS": users.as_json(),
        },
        "partner": {
            "PARTNER_PORT": str(ports["partner"]),
            "PARTNER_STATE_DIR": str(folder),
            "PARTNER_SECRET": administrator.secret,
            "NAT_TOKEN": token,
        },
        "nat": _aws(info, users.nat)
        | {
            "NAT_PORT": str(ports["nat"]),
            "NAT_SECRET": administrator.secret,
            "NAT_TOKEN": token,
            "NAT_SECOND_ACCOUNT": json.dumps(
                [users.second, users.second_nat.access_key_id, users.second_nat.secret]
            ),
            "PARTNER_URL": f"http://127.0.0.1:{ports['partner']}",
        },
    }


def _aws(info: Info, credentials: Credentials) -> dict[str, str]:
    return {
        "AWS_ENDPOINT_URL": info.aws_endpoint,
        "AWS_ACCESS_KEY_ID": credentials.access_key_id,
        "AWS_SECRET_ACCESS_KEY": credentials.secret,
    }


def _start(folder: Folder, name: str, environment: dict[str, str]) -> "subprocess.Popen[bytes]":
    """A child with a clean environment, a log, and a pipe that tells it when its parent is gone."""
    inherited = {key: os.environ[key] for key in INHERITED_VARIABLES if key in os.environ}
    home = {"HOME": str(folder.path), "PYTHONUNBUFFERED": "1"}
    folder.log(name).touch(mode=0o600)
    folder.shorten_log(name)
    with folder.log(name).open("ab") as log:
        return subprocess.Popen(
            [sys.executable, "-m", f"webapp.sandbox.{name}"],
            env=inherited | home | environment,
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            pass_fds=(folder.inherited_fd,),
        )


def _speaks_http(port: int) -> bool:
    """Whether an HTTP server answers there, with any status; asked without a proxy."""
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        direct.open(f"http://127.0.0.1:{port}/_ministack/health", timeout=1).close()
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False
    return True
