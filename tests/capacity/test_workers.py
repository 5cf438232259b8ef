"""Threads that wait for work."""

from threading import Barrier, Event, Thread, current_thread

from webapp.capacity import workers
from webapp.capacity.workers import IDLE_MAX

LIMIT_S = 20


def work_at_once(number: int) -> list[Thread]:
    """The threads that do so many jobs; each is told of before this returns."""
    together, told = Barrier(number), Barrier(number + 1)
    found: list[Thread] = []

    def job() -> workers.Tell:
        found.append(current_thread())
        together.wait(LIMIT_S)
        return lambda: told.wait(LIMIT_S)

    for _ in range(number):
        workers.begin(job)
    told.wait(LIMIT_S)
    return found


def test_one_job_after_the_other_is_done_by_one_thread() -> None:
    assert len({thread for _ in range(20) for thread in work_at_once(1)}) == 1


def test_a_thread_is_free_for_the_next_job_before_it_tells_of_one() -> None:
    told, free = Event(), []

    def tell() -> None:
        free.append(current_thread() in workers._idle)
        told.set()

    workers.begin(lambda: tell)
    assert told.wait(LIMIT_S)
    assert free == [True]


def test_no_more_threads_than_a_few_wait_for_work() -> None:
    found = work_at_once(IDLE_MAX + 4)
    assert len(set(found)) == IDLE_MAX + 4
    ending = [thread for thread in found if thread not in workers._idle]
    for thread in ending:
        thread.join(LIMIT_S)
    assert len(ending) == 4
    assert not any(thread.is_alive() for thread in ending)
