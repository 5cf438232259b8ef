"""The files of a template's folder, and the zip of those that are deployed beside its handler.

What is in the folder `package/` goes into the zip, with the handler as `index.py`. The same files
make the same zip, byte for byte, and the same name in the bucket: so it is uploaded once, and what
an earlier revision used stays.
"""

import hashlib
import os
import stat
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from os import stat_result
from pathlib import Path
from typing import IO

from webapp.errors import Conflict
from webapp.services.functions.catalogue.faults import DESCRIPTION_FILE, Faulty, faulty

PACKAGE = "package"
TEXT_MAX_BYTES = 1024 * 1024
CODE_MAX_BYTES = 250 * 1024 * 1024
"""Lambda's limit for code with its dependencies, unzipped."""
FILES_MAX = 20_000
KEYS_KEPT = 100

HANDLER_MODULE = "index"
HANDLER_FILE = f"{HANDLER_MODULE}.py"
OLDEST = (1980, 1, 1, 0, 0, 0)
"""The earliest time that a zip can hold; what was when does not matter."""
READABLE = 0o644 << 16
CHUNK_BYTES = 1024 * 1024


Files = Mapping[Path, stat_result]


@dataclass(frozen=True)
class Package:
    """`files` are paths below `folder`, in order. `digest` is of their names and contents."""

    folder: Path
    files: tuple[str, ...] = field(repr=False)
    digest: str


def files_of(folder: Path) -> dict[Path, stat_result]:
    """All files of a template, with the times and sizes that show whether one has changed.

    Files that Python and editors leave behind are ignored. Raises Faulty for a link that leads
    out of the folder, for anything that is no file, and for too many or too large files.
    """
    found: dict[Path, stat_result] = {}
    try:
        for path in _below(folder):
            if _is_left_out(folder, path):
                continue
            _check_inside(folder, path)
            _check_name(folder, path)
            about = path.stat()
            if stat.S_ISREG(about.st_mode):
                found[path] = about
            elif stat.S_ISDIR(about.st_mode) and path.is_symlink() and path.parent != folder:
                raise faulty(
                    "link_to_folder",
                    f"{path.relative_to(folder)} is a link to a folder.",
                    "A link to a folder is followed only beside the handler.",
                    "Copy the folder instead.",
                    file=path.name,
                )
            elif not stat.S_ISDIR(about.st_mode):
                raise faulty(
                    "not_a_file",
                    f"{path.relative_to(folder)} is neither a file nor a folder.",
                    "It cannot be deployed.",
                    "Remove it.",
                    file=path.name,
                )
            if len(found) > FILES_MAX:
                raise _too_large(f"The folder has more than {FILES_MAX:,} files.")
    except OSError as error:
        raise _unreadable(error) from error
    if sum(about.st_size for about in found.values()) > CODE_MAX_BYTES:
        raise _too_large(f"The folder has more than {CODE_MAX_BYTES // 1024**2} MiB.")
    return found


def _below(folder: Path) -> Iterator[Path]:
    """All paths, also those in a folder that a link beside the handler leads to."""
    next(folder.iterdir(), None)  # rglob says nothing of a folder that cannot be read
    for path in sorted(folder.rglob("*")):
        yield path
        if path.parent == folder and path.is_symlink() and not _is_left_out(folder, path):
            yield from sorted(path.rglob("*"))


def _is_left_out(folder: Path, path: Path) -> bool:
    return any(part.startswith((".", "__pycache__")) for part in _parts(folder, path))


def text_of(file: Path, files: Files, limit: int = TEXT_MAX_BYTES) -> str:
    if file not in files:
        raise faulty(
            "no_file", f"There is no {file.name}.", "It is needed.", "Add it.", file=file.name
        )
    if files[file].st_size > limit:
        raise _too_large(f"{file.name} has more than {limit // 1024} KiB.", file.name)
    try:
        return file.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise faulty(
            "bad_text",
            f"{file.name} is not text in UTF-8.",
            f"The byte at {error.start} is not.",
            "Save it in UTF-8.",
            file=file.name,
        ) from None
    except OSError as error:
        raise _unreadable(error) from error


