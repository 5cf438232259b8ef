"""A function's process writes in its own folder and reads nobody's files, nor other processes."""

import os
import subprocess
from pathlib import Path

import pytest

from webapp.sandbox.embedded_aws.confinement import Cell, Confinement

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
TRY = """
import os, sys
open(f"{os.environ['TMPDIR']}/own", "w").write("x")
for path in sys.argv[1:-1]:
    try:
        os.listdir(path) if os.path.isdir(path) else open(path, "rb").read(1)
        print(path)
    except OSError:
        pass
"""


@pytest.fixture(scope="module")
def confinement(tmp_path_factory: pytest.TempPathFactory) -> Confinement:
    made = Confinement(tmp_path_factory.mktemp("state"))
    if not (made.means.own_user or made.means.landlock):
        pytest.skip("nothing confines a process on this machine")
    return made


def reads(cell: Cell, *paths: Path) -> list[str]:
    """Which of the paths a process in the cell can read."""
    process = cell.python(
        ["-c", TRY, *map(str, paths)],
        cwd=str(cell.folder),
        env={"TMPDIR": str(cell.folder)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
    )
    told, _ = process.communicate()
    assert process.returncode == 0
    return told.decode().split()


def test_a_process_reads_no_file_of_a_person_and_no_other_process(
    confinement: Confinement, tmp_path: Path
) -> None:
    own = tmp_path / "egret.db"
    own.write_text("x")
    proc, cell = Path("/proc") / str(os.getpid()), confinement.cell()
    assert reads(cell, own, tmp_path, proc / "environ", proc / "mem", proc / "maps") == []
    assert reads(cell, cell.folder) == [str(cell.folder)]
    cell.leave()
    assert not cell.folder.exists()


@as_root
def test_each_place_has_a_user_of_its_own(confinement: Confinement) -> None:
    one, other = confinement.cell(), confinement.cell()
    assert None not in (one.user, other.user)
    assert len({0, one.user, other.user}) == 3
    assert reads(one, other.folder) == []
    assert one.folder.stat().st_mode & 0o077 == 0


def test_a_function_can_read_the_certificates_that_it_trusts(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("x")
    cell = Confinement(tmp_path, tmp_path / "ca.pem").cell()
    certificates = Path(cell.environment["SSL_CERT_FILE"])
    assert reads(cell, certificates) == [str(certificates)]
    cell.leave()


def test_what_a_killed_sandbox_left_is_removed_by_the_next_one(tmp_path: Path) -> None:
    killed = Confinement(tmp_path)
    left = killed.cell()
    following = Confinement(tmp_path)
    assert not left.folder.exists()
    assert following.folder.exists()
