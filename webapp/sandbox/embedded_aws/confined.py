"""Confines this process and becomes a function's: `python -I -S confined.py <file descriptor>`.

The order is a JSON object in the file: a `command`, its `environment`, the `trees` that it may read
and write (null where Landlock does not confine it), and the `user` that it becomes (null for none).
All this happens before anything of the function's has a say, its environment variables included.

https://docs.kernel.org/userspace-api/landlock.html
"""

import ctypes
import json
import os
import sys
from contextlib import suppress

LINUX = sys.platform == "linux"
CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446
ASK_VERSION, PATH_BENEATH = 1, 1
SET_NO_NEW_PRIVILEGES, DROP_CAPABILITY = 38, 24
CAPABILITIES = range(64)
TREE, FILE = (1 << 13) - 1, 0b111
"""All that the first version knows about; what a file, which is no folder, can be allowed."""
READ, LIST, EXECUTE = 1 << 2, 1 << 3, 1 << 0
TRUNCATE, TRUNCATE_SINCE = 1 << 14, 3
SIGNALS_AND_SOCKETS, SCOPES_SINCE = 0b11, 6
"""It may not signal what is outside, nor use abstract sockets there."""


class Ruleset(ctypes.Structure):
    _fields_ = (
        ("files", ctypes.c_uint64),
        ("network", ctypes.c_uint64),
        ("scopes", ctypes.c_uint64),
    )


class Rule(ctypes.Structure):
    _pack_ = 1
    _fields_ = (("allowed", ctypes.c_uint64), ("file", ctypes.c_int32))


def main() -> None:
    with open(int(sys.argv[1])) as file:  # noqa: PTH123 - a descriptor has no path
        order = json.load(file)
    if order["trees"] is not None:
        confine(**order["trees"])
    if os.geteuid() == 0:
        _give_up_root(order["user"])
    command, environment = order["command"], order["environment"]
    os.execve(command[0], command, environment)  # noqa: S606 - there is no shell to be wanted


def _give_up_root(user: int | None) -> None:
    """Become the user; without one, keep the name of root and none of its capabilities."""
    for capability in CAPABILITIES if LINUX else ():
        ctypes.CDLL(None).prctl(DROP_CAPABILITY, capability, 0, 0, 0)
    if user is not None:
        os.setgroups([])
        os.setresgid(user, user, user)
        os.setresuid(user, user, user)


def version() -> int:
    """Of the kernel's Landlock; 0 or less without one."""
    return _call(CREATE_RULESET, None, ctypes.c_size_t(0), ASK_VERSION) if LINUX else 0


def confine(*, readable: list[str], writable: list[str]) -> None:
    """Leave this process and its children those trees and files alone. Raises OSError."""
    known = version()
    truncate = TRUNCATE if known >= TRUNCATE_SINCE else 0
    scopes = SIGNALS_AND_SOCKETS if known >= SCOPES_SINCE else 0
    rules = Ruleset(TREE | truncate, 0, scopes)
    size = ctypes.sizeof(rules) if scopes else Ruleset.network.offset
    ruleset = _checked(CREATE_RULESET, ctypes.byref(rules), ctypes.c_size_t(size), 0)
    for path in readable:
        _allow(ruleset, path, READ | LIST | EXECUTE)
    for path in writable:
        _allow(ruleset, path, TREE | truncate)
    if ctypes.CDLL(None).prctl(SET_NO_NEW_PRIVILEGES, 1, 0, 0, 0):
        raise OSError("prctl refused to give up new privileges")
    _checked(RESTRICT_SELF, ruleset, 0)
    os.close(ruleset)


def _allow(ruleset: int, path: str, allowed: int) -> None:
    """What is not there needs no rule."""
    with suppress(FileNotFoundError, PermissionError):
        file = os.open(path, os.O_PATH | os.O_CLOEXEC)
        kinds = allowed if os.path.isdir(path) else allowed & (FILE | TRUNCATE)  # noqa: PTH112
        rule = Rule(kinds, file)
        _checked(ADD_RULE, ruleset, PATH_BENEATH, ctypes.byref(rule), 0)
        os.close(file)


def _checked(number: int, *arguments: object) -> int:
    answer = _call(number, *arguments)
    if answer < 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
    return answer


def _call(number: int, *arguments: object) -> int:
    """A system call that the C library has no function for; -1 where there is none."""
    library = ctypes.CDLL(None, use_errno=True)
    answer: int = library.syscall(ctypes.c_long(number), *arguments)
    return answer


if __name__ == "__main__":
    main()
