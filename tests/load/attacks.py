"""The attacks, each of which is a number of clients. They run in a process of their own."""

import asyncio
from collections import Counter
from contextlib import AsyncExitStack
from dataclasses import dataclass

from tests.load import clients
from tests.load.clients import Client, Target, attacked


@dataclass(frozen=True)
class Attack:
    """So many clients of a kind."""

    name: str
    clients: tuple[Client, ...]
    number: int
    signed_in: bool = True


ATTACKS = (
    Attack("nothing else", (), 0),
    Attack("silent connections", (clients.silent,), 300),
    Attack("slow heads", (clients.slow_head,), 100, signed_in=False),
    Attack(
        "slow bodies",
        (
            clients.slow_form,
            clients.slow_chunked_form,
            clients.slow_json,
            clients.slow_chunked_json,
        ),
        25,
    ),
    Attack("slow readers", (clients.slow_reader,), 50),
    Attack("pipelining", (clients.pipelining,), 5),
    Attack("sign-ins", (clients.sign_in,), 60, signed_in=False),
    Attack("one client's connections", (clients.page,), 500),
    Attack("streams", (clients.stream,), 200),
)


def attack_with(target: Target, number: int, seconds: float) -> "Counter[str]":
    """What became of the clients."""

    async def whole() -> None:
        async with AsyncExitStack() as at_work:
            for client in ATTACKS[number].clients:
                await at_work.enter_async_context(attacked(target, client, ATTACKS[number].number))
            await asyncio.sleep(seconds)

    asyncio.run(whole())
    return target.seen
