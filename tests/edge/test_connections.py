"""What a connection may take in time, and how many there may be; time is what the test says."""

from dataclasses import replace

import pytest

from tests import loops
from tests.fast import thorough
from tests.served import (
    CLOSING,
    KEPT,
    LARGE,
    LIMITS,
    POST,
    Served,
    rest,
    rest_of_one,
    run,
    serving,
    until,
)
from webapp.edge.connection_limits import Limits
from webapp.edge.plain_answers import RETRY_AFTER_S


@pytest.mark.parametrize("sent", [b"", b"G", b"GET / HTTP/1.1\r\nx-slow: ", b"\r\n\r\n"])
def test_a_head_that_does_not_come_is_not_awaited_while_others_are_answered(sent: bytes) -> None:
    async def scenario(served: Served) -> None:
        slow = await served.connected(sent)
        for _ in range(2):  # a byte now and then is no progress
            slow[1].write(b"x" if sent.endswith(b" ") else b"")
            await served.later(LIMITS.head_s / 2)
            assert '"hello"' in await served.answer()
        await served.later(1)
        assert (await rest(slow)).startswith("HTTP/1.1 408 ")
        await until(lambda: not served.connections.admitted)

    run(scenario)


@pytest.mark.parametrize(
    ("length", "part"),
    [(b"content-length: 5000", b"x"), (b"transfer-encoding: chunked", b"1\r\nx\r\n")],
)
def test_a_body_that_comes_slowly_is_not_awaited_nor_is_the_application(
    length: bytes, part: bytes
) -> None:
    async def scenario(served: Served) -> None:
        slow = await served.connected(POST + length + b"\r\n\r\n")
        await until(lambda: served.seen == ["began"])
        for _ in range(10):
            slow[1].write(part)
            await served.later(LIMITS.body_s / 10)
        assert '"hello"' in await served.answer()
        assert served.connections.admitted
        await served.later(1)
        assert (await rest(slow)).startswith("HTTP/1.1 408 ")
        await until(lambda: served.seen == ["began", "gave up"])

    run(scenario)


def test_a_body_that_comes_steadily_takes_its_time() -> None:
    async def scenario(served: Served) -> None:
        size = LIMITS.bytes_per_s * int(LIMITS.body_s)
        steady = await served.connected(POST + b"content-length: %d\r\n\r\n" % (2 * size))
        (connection,) = served.connections.admitted
        steady[1].write(b"x" * size)
        await until(lambda: connection.received_bytes == size)
        await served.later(2 * LIMITS.body_s)
        steady[1].write(b"x" * size)
        assert str(2 * size) in await rest_of_one(steady)

    run(scenario)


def test_what_is_left_of_a_body_after_the_answer_is_read_for_a_moment() -> None:
    async def scenario(served: Served) -> None:
        client = await served.connected(
            POST.replace(b"/", b"/unread", 1) + b"content-length: 9\r\n\r\n"
        )
        assert "no need" in await rest_of_one(client)
        client[1].write(b"x")
        await served.later(LIMITS.linger_s + 1)
        await until(lambda: not served.connections.admitted)

    run(scenario)


def test_who_does_not_read_the_answer_is_cut_off_and_the_application_ends_it() -> None:
    async def scenario(served: Served) -> None:
        await served.connected(KEPT.replace(b"/ ", b"/large ", 1))
        (connection,) = served.connections.admitted
        await until(lambda: connection.flow.write_paused)
        await served.later(LIMITS.answer_s)
        assert served.connections.admitted, "it may take a second for each KiB as well"
        await served.later(connection.unread_bytes / LIMITS.bytes_per_s + 1)
        await until(lambda: not connection.tasks)
        assert not served.connections.admitted

    run(scenario)


def test_an_answer_that_is_read_goes_on() -> None:
    async def scenario(served: Served) -> None:
        reader, _ = await served.connected(KEPT.replace(b"/ ", b"/large ", 1))
        for _ in range(3):
            await reader.readexactly(100 * LARGE)
            await served.later(LIMITS.answer_s * 10)

    run(scenario)


