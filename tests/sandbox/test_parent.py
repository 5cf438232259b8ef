"""A child ends when the pipe to its parent does."""

import signal
import subprocess
import sys

CHILD = """
import time
from webapp.sandbox.parent import end_with_parent
end_with_parent()
print("watching", flush=True)
time.sleep(600)
"""
TIMEOUT_S = 10.0


def test_a_child_ends_when_its_parents_pipe_is_closed() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", CHILD], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        child.stdin.write(b"what a parent writes is ignored")
        child.stdin.flush()
        assert child.stdout.readline() == b"watching\n"
        assert child.poll() is None
        child.stdin.close()
        assert child.wait(TIMEOUT_S) == -signal.SIGTERM