def package_of(root: Path, files: Files) -> Package | None:
    """None for a template without that folder. Raises Faulty where a file cannot be read."""
    folder = root / PACKAGE
    every = sorted(file for file in files if file.is_relative_to(folder))
    names = tuple(file.relative_to(folder).as_posix() for file in every)
    try:
        return Package(folder, names, _digest(folder, names)) if names else None
    except OSError as error:
        raise _unreadable(error) from error


def _digest(folder: Path, names: Iterable[str]) -> str:
    whole = hashlib.sha256()
    for name in names:
        with (folder / name).open("rb") as opened:
            content = hashlib.file_digest(opened, "sha256").hexdigest()
        whole.update(f"{content} {name}\n".encode())
    return whole.hexdigest()


@lru_cache(KEYS_KEPT)
def key_of(handler: str, package: Package | None) -> str:
    """The name of the zip in the bucket: it follows from what is in it."""
    of_package = package.digest if package else ""
    digest = hashlib.sha256(f"{of_package}\n{handler}".encode()).hexdigest()
    return f"code/{digest}.zip"


def write_zip(to: IO[bytes], handler: str, package: Package | None) -> None:
    """Write the zip. Raises Conflict where a file is not what it was when it was read."""
    try:
        _write(to, handler, package)
        changed = package and _digest(package.folder, package.files) != package.digest
    except OSError:
        changed = True
    if changed:
        raise Conflict(
            "A file of the template changed while its code was put together.",
            code="template_changed",
            remedy="Try again once the files are complete.",
            link=("/templates", "Open the templates"),
        )


def _write(to: IO[bytes], handler: str, package: Package | None) -> None:
    with zipfile.ZipFile(to, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr(_entry(HANDLER_FILE), handler)
        for name in package.files if package else ():
            assert package  # noqa: S101 - it has the file
            with (package.folder / name).open("rb") as source, made.open(_entry(name), "w") as part:
                while chunk := source.read(CHUNK_BYTES):
                    part.write(chunk)


def _entry(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, OLDEST)
    entry.external_attr = READABLE
    entry.compress_type = zipfile.ZIP_DEFLATED
    return entry


def _parts(folder: Path, path: Path) -> tuple[str, ...]:
    return path.relative_to(folder).parts


def _check_inside(folder: Path, path: Path) -> None:
    if path.is_symlink() and not Path(os.path.realpath(path)).is_relative_to(folder.resolve()):
        raise faulty(
            "link_outside",
            f"{path.relative_to(folder)} is a link that leads out of the folder.",
            "Whatever it leads to would be deployed.",
            "Copy the file into the folder instead.",
            file=path.name,
        )


def _check_name(folder: Path, path: Path) -> None:
    """What is not UTF-8 has no name in a zip. No file may be imported instead of the handler."""
    parts = _parts(folder, path)
    if not path.name.isprintable():
        raise faulty(
            "bad_file_name",
            f"{path.relative_to(folder)} has a name that cannot be shown.",
            "The name has control characters, or is not UTF-8.",
            "Rename it.",
            file=path.name,
        )
    if parts[0] == PACKAGE and len(parts) > 1 and parts[1].partition(".")[0] == HANDLER_MODULE:
        raise faulty(
            "bad_file_name",
            f"{path.relative_to(folder)} would take the handler's place.",
            "Lambda imports the handler by the name index.",
            "Rename it, or leave it out if the handler does not need it.",
            file=path.name,
        )


def _too_large(what: str, file: str = DESCRIPTION_FILE) -> Faulty:
    return faulty(
        "too_large",
        what,
        "Lambda accepts 250 MiB of code with its dependencies; for texts Egret's limits are lower.",
        "Remove what the handler does not need, such as tests and examples in package/.",
        file=file,
    )


def _unreadable(error: OSError) -> Faulty:
    name = Path(str(error.filename or "")).name
    return faulty(
        "unreadable",
        f"{name or 'A file'} cannot be read.",
        f"The system says: {error.strerror}.",
        "Let the user that Egret runs as read it.",
        file=name or DESCRIPTION_FILE,
    )
