"""Where a function's code runs: as a user of its own, in a private folder, with little to read.

The sandbox runs as whoever started it, who owns the dashboard's data, the embedded AWS's state and
the processes of both. Function code must not read them. So it is confined twice, as far as the
machine allows:

- Only root may become another user. Then each execution environment has a user of its own, to whom
  the files, memory and environment variables of all others are closed.
- Linux's Landlock leaves a process, root's or not, those trees of files that it is given, and no
  look into the processes outside.

Which of them hold is tried when the sandbox starts. Where neither does, the sandbox's log says so.
"""

import atexit
import json
import logging
import os
import pwd
import secrets
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from webapp.sandbox.embedded_aws.confined import version
from webapp.sandbox.private_files import write_private

CONFINED = Path(__file__).with_name("confined.py")
PYTHON = f"python{sys.version_info.major}.{sys.version_info.minor}"
USERS = range(61_184, 65_520)
"""For users that exist as long as a process does: https://systemd.io/UIDS-GIDS"""
PREFIX = "egret-functions-"
RECORD = "functions-folder"
PROBE = "import os, sys; sys.path.append(sys.argv[1]); import awslambdaric.lambda_runtime_client"
PROBE_TIMEOUT_S = 20.0
SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib64", "/etc", "/nix/store", "/proc", "/dev")
CPUS = "/sys/devices/system/cpu"
DEVICES = ("/dev/null", "/dev/zero", "/dev/full", "/dev/tty")
UNCONFINED = (
    "functions run as the user who started the sandbox and can read what that user can, since only "
    "root can run them as another user, and this machine has no Landlock. Run no code that you do "
    "not trust"
)

log = logging.getLogger("egret.sandbox.functions")


@dataclass(frozen=True)
class Means:
    """What confines functions on this machine.

    Where Python is in a folder that their own user may not enter (root's home, say), they have it
    and its packages as open folders, and not `by_path`.
    """

    own_user: bool
    by_path: bool
    landlock: bool


@dataclass(frozen=True)
class Cell:
    """Of one execution environment: a `folder` that is its alone, and a `user`, if it has one.

    `trusted` is a file with certificates, if they are not the system's.
    """

    folder: Path
    user: int | None
    means: Means
    trusted: Path | None = None

    def python(
        self, program: list[str], *, cwd: str, env: dict[str, str], **options: Any
    ) -> "subprocess.Popen[bytes]":
        """A process of Python's in it; the program's last argument is where the packages are."""
        python, packages = os.path.realpath(sys.executable), sysconfig.get_path("purelib")
        with ExitStack() as opened:
            held: list[int] = []
            if not self.means.by_path:
                held = [_open(opened, folder) for folder in (sys.base_prefix, packages)]
                home, packages = (f"/proc/self/fd/{number}" for number in held)
                python, env = f"{home}/bin/{PYTHON}", env | _at(home)
            command = [python, "-S", "-P", *program, packages]
            return self._start(command, held, cwd=cwd, env=env, **options)

    def _start(
        self, command: list[str], held: list[int], *, cwd: str, env: dict[str, str], **options: Any
    ) -> "subprocess.Popen[bytes]":
        certificates = [str(self.trusted)] if self.trusted else []
        readable = [*_readable(), cwd, *certificates]
        trees = {"readable": readable, "writable": [str(self.folder), *DEVICES]}
        order = {
            "command": command,
            "environment": env,
            "trees": trees if self.means.landlock else None,
            "user": self.user,
        }
        with tempfile.TemporaryFile("w+") as file:
            json.dump(order, file)
            file.seek(0)
            begin = [sys.executable, "-I", "-S", str(CONFINED), str(file.fileno())]
            return subprocess.Popen(
                begin,
                cwd=cwd,
                env={},
                pass_fds=(file.fileno(), *held),
                start_new_session=True,
                **options,
            )

    @property
    def environment(self) -> dict[str, str]:
        """Variables that say what is the cell's own."""
        own = dict.fromkeys(("HOME", "TMPDIR"), str(self.folder))
        return own | ({"SSL_CERT_FILE": str(self.trusted)} if self.trusted else {})

    def leave(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)


