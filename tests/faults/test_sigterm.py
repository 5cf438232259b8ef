"""`egret serve` is told to end: it answers what it has begun, ends its streams, and says 0."""

import signal
import socket
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event

import httpx
from sqlmodel import Session

from tests.dashboard import TIMEOUT_S, Dashboard, wait_for
from tests.faults import replicas
from tests.services.rows import a_network, add
from webapp.db import temporary_engine
from webapp.models import Status

NOWHERE = {"AWS_ENDPOINT_URL": "http://127.0.0.1:9", "EGRET_REGIONS": "eu-central-1"}
STREAM = "/networks/followed/stream"
FORM = b"name=nobody&password=of+nobody"
HEAD = b"POST /sign-in HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: %d\r\n" % len(FORM)
KIND = b"content-type: application/x-www-form-urlencoded\r\n\r\n"


def follow(url: str, cookies: dict[str, str], begun: Event) -> str:
    """What a stream says until it ends; httpx raises an error if it is not whole."""
    heard = ""
    with httpx.stream("GET", url, cookies=cookies, timeout=TIMEOUT_S) as answer:
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
