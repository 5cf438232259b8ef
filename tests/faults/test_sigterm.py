"""`egret serve` is told to end: it answers what it has begun, ends its streams, and says 0."""

import signal
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Event, Thread

import httpx
from sqlmodel import Session

from tests import plain_http
from tests.dashboard import TIMEOUT_S, Dashboard, wait_for
from tests.faults import replicas
from tests.services.rows import a_network, add
from tests.services.scripted import STACK_ID
from webapp.db import temporary_engine
from webapp.models import Lease, Status
from webapp.services.engine import leases

NOWHERE = {"AWS_ENDPOINT_URL": "http://127.0.0.1:9", "EGRET_REGIONS": "eu-central-1"}
STREAM = "/networks/followed/stream"
FORM = b"name=nobody&password=of+nobody"
HEAD = b"POST /sign-in HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: %d\r\n" % len(FORM)
KIND = b"content-type: application/x-www-form-urlencoded\r\n\r\n"


def follow(url: str, cookies: dict[str, str], begun: Event) -> str:
    """What a stream says until it ends; httpx raises an error if it is not whole."""
    heard = ""
    with plain_http.stream("GET", url, cookies=cookies, timeout=TIMEOUT_S) as answer:
        for text in answer.iter_text():
            heard += text
            if "event: status" in heard:
                begun.set()
    return heard


def refuses(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=TIMEOUT_S).close()
    except ConnectionRefusedError:
        return True
    return False


@contextmanager
def silent_aws() -> Iterator[tuple[dict[str, str], list[bytes]]]:
    """It takes every request and answers none: settings for it, and what was asked."""
    asked: list[bytes] = []
    opened: list[socket.socket] = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def listen() -> None:
            with suppress(OSError):
                while True:
                    opened.append(server.accept()[0])
                    Thread(target=read, args=(opened[-1],), daemon=True).start()

        def read(connection: socket.socket) -> None:
            with suppress(OSError):
                while part := connection.recv(65536):
                    asked.append(part)

        Thread(target=listen, daemon=True).start()
        yield NOWHERE | {"AWS_ENDPOINT_URL": f"http://127.0.0.1:{server.getsockname()[1]}"}, asked
        for each in opened:
            each.close()


def test_what_waits_for_aws_is_cut_its_client_is_told_and_its_lease_stays(tmp_path: Path) -> None:
    with silent_aws() as (settings, asked), ThreadPoolExecutor(1) as pool:

        def wait_until_asked(action: bytes) -> None:
            wait_for(lambda: any(action in part for part in list(asked)), TIMEOUT_S)

        with Dashboard(None, tmp_path, settings) as own:
            cookies = own.signed_in()
            with temporary_engine(own.settings.database) as engine, Session(engine) as session:
                row = a_network("made", status=Status.CREATING, stack_id=STACK_ID)
                add(session, row)
                leases.leave(session, row.owner)
                wait_until_asked(b"Action=DescribeStackEvents")
                page = f"{own.url}/orphans?region=eu-central-1"
                waits = pool.submit(httpx.get, page, cookies=cookies, timeout=TIMEOUT_S)
                wait_until_asked(b"Action=DescribeStacks&")
                assert own.process
                own.process.send_signal(signal.SIGTERM)
                assert own.process.wait(TIMEOUT_S) == 0
                answer = waits.result()
                assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
                assert "This replica ends" in answer.text
                assert session.get_one(Lease, row.owner).expires_at > 0
            assert "it ends now" in own.log
            assert "Traceback" not in own.log


def test_streams_end_and_what_has_begun_is_answered(tmp_path: Path) -> None:
    """Whoever followed one replica can follow another one, if there is any."""
    with Dashboard(None, tmp_path, NOWHERE) as own, ThreadPoolExecutor(2) as pool:
        others = [own.replica(tmp_path / str(number)) for number in range(1, replicas.count())]
        cookies = own.signed_in()
        with temporary_engine(own.settings.database) as engine, Session(engine) as session:
            add(session, a_network("followed", status=Status.CREATING))
        begun = [Event(), Event()]
        streams = [pool.submit(follow, own.url + STREAM, cookies, each) for each in begun]
        assert all(each.wait(TIMEOUT_S) for each in begun)
        with socket.create_connection(("127.0.0.1", own.port), timeout=TIMEOUT_S) as half:
            half.sendall(HEAD + KIND + FORM[:5])
            assert own.process
            own.process.send_signal(signal.SIGTERM)
            wait_for(lambda: refuses(own.port), TIMEOUT_S)
            half.sendall(FORM[5:])
            answer = b"".join(iter(lambda: half.recv(4096), b""))
        assert answer.startswith(b"HTTP/1.1 422 ")
        assert b"\r\nconnection: close\r\n" in answer
        assert not any("event: done" in each.result() for each in streams)
        assert own.process.wait(TIMEOUT_S) == 0
        assert "Traceback" not in own.log
        for other in others:
            with other:
                resumed = Event()
                stream = pool.submit(follow, other.url + STREAM, cookies, resumed)
                assert resumed.wait(TIMEOUT_S)
            assert "event: status" in stream.result()
