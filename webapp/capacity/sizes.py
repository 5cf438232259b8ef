"""How many connections of the database a process has at most: as many as threads that may ask it.

So no thread waits for one, whatever the others do, and no connection is kept from anybody by a
request that waits for a thread. Those who come back from AWS or from a hash may come all at once.
Nearly always a few are open: a thread has one for the milliseconds that a statement takes.
"""

from webapp import reconciler
from webapp.capacity import outside, threads
from webapp.hot import looks
from webapp.routes import health
from webapp.services.access import hashing
from webapp.services.functions.activity import tails

METRICS, CLOSING = 1, 1
"""Whoever asks for the metrics, and whoever ends a request that was given up."""
OF_THREADS = {
    "requests that only read": max(threads.READERS, threads.READERS_OF_POSTGRESQL),
    "all other requests": threads.THREADS,
    "requests that were outside": outside.PLACES,
    "requests that hash": hashing.AT_ONCE + hashing.WAITING_MAX,
    "the background": reconciler.THREADS + reconciler.OTHER_THREADS,
    "hot answers": looks.THREADS,
    "readyz": health.READINGS_AT_ONCE,
    "tails of logs": tails.STREAMS_MAX,
    "others": METRICS + CLOSING,
}
CONNECTIONS = sum(OF_THREADS.values())
