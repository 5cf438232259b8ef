"""Does what Docker would do with the Dockerfile, where no Docker runs: chroot and mounts.

The system below `/usr` is this machine's, with a Python of the image's version under `/usr/local`
if there is one, and read-only. All else is in the folder that it is given. Needs root, in a mount
namespace of its own: its mounts are nowhere else, and go when the process ends. So only another
process may delete the folder.
"""

import ctypes
import fcntl
import os
import shutil
import socket
import struct
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.image.dockerfile import ROOT, context, instructions, last

SYSTEM = ("usr", "bin", "sbin", "lib", "lib64", "dev", "proc")
ETC = ("passwd", "group", "shadow", "gshadow", "login.defs", "nsswitch.conf", "hosts")
ETC_TOO = ("resolv.conf", "ssl", "ld.so.conf", "ld.so.conf.d", "localtime", "xdg", "pip.conf")
ENVIRONMENT = {
    "PATH": "/usr/local/bin:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin",
    "LANG": "C.UTF-8",
}
CLONE_NEWNET, SET_INTERFACE_FLAGS, INTERFACE_UP = 0x40000000, 0x8914, 0x1
"""Of Linux: unshare(2), netdevice(7)."""
PIPS = ("PIP_", "HTTP", "http", "SSL_", "NO_PROXY", "no_proxy")


@dataclass
class Container:
    """A root folder, and what ENV, WORKDIR and USER say."""

    root: Path
    environment: dict[str, str] = field(default_factory=lambda: dict(ENVIRONMENT))
    folder: str = "/"
    user: str = "0:0"

    def build(self) -> None:
        """Run the instructions in order. Both stages share the root, so one COPY has no effect."""
        self._prepare()
        for each in instructions():
            match each.name:
                case "RUN":
                    self.run("sh", "-c", each.text, builder=True).check_returncode()
                case "COPY" if not each.text.startswith("--from"):
                    self._copy(each.words)
                case "WORKDIR":
                    self.folder = each.text
                    self._inside(each.text).mkdir(parents=True, exist_ok=True)
                case "ENV":
                    self._set(each.words)
        self.user = last("USER").text

    def make_read_only(self) -> None:
        """As `docker run --read-only --tmpfs /tmp -v …:/data`."""
        _mount("--bind", str(self.root / "data"), str(self.root / "data"))
        _mount("-o", "remount,bind,ro", str(self.root))
        _mount("-t", "tmpfs", "-o", "mode=1777", "tmpfs", str(self.root / "tmp"))

    def leave_the_network(self) -> None:
        """Nothing but a loopback of its own, where what is open to everybody reaches nobody."""
        if ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWNET):
            raise OSError(ctypes.get_errno(), "no network namespace of its own")
        with socket.socket() as any_socket:
            up = struct.pack("16sh", b"lo", INTERFACE_UP)
            fcntl.ioctl(any_socket, SET_INTERFACE_FLAGS, up)

    def run(
        self, *command: str, user: str = "", builder: bool = False
    ) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            self.command(command, user),
            env=_of_builder() | self.environment if builder else self.environment,
            stdout=None if builder else subprocess.PIPE,
            stderr=None if builder else subprocess.STDOUT,
            text=True,
            check=False,
        )

    def start(self, command: Sequence[str], more: dict[str, str]) -> "subprocess.Popen[str]":
        environment = self.environment | more
        return subprocess.Popen(self.command(command, ""), env=environment, text=True)

    def command(self, command: Sequence[str], user: str) -> list[str]:
        inside = f'cd {self.folder} && exec "$@"'
        return [
            *("chroot", f"--userspec={user or self.user}", "--groups=", str(self.root)),
            *("sh", "-c", inside, "sh", *command),
        ]

    def _prepare(self) -> None:
        _mount("--bind", str(self.root), str(self.root))
        for name in SYSTEM:
            source, target = Path("/") / name, self.root / name
            if source.is_symlink():
                target.symlink_to(source.readlink())
            elif source.is_dir():
                target.mkdir()
                _show(source, target)
        if (python := _python()) != Path("/usr"):
            _show(python, self.root / "usr" / "local")
        for name in ("etc", "tmp", "home"):
            (self.root / name).mkdir()
        for name in (*ETC, *ETC_TOO):
            source, target = Path("/etc") / name, self.root / "etc" / name
            if source.is_dir():
                shutil.copytree(source, target, symlinks=True)
            elif source.exists():
                shutil.copy2(source, target)
        self.run("ldconfig").check_returncode()

    def _copy(self, words: list[str]) -> None:
        sources, target = words[:-1], self._inside(self.folder) / words[-1]
        for path in context():
            if "." in sources or path in sources:
                (target / path).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(ROOT / path, target / path)

    def _set(self, words: list[str]) -> None:
        for name, value in (word.split("=", 1) for word in words):
            self.environment[name] = value.replace("$PATH", self.environment["PATH"])

    def _inside(self, path: str) -> Path:
        return self.root / path.lstrip("/")


def _python() -> Path:
    """The prefix of a Python like the base's beside ours, or ours."""
    ours = Path(sys.base_prefix)
    version = last("FROM").text.partition(":")[2].split(".")[:2]
    alike = sorted(ours.parent.glob(f"{'.'.join(version)}.*"))
    return alike[-1] if alike else ours


def _of_builder() -> dict[str, str]:
    """What pip needs to reach its index."""
    return {name: value for name, value in os.environ.items() if name.startswith(PIPS)}


def _show(source: Path, target: Path) -> None:
    """Read-only; devices can be written to all the same."""
    _mount("--bind", str(source), str(target))
    _mount("-o", "remount,bind,ro", str(target))


def _mount(*arguments: str) -> None:
    subprocess.run(["mount", *arguments], check=True)
