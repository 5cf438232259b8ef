"""The sandbox's folder: one sandbox at a time, the same ports again, private and short files."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fast import thorough
from webapp.errors import Conflict
from webapp.sandbox.folder import LOG_KEPT_BYTES, LOG_MAX_BYTES, Folder, is_locked


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Folder]:
    made = Folder(tmp_path / "sandbox")
    made.lock()
    yield made
    made.unlock()


@thorough("it waits")
def test_a_folder_is_locked_until_it_is_unlocked(folder: Folder) -> None:
    assert is_locked(folder.path)
    with pytest.raises(Conflict, match="already running"):
        Folder(folder.path).lock()
    folder.unlock()
    assert not is_locked(folder.path)
    folder.lock()


def test_a_folder_that_does_not_exist_is_not_locked(tmp_path: Path) -> None:
    assert not is_locked(tmp_path / "none")


def test_ports_are_the_same_again_unless_one_is_in_use(folder: Folder) -> None:
    first = folder.ports(["one", "two"])
    assert len(set(first.values())) == 2
    assert folder.ports(["one", "two"]) == first
    with socket.create_server(("127.0.0.1", first["one"])):
        again = folder.ports(["one", "two"])
    assert again["two"] == first["two"]
    assert again["one"] not in first.values()


def test_ports_are_none_that_an_outgoing_connection_may_hold_at_the_next_start(
    folder: Folder,
) -> None:
    range_of_connections = Path("/proc/sys/net/ipv4/ip_local_port_range").read_text()
    first = int(range_of_connections.split()[0])
    assert max(folder.ports(["one", "two", "three"]).values()) < first


def test_what_is_written_is_for_the_owner_alone_and_whole(folder: Folder) -> None:
    folder.write("info.json", "{}")
    assert (folder.path / "info.json").read_text() == "{}"
    files = [path for path in folder.path.iterdir() if path.suffix != ".part"]
    assert files == list(folder.path.iterdir())
    assert not [path for path in (folder.path, *files) if path.stat().st_mode & 0o077]


def test_a_log_that_grows_too_long_keeps_its_end_and_its_writer(folder: Folder) -> None:
    with folder.log("nat").open("ab", buffering=0) as writer:
        writer.write(b"x" * LOG_MAX_BYTES + b"the end")
        folder.shorten_log("nat")
        writer.write(b", and more")
    text = folder.log("nat").read_text()
    assert text.endswith("the end, and more")
    assert len(text) == LOG_KEPT_BYTES + len(", and more")


def test_a_log_that_is_short_or_missing_stays_as_it_is(folder: Folder) -> None:
    folder.shorten_log("nat")
    folder.log("nat").write_text("short")
    folder.shorten_log("nat")
    assert folder.log("nat").read_text() == "short"
