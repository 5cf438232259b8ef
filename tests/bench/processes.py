"""What processes cost: CPU time and memory of one and its children, from the kernel."""

import re
import time
from pathlib import Path

CPUCLOCK_SCHED = 2
"""Linux's number for the clock of a whole process, with the threads that have ended."""
RESIDENT = re.compile(r"^VmRSS:\s+(\d+) kB", re.MULTILINE)


def family(pid: int) -> list[int]:
    """The process and all its descendants."""
    found = [pid]
    for children in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in children.read_text().split():
            found += family(int(child))
    return found


def cpu_s(pid: int) -> float:
    """Seconds, to the nanosecond: /proc/<pid>/stat has the same in steps of 10 ms."""
    return sum(time.clock_gettime((~each << 3) | CPUCLOCK_SCHED) for each in family(pid))


def resident_mib(pid: int) -> float:
    return sum(_resident_kib(each) for each in family(pid)) / 1024


def _resident_kib(pid: int) -> int:
    found = RESIDENT.search(Path(f"/proc/{pid}/status").read_text())
    return int(found[1]) if found else 0