def test_the_application_may_take_its_time() -> None:
    async def scenario(served: Served) -> None:
        waiting = await served.connected(CLOSING.replace(b"/ ", b"/long ", 1))
        await until(lambda: served.seen == ["began"])
        await served.later(3600)
        served.go_on.set()
        assert "at last" in await rest(waiting)

    run(scenario)


def test_one_client_has_so_many_connections_and_others_have_theirs() -> None:
    async def scenario(served: Served) -> None:
        for _ in range(2):
            last = await served.connected()
        refused = await served.answer()
        assert refused.startswith("HTTP/1.1 503 ")
        assert f"retry-after: {RETRY_AFTER_S}\r\n" in refused
        assert "x-content-type-options: nosniff\r\n" in refused
        assert '"hello"' in await served.answer(source="127.0.0.2")
        last[1].close()
        await until(lambda: len(served.connections.admitted) == 1)
        assert '"hello"' in await served.answer()

    run(scenario, Served(Limits(per_client=2)))


def test_the_connections_of_a_trusted_proxy_are_those_of_many_clients() -> None:
    async def scenario(served: Served) -> None:
        for _ in range(3):
            await served.connected(source="127.0.0.9")
        assert '"hello"' in await served.answer(source="127.0.0.9")
        await served.connected(source="127.0.1.1")
        assert " 503 " in await served.answer(source="127.0.1.1")

    run(scenario, Served(Limits(per_client=1), proxies="127.0.0.0/24"))


def test_when_all_places_are_taken_an_idle_connection_makes_room() -> None:
    async def scenario(served: Served) -> None:
        idle = await served.connected(KEPT)
        assert '"hello"' in await rest_of_one(idle)
        await served.connected(source="127.0.0.2")
        await served.connected()
        assert await rest(idle) == ""
        assert " 503 " in await served.answer(source="127.0.0.3")

    run(scenario, Served(Limits(connections=2)))


def test_so_many_are_told_that_there_is_no_place_and_no_more() -> None:
    async def scenario(served: Served) -> None:
        await served.connected()
        reader, _ = await served.client(b"")
        assert (await reader.readuntil(b"\r\n")).startswith(b"HTTP/1.1 503 ")
        assert await served.answer() in ("", " (reset)")

    run(scenario, Served(Limits(connections=1, refused=1)))


def test_a_few_requests_may_be_sent_before_the_first_answer() -> None:
    async def scenario(served: Served) -> None:
        few = await served.answer(KEPT * LIMITS.pipelined + CLOSING)
        assert few.count('"hello"') == LIMITS.pipelined + 1
        many = await served.answer(KEPT * 1000)
        assert many.count('"hello"') <= LIMITS.pipelined + 2

    run(scenario)


def test_a_late_head_after_an_unfinished_request_gets_no_answer_of_its_own() -> None:
    """It would be taken for the answer to the request before."""

    async def scenario(served: Served) -> None:
        begun = await served.connected(KEPT.replace(b"/ ", b"/long ", 1) + b"GET")
        await until(lambda: served.seen == ["began"])
        await served.later(LIMITS.head_s + 1)
        assert await rest(begun) in ("", " (reset)")

    run(scenario)


@thorough("it waits for a second")
def test_the_server_ends_although_clients_do_not() -> None:
    async def whole() -> None:
        hasty = replace(LIMITS, leave_s=0.1, linger_s=0.1)
        async with serving(Served(hasty, graceful_s=1)) as served:
            await served.connected()
            await served.connected(POST + b"content-length: 9\r\n\r\n")
            await served.connected(KEPT.replace(b"/ ", b"/large ", 1))
            await served.connected(KEPT.replace(b"/ ", b"/long ", 1))
            await until(lambda: served.seen == ["began", "began"])
            served.is_left = True
        assert served.seen.count("gave up") == 1, "who waits for a body is told"

    loops.run(whole())
