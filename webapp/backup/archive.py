"""The file: JSON Lines, compressed with gzip.

The first line says what it is and of which migration. Then comes each table, with the names of its
columns, and each of its rows as a list. The last line has the number of rows: without it, the file
is not whole. Only the owner may read it.
"""

import gzip
import json
import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO, cast

from webapp.errors import Conflict, Invalid

FORMAT = "egret backup 1"
PRIVATE = 0o600
COMPRESSION = 6
"""Of 1 to 9: those above take twice the time for a hundredth of the size."""


@dataclass(frozen=True)
class Head:
    revision: str
    """The migration whose tables these are."""
    made_at: str


@dataclass(frozen=True)
class Part:
    """A table. The rows can be read once, and before the next part is."""

    table: str
    columns: list[str]
    rows: Iterable[list[Any]]


def write(path: Path, head: Head, parts: Iterable[Part]) -> int:
    """Write a new file, and give its number of rows. A file that could not be finished is deleted.

    Raises Conflict if there is such a file, and Invalid if its folder cannot be written.
    """
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE)
    except FileExistsError:
        raise Conflict(f"{path} exists already.", remedy="Choose another name.") from None
    except OSError as error:
        raise Invalid(
            f"{path} cannot be written: {error.strerror}.", remedy="Choose another folder."
        ) from None
    try:
        with os.fdopen(handle, "wb") as file:
            with gzip.open(file, "wt", COMPRESSION, encoding="utf-8") as packed:
                written = _write_lines(cast(TextIO, packed), head, parts)
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        with suppress(FileNotFoundError):
            path.unlink()
        raise
    return written


def _write_lines(file: TextIO, head: Head, parts: Iterable[Part]) -> int:
    def put(line: object) -> None:
        file.write(json.dumps(line, ensure_ascii=False, separators=(",", ":")) + "\n")

    put({"format": FORMAT, "revision": head.revision, "made_at": head.made_at})
    count = 0
    for part in parts:
        put({"table": part.table, "columns": part.columns})
        for row in part.rows:
            put(row)
            count += 1
    put({"rows": count})
    return count


class Archive:
    """A file that is being read: its head, then its parts. `close` it."""

    def __init__(self, path: Path) -> None:
        """Raises Invalid when the file cannot be read, or is something else."""
        self._path = path
        try:
            self._file = gzip.open(path, "rt", encoding="utf-8")  # noqa: SIM115 - closed by `close`
        except OSError as error:
            raise Invalid(
                f"{path} cannot be read: {error.strerror}.", remedy="Check its name."
            ) from None
        first = self._next()
        if not isinstance(first, dict) or first.get("format") != FORMAT:
            raise self._broken("it is no backup of Egret, or one of a newer version")
        self.head = Head(first["revision"], first["made_at"])
        self._line = self._next()

    def close(self) -> None:
        self._file.close()

    def __enter__(self) -> "Archive":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def parts(self) -> Iterator[Part]:
        """Raises Invalid at the latest after the last one, when the file is not whole."""
        count = 0

        def rows() -> Iterator[list[Any]]:
            nonlocal count
            while isinstance(line := self._next(), list):
                count += 1
                yield line
            self._line = line

        while isinstance(self._line, dict) and "table" in self._line:
            found = Part(self._line["table"], self._line["columns"], rows())
            yield found
            for _ in found.rows:
                raise self._broken("its parts were not read whole")
        if self._line != {"rows": count}:
            raise self._broken("its end is missing")

    def _next(self) -> Any:
        try:
            return json.loads(self._file.readline() or "null")
        except (OSError, EOFError, ValueError):
            raise self._broken("it is damaged, or no backup of Egret") from None

    def _broken(self, why: str) -> Invalid:
        return Invalid(
            f"{self._path} cannot be restored: {why}. Nothing was changed.",
            remedy="Take another backup.",
        )
