"""A child of the sandbox ends when its parent does, however the parent ended.

The parent holds the writing end of a pipe that is the child's standard input. When the parent is
gone, even killed, the pipe ends; a thread that reads it asks this process to stop.
"""

import os
import signal
import sys
from threading import Thread


def end_with_parent() -> None:
    """Watch the standard input from now on."""
    Thread(target=_watch, name="parent-watch", daemon=True).start()


def _watch() -> None:
    while os.read(sys.stdin.fileno(), 1024):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
