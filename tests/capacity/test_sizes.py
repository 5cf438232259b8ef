"""Threads, connections of the database and queues fit each other."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

from webapp.capacity import sizes, threads, waiting
from webapp.hot import looks
from webapp.main import make_parts
from webapp.settings import Settings

LIMIT_S = 20


def test_every_thread_has_a_connection_while_all_others_have_theirs(tmp_path: Path) -> None:
    """A server of PostgreSQL has fewer by default: see docs/operations.md."""
    engine = make_parts(Settings(data_dir=tmp_path, database_url="")).engine
    all_have_one = Barrier(sizes.CONNECTIONS)

    def work(_: int) -> int:
        with engine.connect():
            return all_have_one.wait(LIMIT_S)

    with ThreadPoolExecutor(sizes.CONNECTIONS) as everyone:
        came = set(everyone.map(work, range(sizes.CONNECTIONS)))
    engine.dispose()
    assert came == set(range(sum(sizes.OF_THREADS.values())))


def test_who_is_let_in_is_answered_soon() -> None:
    """A page takes a few milliseconds; a request waits for fewer of them than its client has
    patience for, and nobody takes all places."""
    assert waiting.WAITING_MAX <= 20 * threads.THREADS
    assert waiting.OF_CLIENT_MAX < waiting.WAITING_MAX
    assert looks.WAITING_MAX <= waiting.WAITING_MAX
