"""The end of a server: what is on its way is answered, and then it takes no more."""

import asyncio
from dataclasses import replace

from tests.edge.test_handing_over import Streams
from tests.served import KEPT, LIMITS, Served, rest, rest_of_one, run, until
from webapp.edge.server import TICK_S

PATIENT = replace(LIMITS, leave_s=60)
NEVER_S = 3600.0
LONG = KEPT.replace(b"/", b"/long", 1)


async def refuses(served: Served) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", served.port)
    except ConnectionRefusedError:
        return True
    writer.close()
    return False


async def begins_to_end(served: Served) -> None:
    served.server.should_exit = True
    while not await refuses(served):
        await asyncio.sleep(0)


def test_a_connection_that_is_open_is_answered_once_more_and_no_new_one_is_accepted() -> None:
    async def scenario(served: Served) -> None:
        idle, busy = await served.connected(KEPT), await served.connected(LONG)
        await rest_of_one(idle)
        await until(lambda: served.seen == ["began"])
        await begins_to_end(served)
        idle[1].write(KEPT)
        assert "connection: close" in await rest(idle)
        served.go_on.set()
        answer = await rest(busy)
        assert "connection: close" in answer
        assert '"at last"' in answer

    run(scenario, Served(PATIENT))


def test_a_stream_ends_whole() -> None:
    async def scenario(served: Streams) -> None:
        client, _ = await served.opened_stream()
        served.server.should_exit = True
        assert await rest(client) == "0\r\n\r\n"
        await until(lambda: served.over == 1)

    run(scenario, Streams(PATIENT))


def test_who_stays_idle_is_not_waited_for() -> None:
    async def scenario(served: Served) -> None:
        idle = await served.connected(KEPT)
        await rest_of_one(idle)
        served.server.should_exit = True
        assert await rest(idle) == ""

    run(scenario, Served(replace(LIMITS, leave_s=0)))


def test_a_server_that_does_nothing_is_woken_to_end() -> None:
    async def scenario(served: Served) -> None:
        idle = await served.connected(KEPT)
        await rest_of_one(idle)
        served.server.tick_s = NEVER_S
        await asyncio.sleep(TICK_S)  # now it waits for that long
        served.server.should_exit = True
        assert await rest(idle) == ""

    run(scenario, Served(replace(LIMITS, leave_s=0)))
