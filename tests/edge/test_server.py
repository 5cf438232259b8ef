"""What the server answers by itself, without the application."""

import resource
import socket
from collections.abc import Iterator
from threading import Thread

import pytest
from fastapi import FastAPI, Request

from webapp.edge.connections import HEAD_MAX_BYTES, Connections
from webapp.edge.server import FILES_MAX, allow_open_files, server_of
from webapp.settings import Settings

ANSWER_MAX_BYTES = 8192
Connect = Iterator[int]


@pytest.fixture(scope="module")
def connections() -> Connections:
    return Connections()


@pytest.fixture(scope="module")
def port(connections: Connections) -> Connect:
    app = FastAPI()
    app.add_api_route("/", lambda: "hello")

    @app.post("/")
    async def size(request: Request) -> int:
        return len(await request.body())

    settings = Settings(public_url="https://egret.example.com")
    with socket.create_server(("127.0.0.1", 0)) as listening:
        server = server_of(app, settings, connections)
        thread = Thread(target=server.run, args=([listening],))
        thread.start()
        yield listening.getsockname()[1]
        server.should_exit = True
        thread.join()


def answer_to(port: int, sent: bytes) -> str:
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(sent)
        received = b""
        while part := connection.recv(ANSWER_MAX_BYTES):
            received += part
        return received.decode()


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"this is no HTTP\r\n\r\n", "400 Bad Request"),
        (b"GET / HTTP/1.1\r\nhost: a\r\nx" + b"y" * (HEAD_MAX_BYTES + 100), "431 "),
        (b"GET /" + b"y" * (HEAD_MAX_BYTES + 100), "431 "),
    ],
)
def test_what_never_reaches_the_application_has_the_headers_too(
    port: int, sent: bytes, status: str
) -> None:
    answer = answer_to(port, sent)
    assert answer.startswith(f"HTTP/1.1 {status}")
    for header in (
        "content-security-policy: default-src 'none'",
        "x-content-type-options: nosniff",
        "strict-transport-security: max-age",
        "cache-control: no-store",
        "x-request-id: ",
    ):
        assert header in answer


def test_other_requests_are_answered_by_the_application_whatever_they_want_to_become(
    port: int,
) -> None:
    closing = b"GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n"
    assert '"hello"' in answer_to(port, closing)
    upgrade = (
        b"GET / HTTP/1.1\r\nhost: a\r\nconnection: upgrade, close\r\nupgrade: websocket\r\n\r\n"
    )
    answer = answer_to(port, upgrade)
    assert answer.startswith("HTTP/1.1 200 ")
    assert "server:" not in answer


def test_the_end_of_an_answer_does_not_wait_until_its_beginning_was_acknowledged(
    port: int, connections: Connections
) -> None:
    with socket.create_connection(("127.0.0.1", port), timeout=10) as client:
        client.sendall(b"GET / HTTP/1.1\r\nhost: a\r\n\r\n")
        assert client.recv(ANSWER_MAX_BYTES)
        (served,) = connections.admitted
        own = served.transport.get_extra_info("socket")
        assert own.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


def test_the_limit_of_open_files_is_raised_and_never_lowered() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        for before, after in ((1024, FILES_MAX), (FILES_MAX + 1, FILES_MAX + 1)):
            resource.setrlimit(resource.RLIMIT_NOFILE, (before, hard))
            allow_open_files()
            assert resource.getrlimit(resource.RLIMIT_NOFILE) == (after, hard)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_a_large_body_is_no_large_head(port: int) -> None:
    body = b"x" * (2 * HEAD_MAX_BYTES)
    head = f"POST / HTTP/1.1\r\nhost: a\r\nconnection: close\r\ncontent-length: {len(body)}\r\n\r\n"
    assert answer_to(port, head.encode() + body).endswith(f"\r\n{len(body)}")
