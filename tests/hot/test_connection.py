"""Answers at once, at the server's connections."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from tests import loops
from tests.served import CLOSING, KEPT, LIMITS, Served, rest, rest_of_one, run, until
from webapp.hot.connection import HEAD_MAX_BYTES, HEADS_MAX, TOGETHER_MAX_BYTES, Outbox
from webapp.hot.prepared import Answer, Sent
from webapp.hot.requests import Head

AT_ONCE = b"GET /at-once HTTP/1.1\r\nhost: a\r\n\r\n"
LARGE_BYTES = 8_000_000
ANSWER = Answer(200, [(b"content-length", b"5"), (b"x-of", b"layer")], b"early")


class Layer:
    """Knows one address."""

    def __init__(self, answer: Answer = ANSWER, pause_s: float = 0) -> None:
        self.answer, self.pause_s, self.asked = answer, pause_s, 0

    def at_once(self, head: Head, peer: Sequence[Any] | None) -> Sent | None:
        self.asked += 1
        assert peer and peer[0] == "127.0.0.1"
        if head.address != b"/at-once" or head.method not in (b"GET", b"HEAD"):
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


def test_what_is_wrong_is_refused_after_the_answer_before_it(served: Served) -> None:
    async def scenario(served: Served) -> None:
        answer = await served.answer(AT_ONCE + b"no request\r\n\r\n")
        assert answer.index("early") < answer.index("HTTP/1.1 400")

    run(scenario, served)


def test_a_request_that_comes_again_is_not_parsed_again(served: Served) -> None:
    async def scenario(served: Served) -> None:
        one, other = await served.connected(KEPT), await served.connected(KEPT)
        assert await rest_of_one(one) == await rest_of_one(other) == '"hello"'
        one[1].write(AT_ONCE)
        assert await rest_of_one(one) == "early"
        for connection in served.connections.admitted:
            connection.parser = None  # type: ignore[assignment]  # nothing can be parsed
        for client in (one, other):
            client[1].write(AT_ONCE)
            assert await rest_of_one(client) == "early"
        timers = [each.timeout_keep_alive_task for each in served.connections.admitted]
        assert timers == [None, None]

    run(scenario, served)


@pytest.mark.parametrize("end", [b"", AT_ONCE, KEPT[:9], KEPT, AT_ONCE + KEPT[:9]])
def test_only_what_is_one_whole_request_is_known(served: Served, end: bytes) -> None:
    async def scenario(served: Served) -> None:
        client = await served.connected(KEPT)
        assert await rest_of_one(client) == '"hello"'
        (connection,) = served.connections.admitted
        for _ in range(2):
            client[1].write(AT_ONCE + end)
            assert await rest_of_one(client) == "early"
            if end.startswith(AT_ONCE):
                assert await rest_of_one(client) == "early"
            if end.endswith(KEPT[:9]):
                client[1].write(KEPT[9:])
            if end not in (b"", AT_ONCE):
                assert await rest_of_one(client) == '"hello"'
        assert list(connection.heads) == ([] if end else [AT_ONCE])

    run(scenario, served)


def test_long_requests_are_not_remembered_and_many_are_forgotten(served: Served) -> None:
    async def scenario(served: Served) -> None:
        client = await served.connected(AT_ONCE)
        assert await rest_of_one(client) == "early"
        values = [b"x" * HEAD_MAX_BYTES, *(b"%d" % number for number in range(HEADS_MAX + 1))]
        for value in values:
            client[1].write(AT_ONCE.replace(b"\r\n\r\n", b"\r\nx: %b\r\n\r\n" % value))
            assert await rest_of_one(client) == "early"
        (connection,) = served.connections.admitted
        remembered = [head.headers[-1][1] for head in connection.heads.values()]
        assert remembered == values[2:]

    run(scenario, served)


def test_what_is_known_is_left_to_the_application_when_the_server_ends(served: Served) -> None:
    async def scenario(served: Served) -> None:
        client = await served.connected(AT_ONCE)
        assert await rest_of_one(client) == "early"
        client[1].write(AT_ONCE)
        assert await rest_of_one(client) == "early"
        served.connections.begin_to_end()
        client[1].write(AT_ONCE)
        assert "connection: close" in await rest(client)

    run(scenario, served)


def test_what_is_not_written_yet_is_not_lost_when_the_server_ends(served: Served) -> None:
    async def scenario(served: Served) -> None:
        client = await served.connected(AT_ONCE)
        assert await rest_of_one(client) == "early"
        (connection,) = served.connections.admitted
        connection.outbox.put(connection.transport, b"last")
        connection.shutdown()
        assert await rest(client) == "last"

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
        for _ in range(2):  # read, and known
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


class Recorded(asyncio.Transport):
    """What is written to it."""

    def __init__(self) -> None:
        super().__init__()
        self.written: list[bytes] = []

    def write(self, data: "bytes | bytearray | memoryview") -> None:
        self.written.append(bytes(data))


def test_answers_to_what_has_come_together_are_written_together() -> None:
    async def scenario() -> None:
        outbox, transports = Outbox(), [Recorded(), Recorded(), Recorded()]
        for transport in transports[:2]:
            outbox.put(transport, b"small")
        outbox.send_if_of(transports[2])
        assert [each.written for each in transports] == [[], [], []]
        await asyncio.sleep(0)
        assert [each.written for each in transports] == [[b"small"], [b"small"], []]

    loops.run(scenario())


def test_large_answers_wait_for_no_others_nor_does_a_second_one_of_a_connection() -> None:
    async def scenario() -> None:
        outbox, one, other = Outbox(), Recorded(), Recorded()
        outbox.put(one, b"small")
        outbox.put(other, b"x" * TOGETHER_MAX_BYTES)
        assert [len(each.written) for each in (one, other)] == [1, 1]
        outbox.put(one, b"first")
        outbox.send_if_of(one)
        assert one.written == [b"small", b"first"]

    loops.run(scenario())
