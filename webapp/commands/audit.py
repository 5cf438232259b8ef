"""The parts of the `egret` command that are about the audit trail."""

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer
from sqlalchemy import Engine

from webapp.db import temporary_engine
from webapp.errors import Invalid
from webapp.services.audit import lines
from webapp.services.audit import verify as verify_trail
from webapp.starting import bring_up_to_date, read_settings

HASH = re.compile(r"[0-9a-f]{64}")

audit = typer.Typer(no_args_is_help=True, help="Who did what: the audit trail.")


@audit.command("verify")
def verify(
    head: Annotated[
        str, typer.Option(help="A hash that was noted before; its row must exist.")
    ] = "",
) -> None:
    """Find the first row that was edited, removed, added or put elsewhere, if there is any."""
    if head and not HASH.fullmatch(head):
        raise Invalid("A hash has 64 digits from 0 to f.", remedy="Copy it whole.")
    with _database() as engine:
        found = verify_trail(engine, noted=head)
    print(f"The audit trail is whole: {found.rows:,} {'row' if found.rows == 1 else 'rows'}.")
    print(f"Its head, to be noted elsewhere: {found.head}")


@audit.command("export")
def export() -> None:
    """Print the whole audit trail as JSON Lines, oldest first."""
    with _database() as engine:
        for text in lines(engine):
            sys.stdout.write(text)


@contextmanager
def _database() -> Iterator[Engine]:
    """With an up-to-date schema: the migration chains the rows of older versions."""
    settings = read_settings()
    bring_up_to_date(settings)
    with temporary_engine(settings.database) as engine:
        yield engine