class Confinement:
    """All cells, in a folder that the next sandbox in `state_dir` removes if this one cannot."""

    def __init__(self, state_dir: Path, ca_file: Path | None = None) -> None:
        record = state_dir / RECORD
        with suppress(FileNotFoundError):
            shutil.rmtree(record.read_text(), ignore_errors=True)
        self.folder = Path(tempfile.mkdtemp(prefix=PREFIX))
        atexit.register(shutil.rmtree, self.folder, ignore_errors=True)
        self._open_to_users(self.folder)
        write_private(record, str(self.folder))
        self._trusted = self._readable_copy(ca_file) if ca_file else None
        self._means = ThreadPoolExecutor(1, "confinement").submit(self._best)

    @property
    def means(self) -> Means:
        """Waits until they have been tried, which takes about a second."""
        return self._means.result()

    def cell(self) -> Cell:
        """A new cell."""
        return self._cell(self.means)

    def shared_folder(self, name: str) -> Path:
        """One that is no cell: all functions may open what they know the name of."""
        folder = self.folder / name
        folder.mkdir(mode=0o700)
        self._open_to_users(folder)
        return folder

    def _readable_copy(self, file: Path) -> Path:
        copy = self.shared_folder("certificates") / file.name
        shutil.copyfile(file, copy)
        copy.chmod(0o444)
        return copy

    def _open_to_users(self, folder: Path) -> None:
        if os.geteuid() == 0:
            folder.chmod(0o711)

    def _cell(self, means: Means) -> Cell:
        folder = Path(tempfile.mkdtemp(dir=self.folder))
        user = _new_user() if means.own_user else None
        if user is not None:
            os.chown(folder, user, user)
        return Cell(folder, user, means, self._trusted)

    def _best(self) -> Means:
        """What works for a process that imports AWS's runtime client."""
        *possible, unconfined = _possible()
        found = next(filter(self._works, possible), unconfined)
        if found == unconfined:
            log.warning("functions are not confined: %s.", UNCONFINED)
        else:
            log.info("functions are confined: %s", found)
        return found

    def _works(self, means: Means) -> bool:
        cell: Cell | None = None
        try:
            cell = self._cell(means)
            quiet = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.DEVNULL)
            process = cell.python(["-c", PROBE], cwd=str(cell.folder), env={}, **quiet)
            return _is_successful(process)
        except (OSError, subprocess.SubprocessError):
            return False
        finally:
            if cell:
                cell.leave()


def _possible() -> list[Means]:
    """The strictest first; the last one confines nothing."""
    users = [(True, True), (True, False)] if os.geteuid() == 0 else []
    locks = [True, False] if version() > 0 else [False]
    return [Means(*user, lock) for user in [*users, (False, True)] for lock in locks]


def _at(home: str) -> dict[str, str]:
    """Where Python finds itself and its libraries, if not by its own path."""
    return {"PYTHONHOME": home, "LD_LIBRARY_PATH": f"{home}/lib"}


def _open(opened: ExitStack, folder: str) -> int:
    number = os.open(folder, os.O_PATH)
    opened.callback(os.close, number)
    return number


def _is_successful(process: "subprocess.Popen[bytes]") -> bool:
    with process:
        try:
            return process.wait(PROBE_TIMEOUT_S) == 0
        except subprocess.TimeoutExpired:
            process.kill()
            return False


def _new_user() -> int:
    """One that no account of this machine and no process of another cell is likely to be."""
    while True:
        user = secrets.choice(USERS)
        try:
            pwd.getpwuid(user)
        except KeyError:
            return user


def _readable() -> list[str]:
    """What Python and AWS's runtime client need: the system's files, and no person's."""
    installed = {path for name, path in sysconfig.get_paths().items() if name.endswith("lib")}
    return [*SYSTEM, CPUS, *sorted(installed | {sys.base_prefix, sys.prefix})]
