"""Threads, connections of the database and queues fit each other."""

from webapp import db, reconciler
from webapp.capacity import threads, waiting
from webapp.hot import looks
from webapp.routes import health

OTHERS = 2
"""The look of all streams, and whoever closes a connection of a request that was given up."""


def test_no_thread_that_computes_waits_for_a_connection_of_the_database() -> None:
    assert threads.READERS <= threads.READERS_OF_POSTGRESQL
    of_requests = threads.THREADS + threads.READERS_OF_POSTGRESQL
    others = reconciler.THREADS + looks.THREADS + health.READINGS_AT_ONCE + OTHERS
    assert of_requests + others < db.POOL_SIZE + db.POOL_OVERFLOW


def test_who_is_let_in_is_answered_soon() -> None:
    """A page takes a few milliseconds; a request waits for fewer of them than its client has
    patience for, and nobody takes all places."""
    assert waiting.WAITING_MAX <= 20 * threads.THREADS
    assert waiting.OF_CLIENT_MAX < waiting.WAITING_MAX
    assert looks.WAITING_MAX <= waiting.WAITING_MAX
