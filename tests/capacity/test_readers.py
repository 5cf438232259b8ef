"""Threads that read for many requests of one loop."""

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from threading import Event, current_thread, stack_size
from typing import Any

import pytest

from tests import loops
from webapp.capacity import threads, workers
from webapp.capacity.readers import Readers
from webapp.capacity.workers import IDLE_MAX

LIMIT_S = 20.0
LONG_S = 60.0
"""A turn that only ends because nothing waits."""
STACK_BYTES = 2**47
"""As large as all addresses that a process has."""
who: ContextVar[str] = ContextVar("who", default="nobody")


def limited(waiting: Coroutine[Any, Any, Any]) -> Any:
    return loops.run(asyncio.wait_for(waiting, LIMIT_S))


class Slow:
    """What a thread does until it may end."""

    def __init__(self) -> None:
        self.begun, self.may_end = Event(), Event()

    def __call__(self) -> None:
        self.begun.set()
        assert self.may_end.wait(LIMIT_S)

    async def is_at_work(self) -> None:
        while not self.begun.is_set():
            await asyncio.sleep(0.001)


@contextmanager
def no_thread_can_be_started() -> Iterator[None]:
    """None is idle, and there is not so much memory for the stack of a new one."""
    busy = Slow()

    def job() -> workers.Tell:
        busy()
        return int

    for _ in range(IDLE_MAX):
        workers.begin(job)
    before = stack_size(STACK_BYTES)
    try:
        yield
    finally:
        stack_size(before)
        busy.may_end.set()


def test_a_function_is_called_in_a_thread_with_the_context_of_who_asks() -> None:
    def greet(word: str) -> tuple[str, bool]:
        told = f"{word} {who.get()}"
        who.set("another")
        return told, current_thread().name == "worker"

    async def scenario() -> tuple[tuple[str, bool], str]:
        who.set("somebody")
        return await Readers(1).run(greet, "hello"), who.get()

    assert limited(scenario()) == (("hello somebody", True), "somebody")


@pytest.mark.parametrize(
    ("error", "raised"),
    [(ValueError("no"), ValueError), (SystemExit(1), SystemExit), (StopIteration(), RuntimeError)],
)
def test_an_error_is_raised_where_the_result_is_awaited(
    error: BaseException, raised: type[BaseException]
) -> None:
    def fail() -> None:
        raise error

    async def scenario() -> int:
        readers = Readers(1)
        with pytest.raises(raised):
            await readers.run(fail)
        return await readers.run(lambda: 7)

    assert limited(scenario()) == 7


def test_what_waits_is_done_in_its_order_and_told_at_once() -> None:
    slow, order = Slow(), list[str]()

    async def scenario() -> list[bool]:
        readers = Readers(1, LONG_S)
        first = asyncio.create_task(readers.run(slow))
        await slow.is_at_work()
        others = [asyncio.create_task(readers.run(order.append, name)) for name in "abc"]
        last = asyncio.create_task(readers.run(lambda: [each.done() for each in others]))
        await asyncio.sleep(0)
        slow.may_end.set()
        await first
        return await last

    assert limited(scenario()) == [False, False, False]
    assert order == ["a", "b", "c"]


def test_a_turn_that_has_taken_long_ends_although_others_wait() -> None:
    slow = Slow()

    async def scenario() -> bool:
        readers = Readers(1, turn_s=0)
        first = asyncio.create_task(readers.run(slow))
        await slow.is_at_work()
        second = asyncio.create_task(readers.run(first.done))
        await asyncio.sleep(0)
        slow.may_end.set()
        return await second

    assert limited(scenario()) is True


def test_nobody_waits_for_what_is_slow_after_their_own_was_done() -> None:
    slow, first = Slow(), Slow()

    async def scenario() -> list[bool]:
        readers = Readers(1, turn_s=0.2)
        tasks = [asyncio.create_task(readers.run(each)) for each in (first, slow)]
        await first.is_at_work()
        await asyncio.sleep(0)
        first.may_end.set()
        await slow.is_at_work()
        await tasks[0]
        done = [task.done() for task in tasks]
        slow.may_end.set()
        return done

    assert limited(scenario()) == [True, False]


