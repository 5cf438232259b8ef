"""An answer that goes on after its call: as long as its client reads, and no longer."""

from dataclasses import dataclass, field
from typing import Any

from tests.served import LARGE, LIMITS, POST, Served, rest, run, until
from webapp.edge.handing_over import UNREAD_MAX_BYTES, Write, hand_over_of

STREAM = b"GET /stream HTTP/1.1\r\nhost: a\r\n\r\n"


@dataclass
class Streams(Served):
    """Begins each answer with `first`, and hands it over."""

    writes: list[Write | None] = field(default_factory=list)
    over: int = 0

    def application(self) -> Any:
        async def begin(scope: Any, _receive: Any, send: Any) -> None:
            assert scope["type"] == "http"
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": b"first", "more_body": True})
            hand_over = hand_over_of(scope)
            assert hand_over
            self.writes.append(hand_over(self._count))
            if not self.writes[-1]:
                await send({"type": "http.response.body"})

        return begin

    def _count(self) -> None:
        self.over += 1

    async def opened_stream(self, sent: bytes = STREAM) -> tuple[Any, Write]:
        client = await self.connected(sent)
        await client[0].readuntil(b"first\r\n")
        write = self.writes[-1]
        assert write
        return client, write


def test_an_answer_goes_on_after_its_call_until_its_end() -> None:
    async def scenario(served: Streams) -> None:
        client, write = await served.opened_stream()
        assert write(b"second")
        assert write(b"x" * 20)
        assert write(b"")
        assert await rest(client) == f"6\r\nsecond\r\n14\r\n{'x' * 20}\r\n0\r\n\r\n"
        await until(lambda: served.over == 1)
        assert not write(b"more")
        assert not served.connections.admitted

    run(scenario, Streams())


def test_who_writes_learns_that_the_client_has_gone() -> None:
    async def scenario(served: Streams) -> None:
        (_, writer), write = await served.opened_stream()
        writer.transport.abort()
        await until(lambda: served.over == 1)
        assert not write(b"more")

    run(scenario, Streams())


def test_for_a_client_that_does_not_read_nothing_is_kept() -> None:
    async def scenario(served: Streams) -> None:
        _client, write = await served.opened_stream()
        (connection,) = served.connections.admitted
        sent = 0
        while write(b"x" * LARGE):
            sent += LARGE
        unread = connection.transport.get_write_buffer_size()
        assert UNREAD_MAX_BYTES < unread <= UNREAD_MAX_BYTES + LARGE + len("10000\r\n\r\n")
        assert write(b"")
        for _ in range(2):
            await served.later(LIMITS.answer_s + unread / LIMITS.bytes_per_s)
        await until(lambda: served.over == 1)

    run(scenario, Streams())


def test_what_comes_during_a_stream_ends_it() -> None:
    async def scenario(served: Streams) -> None:
        client, _write = await served.opened_stream()
        client[1].write(STREAM)
        assert "first" not in await rest(client)
        assert (served.over, len(served.writes)) == (1, 1)

    run(scenario, Streams())


def test_the_server_ends_without_waiting_for_streams() -> None:
    served = Streams(is_left=True)

    async def scenario(served: Streams) -> None:
        await served.opened_stream()

    run(scenario, served)
    assert served.over == 1


def test_a_request_that_is_not_alone_or_not_complete_is_not_handed_over() -> None:
    async def scenario(served: Streams) -> None:
        await served.connected(POST + b"content-length: 5\r\n\r\n")
        await until(lambda: served.writes == [None])
        client = await served.connected(2 * STREAM)
        await until(lambda: len(served.writes) == 3)
        assert served.writes[1] is None
        client[1].close()

    run(scenario, Streams())
