"""Builds the image and tries it, read-only and as its user: `make image-check`, as root on Linux.

No Docker is needed: tests/image/container.py does what it would do. About a minute.
"""

import http.client
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.image.container import Container
from tests.image.dockerfile import health_command, last
from webapp.commands.extras import SANDBOX

INSIDE = "--inside"
START_TIMEOUT_S = 30.0
STOP_TIMEOUT_S = 10.0
POLL_S = 0.2
NOT_IN_IT = (*SANDBOX, "tests", "pytest", "pip")
SETTINGS = {
    "EGRET_PUBLIC_URL": "https://egret.example.com",
    "AWS_ACCESS_KEY_ID": "of-no-account",
    "AWS_SECRET_ACCESS_KEY": "of-no-account",
    "AWS_EC2_METADATA_DISABLED": "true",
}


def main() -> None:
    if os.geteuid() != 0 or sys.platform != "linux":
        sys.exit("make image-check needs root on Linux. With Docker, build and run it instead.")
    if INSIDE in sys.argv:
        check(Container(Path(sys.argv[-1])))
        return
    with TemporaryDirectory(prefix="egret-image-") as folder:
        Path(folder).chmod(0o755)
        again = [sys.executable, "-m", "tests.image", INSIDE, folder]
        done = subprocess.run(["unshare", "--mount", "--propagation=private", *again], check=False)
    sys.exit(done.returncode)


def check(container: Container) -> None:
    container.build()
    container.make_read_only()
    container.leave_the_network()
    check_the_command(container)
    check_what_is_in_it(container)
    check_that_it_serves(container)


def check_the_command(container: Container) -> None:
    entry = last("ENTRYPOINT").words
    helped = container.run(*entry, "serve", "--help")
    told("egret serve --help", helped.returncode == 0 and "Start the dashboard" in helped.stdout)
    demo = container.run(*entry, "demo")
    lines = demo.stdout.splitlines()
    told("egret demo says what to install", demo.returncode == 1 and len(lines) == 1)
    print(f"      {lines[0]}")


def check_what_is_in_it(container: Container) -> None:
    for module in NOT_IN_IT:
        code = f"import importlib.util as u, sys; sys.exit(u.find_spec('{module}') is not None)"
        told(f"no {module}", container.run("/venv/bin/python", "-c", code).returncode == 0)
    compiled = [*(container.root / "egret/webapp").rglob("*.pyc")]
    sources = [*(container.root / "egret/webapp").rglob("*.py")]
    told("all byte code is there", len(compiled) == len(sources) > 100)
    written = container.run("sh", "-c", "touch /egret/x || touch /venv/x || touch /etc/x")
    told("nothing can be written to the root file system", written.returncode != 0)
    as_root = container.run("touch", "/egret/x", user="0:0")
    told("not even by root", "Read-only file system" in as_root.stdout)
    allowed = container.run("sh", "-c", "touch /tmp/x /data/x && rm /tmp/x /data/x && id -u")
    told("but to /tmp and /data", allowed.stdout.strip() == "10001")


def check_that_it_serves(container: Container) -> None:
    with serving(container) as port:
        told("/readyz", get(port, "/readyz") == (200, "ready\n"))
        status, page = get(port, "/sign-in")
        told("a page", status in {200, 303} and "Traceback" not in page)
        healthy = container.run(*health_command())
        told("HEALTHCHECK while it runs", healthy.returncode == 0)
    after = container.run(*health_command())
    told("HEALTHCHECK when it has ended", after.returncode != 0)


@contextmanager
def serving(container: Container) -> Iterator[int]:
    port = int(container.environment["EGRET_PORT"])
    command = last("ENTRYPOINT").words + last("CMD").words
    running = container.start(command, SETTINGS)
    try:
        until = time.monotonic() + START_TIMEOUT_S
        while (
            running.poll() is None and time.monotonic() < until and get(port, "/healthz")[0] != 200
        ):
            time.sleep(0.2)
        told("egret serve has started", get(port, "/healthz") == (200, "ok\n"))
        yield port
    finally:
        running.terminate()
        told("it ends when it is told to", running.wait(STOP_TIMEOUT_S) in {0, -15})


def get(port: int, path: str) -> tuple[int, str]:
    """Status and text; 0 where nothing listens."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    except OSError:
        return 0, ""
    finally:
        connection.close()


def told(what: str, holds: bool) -> None:
    print(f"{'ok   ' if holds else 'FAILS'} {what}", flush=True)
    if not holds:
        sys.exit(1)


if __name__ == "__main__":
    main()
