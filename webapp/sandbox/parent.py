"""Ends a child process of the sandbox when its parent ends, even if the parent was killed.

The child's standard input is a pipe whose writing end only the parent holds. The kernel closes it
when the parent is gone; a thread that reads the pipe then asks this process to stop.
"""

import os
import signal
import sys
from threading import Thread


def end_with_parent() -> None:
    """Start the thread; this process gets SIGTERM when its standard input is closed."""
    Thread(target=_wait_for_the_end, name="parent-watch", daemon=True).start()


def _wait_for_the_end() -> None:
    while os.read(sys.stdin.fileno(), 1024):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
