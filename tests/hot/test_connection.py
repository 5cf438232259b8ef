"""Answers at once, at the server's connections."""

from collections.abc import Sequence
from typing import Any

import pytest

from tests.served import CLOSING, LIMITS, Served, rest, rest_of_one, run, until
from webapp.hot.prepared import Answer, Sent

AT_ONCE = b"GET /at-once HTTP/1.1\r\nhost: a\r\n\r\n"
LARGE_BYTES = 8_000_000
ANSWER = Answer(200, [(b"content-length", b"5"), (b"x-of", b"layer")], b"early")


class Layer:
    """Knows one address."""

    def __init__(self, answer: Answer = ANSWER, pause_s: float = 0) -> None:
        self.answer, self.pause_s, self.asked = answer, pause_s, 0

    def at_once(
        self, method: bytes, address: bytes, _headers: Sequence[Any], peer: Sequence[Any] | None
    ) -> Sent | None:
        self.asked += 1
        assert peer and peer[0] == "127.0.0.1"
        if address != b"/at-once" or method not in (b"GET", b"HEAD"):
            return None
        return Sent(self.answer, [(b"x-request-id", b"%d" % self.asked)], self.pause_s)


@pytest.fixture
def served() -> Served:
    made = Served()
    made.connections.front = Layer()
    return made


def test_what_is_known_is_answered_at_once_and_the_connection_stays(served: Served) -> None:
    async def scenario(served: Served) -> None:
        client = await served.connected(AT_ONCE)
        for _ in range(2):
            assert await rest_of_one(client) == "early"
            client[1].write(AT_ONCE)
        assert await rest_of_one(client) == "early"
        client[1].write(CLOSING)
        answer = await rest(client)
        assert '"hello"' in answer
        assert "x-of" not in answer

    run(scenario, served)


def test_answers_come_in_the_order_of_their_requests(served: Served) -> None:
    async def scenario(served: Served) -> None:
        long = b"GET /long HTTP/1.1\r\nhost: a\r\n\r\n"
        client = await served.connected(AT_ONCE + long + AT_ONCE + CLOSING)
        assert await rest_of_one(client) == "early"
        await until(lambda: served.seen == ["began"])
        served.go_on.set()
        answer = await rest(client)
        assert answer.index("at last") < answer.index("404 Not Found") < answer.index('"hello"')

    run(scenario, served)


def test_head_has_no_body_and_the_date_is_in_the_answer(served: Served) -> None:
    async def scenario(served: Served) -> None:
        head = AT_ONCE.replace(b"GET", b"HEAD")
        answer = await served.answer(head + CLOSING)
        first, _, second = answer.partition("\r\n\r\n")
        assert first.startswith("HTTP/1.1 200 OK\r\n")
        assert {"content-length: 5", "x-request-id: 1"} <= set(first.split("\r\n"))
        assert "\r\ndate: " in first
        assert second.startswith("HTTP/1.1 200 OK\r\n")

    run(scenario, served)


@pytest.mark.parametrize(
    "unusual",
    [
        AT_ONCE.replace(b"\r\n\r\n", b"\r\nconnection: close\r\n\r\n"),
        AT_ONCE.replace(b"1.1", b"1.0"),
        AT_ONCE.replace(b"GET", b"POST").replace(b"\r\n\r\n", b"\r\ncontent-length: 0\r\n\r\n"),
    ],
)
def test_what_is_unusual_is_left_to_the_application(served: Served, unusual: bytes) -> None:
    async def scenario(served: Served) -> None:
        client = await served.connected(unusual)
        head = await client[0].readuntil(b"\r\n\r\n")
        assert b" 404 Not Found" in head

    run(scenario, served)


def test_a_connection_is_idle_after_an_answer_at_once_and_not_for_ever(served: Served) -> None:
    async def scenario(served: Served) -> None:
        client = await served.connected(AT_ONCE)
        assert await rest_of_one(client) == "early"
        await served.later(LIMITS.idle_s - 1)
        client[1].write(AT_ONCE)
        assert await rest_of_one(client) == "early"
        await served.later(LIMITS.idle_s + 1)
        assert await rest(client) == ""
        await until(lambda: not served.connections.admitted)

    run(scenario, served)


def test_who_does_not_read_gets_no_more_answers_at_once(served: Served) -> None:
    async def scenario(served: Served) -> None:
        body = b"x" * LARGE_BYTES
        large = Answer(200, [(b"content-length", b"%d" % LARGE_BYTES)], body)
        served.connections.front = Layer(large)
        client = await served.connected(AT_ONCE * 3)
        (connection,) = served.connections.admitted
        await until(lambda: connection.cycle is not None)  # the second one waits for the first
        assert connection.transport.get_write_buffer_size() <= LARGE_BYTES
        client[1].transport.abort()

    run(scenario, served)


def test_after_a_refusal_the_connection_is_read_later(served: Served) -> None:
    async def scenario(served: Served) -> None:
        served.connections.front = Layer(pause_s=0.1)
        client = await served.connected(AT_ONCE)
        assert await rest_of_one(client) == "early"
        (connection,) = served.connections.admitted
        assert connection.flow.read_paused
        client[1].write(AT_ONCE)
        assert await rest_of_one(client) == "early"
        client[1].transport.abort()

    run(scenario, served)
