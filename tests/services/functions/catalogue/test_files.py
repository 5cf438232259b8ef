"""The files of a template: only its own, and a zip of them that is always the same."""

import io
import os
import zipfile
from pathlib import Path

import pytest

from tests.services.functions.catalogue.folders import HANDLER, write_template
from webapp.services.functions.catalogue.faults import Faulty, within
from webapp.services.functions.catalogue.files import (
    CODE_MAX_BYTES,
    files_of,
    key_of,
    package_of,
    text_of,
    write_zip,
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = write_template(tmp_path)
    (made / "package" / "shop").mkdir(parents=True)
    (made / "package" / "shop" / "__init__.py").write_text("PRICE = 3\n")
    (made / "package" / "data.txt").write_text("data")
    return made


def test_what_python_and_editors_leave_does_not_count(folder: Path) -> None:
    (folder / "__pycache__").mkdir()
    (folder / "__pycache__" / "handler.pyc").write_text("")
    (folder / ".handler.py.swp").write_text("")
    (folder / ".git").mkdir()
    (folder / ".git" / "config").write_text("")
    names = {path.relative_to(folder).as_posix() for path in files_of(folder)}
    assert names == {
        "handler.py",
        "package/data.txt",
        "package/shop/__init__.py",
        "template.toml",
    }


def test_a_link_that_leads_out_of_the_folder_is_a_fault(folder: Path, tmp_path: Path) -> None:
    (folder / "inside.py").symlink_to(folder / "handler.py")
    assert folder / "inside.py" in files_of(folder)
    (tmp_path / "secret").write_text("")
    (folder / "package" / "secret").symlink_to(tmp_path / "secret")
    with pytest.raises(Faulty, match="package/secret is a link that leads out of the folder"):
        files_of(folder)


def test_files_of_a_kubernetes_volume_are_links_within_the_folder(tmp_path: Path) -> None:
    made = write_template(tmp_path)
    (made / "..2026").mkdir()
    for name in ("template.toml", "handler.py"):
        (made / name).rename(made / "..2026" / name)
        (made / name).symlink_to(made / "..2026" / name)
    (made / "..2026" / "package").mkdir()
    (made / "..2026" / "package" / "six.py").write_text("")
    (made / "package").symlink_to(made / "..2026" / "package")
    files = files_of(made)
    names = {path.relative_to(made).as_posix() for path in files}
    assert names == {"handler.py", "template.toml", "package/six.py"}
    package = package_of(made, files)
    assert package
    assert package.files == ("six.py",)
    (made / "again").symlink_to(made)
    with pytest.raises(Faulty, match="again/again is a link to a folder"):
        files_of(made)


def test_what_is_no_file_or_leads_nowhere_is_a_fault(folder: Path) -> None:
    os.mkfifo(folder / "pipe")
    with pytest.raises(Faulty, match="pipe is neither a file nor a folder"):
        files_of(folder)
    (folder / "pipe").unlink()
    (folder / "gone").symlink_to(folder / "nothing")
    with pytest.raises(Faulty, match="cannot be read"):
        files_of(folder)


def test_a_link_to_itself_and_a_folder_that_is_closed_are_faults(tmp_path: Path) -> None:
    folder = write_template(tmp_path)
    (folder / "loop").symlink_to(folder / "loop")
    with pytest.raises(Faulty, match="loop cannot be read"):
        files_of(folder)
    with pytest.raises(Faulty, match="nothing cannot be read"):
        files_of(tmp_path / "nothing")


@pytest.mark.parametrize(
    ("name", "why"),
    [
        (b"\xff.py", "has a name that cannot be shown"),
        (b"a\n.py", "has a name that cannot be shown"),
        (b"package/index.py", "would take the handler's place"),
        (b"package/index/__init__.py", "would take the handler's place"),
    ],
)
def test_a_name_that_cannot_be_deployed_is_a_fault(folder: Path, name: bytes, why: str) -> None:
    path = Path(os.fsdecode(os.fsencode(folder) + b"/" + name))
    path.parent.mkdir(exist_ok=True)
    path.write_text("")
    with pytest.raises(Faulty, match=why) as error:
        files_of(folder)
    assert within(error.value, "items").what.encode()


def test_too_much_is_a_fault_before_any_of_it_is_read(folder: Path) -> None:
    with (folder / "package" / "large").open("wb") as file:
        file.truncate(CODE_MAX_BYTES + 1)
    with pytest.raises(Faulty, match="more than 250 MiB"):
        files_of(folder)
    with (folder / "package" / "large").open("wb") as file:
        file.truncate(5 * 1024)
    with pytest.raises(Faulty, match="large has more than 4 KiB"):
        text_of(folder / "package" / "large", files_of(folder), 4 * 1024)


def test_a_file_that_is_gone_by_now_is_a_fault(folder: Path) -> None:
    files = files_of(folder)
    (folder / "package" / "data.txt").unlink()
    with pytest.raises(Faulty, match=r"data\.txt cannot be read"):
        package_of(folder, files)
    with pytest.raises(Faulty, match=r"data\.txt cannot be read"):
        text_of(folder / "package" / "data.txt", files)


def test_the_same_files_make_the_same_zip_and_name(folder: Path) -> None:
    zips = []
    for mtime in (1_000_000_000, 1_500_000_000):
        os.utime(folder / "package" / "data.txt", (mtime, mtime))
        package = package_of(folder, files_of(folder))
        made = io.BytesIO()
        write_zip(made, HANDLER, package)
        zips.append((made.getvalue(), key_of(HANDLER, package)))
    assert zips[0] == zips[1]
    with zipfile.ZipFile(io.BytesIO(zips[0][0])) as opened:
        assert opened.namelist() == ["index.py", "data.txt", "shop/__init__.py"]
        assert opened.read("index.py").decode() == HANDLER
    package = package_of(folder, files_of(folder))
    assert key_of(HANDLER, package) != key_of(HANDLER + "\n", package)
    (folder / "package" / "data.txt").write_text("atad")
    assert key_of(HANDLER, package) != key_of(HANDLER, package_of(folder, files_of(folder)))


def test_without_a_package_there_is_only_the_handler(tmp_path: Path) -> None:
    folder = write_template(tmp_path)
    assert package_of(folder, files_of(folder)) is None
    made = io.BytesIO()
    write_zip(made, HANDLER, None)
    assert zipfile.ZipFile(made).namelist() == ["index.py"]