@pytest.mark.parametrize("limit", [1, 3])
def test_no_more_read_at_once_than_may(limit: int) -> None:
    slow = [Slow() for _ in range(limit + 1)]

    async def scenario() -> bool:
        readers = Readers(limit)
        reading = [asyncio.create_task(readers.run(each)) for each in slow]
        for each in slow[:limit]:
            await each.is_at_work()
        await asyncio.sleep(0.05)
        had_begun = slow[limit].begun.is_set()
        for each in slow:
            each.may_end.set()
        await asyncio.gather(*reading)
        return had_begun

    assert limited(scenario()) is False


def test_who_begins_to_wait_leaves_the_turn_to_another_thread() -> None:
    """What was done in it is told, what waits is done, and then there is a thread less again."""
    first, outside = Slow(), Slow()

    def wait_outside() -> None:
        threads.add(1)
        outside()
        threads.add(-1)

    async def scenario() -> tuple[list[str], int, int]:
        readers = Readers(1, LONG_S)
        doing: list[tuple[Callable[..., Any], *tuple[Any, ...]]] = [
            (first,),
            ("{} before".format, "done"),
            (wait_outside,),
            ("{} after".format, "done"),
        ]
        reading = [asyncio.create_task(readers.run(*each)) for each in doing]
        await first.is_at_work()
        first.may_end.set()
        done = [await reading[1], await reading[3]]
        assert not reading[2].done()
        meanwhile = readers.limit
        outside.may_end.set()
        await reading[2]
        return done, meanwhile, readers.limit

    assert limited(scenario()) == (["done before", "done after"], 2, 1)


def test_who_has_waited_takes_nothing_more_while_another_thread_is_at_work() -> None:
    slow, outside, order = Slow(), Slow(), list[str]()

    def wait_outside() -> None:
        threads.add(1)
        outside()
        threads.add(-1)

    async def scenario() -> tuple[list[str], list[str]]:
        readers = Readers(1, LONG_S)
        waits = asyncio.create_task(readers.run(wait_outside))
        await outside.is_at_work()
        works = asyncio.create_task(readers.run(slow))
        await slow.is_at_work()
        next_one = asyncio.create_task(readers.run(order.append, "next"))
        await asyncio.sleep(0)
        outside.may_end.set()
        await waits
        before = list(order)
        slow.may_end.set()
        await asyncio.gather(works, next_one)
        return before, order

    assert limited(scenario()) == ([], ["next"])


def test_what_nobody_waits_for_any_more_is_not_begun_or_ends_unheard() -> None:
    slow, order = Slow(), list[str]()

    async def scenario() -> int:
        readers = Readers(1, LONG_S)
        tasks = [asyncio.create_task(readers.run(slow))]
        await slow.is_at_work()
        tasks.append(asyncio.create_task(readers.run(order.append, "cancelled")))
        await asyncio.sleep(0)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        slow.may_end.set()
        return await readers.run(lambda: 7)

    assert limited(scenario()) == 7
    assert order == []


def test_a_loop_that_was_closed_meanwhile_does_not_keep_the_thread_from_others() -> None:
    slow, found = Slow(), []

    def work() -> None:
        found.append(current_thread())
        slow()

    async def give_up() -> None:
        task = asyncio.create_task(Readers(1).run(work))
        await slow.is_at_work()
        task.cancel()

    async def wait_until_it_is_free() -> None:
        while found[0] not in workers._idle:
            await asyncio.sleep(0.001)

    limited(give_up())
    slow.may_end.set()
    limited(wait_until_it_is_free())
    assert found[0].is_alive()


def test_where_no_thread_can_be_started_a_reading_is_refused() -> None:
    async def scenario() -> None:
        readers = Readers(1)
        with no_thread_can_be_started(), pytest.raises(RuntimeError, match="can't start new"):
            await readers.run(int)
        assert not readers.waiting

    limited(scenario())


def test_or_it_is_done_by_a_thread_that_is_at_work() -> None:
    slow = Slow()

    async def scenario() -> int:
        readers = Readers(2, LONG_S)
        first = asyncio.create_task(readers.run(slow))
        await slow.is_at_work()
        with no_thread_can_be_started():
            second = asyncio.create_task(readers.run(lambda: 7))
            await asyncio.sleep(0)
            slow.may_end.set()
            await first
            return await second

    assert limited(scenario()) == 7
