"""The export: JSON Lines that show what was hashed, read in pages."""

import json
import re
import subprocess
import sys
from pathlib import Path
from textwrap import dedent
from typing import Any

from sqlalchemy import Engine
from sqlmodel import Session

from tests.services.rows import a_network
from webapp.scope import Origin, Scope
from webapp.services.audit import Wanted, lines

DOCUMENT = Path(__file__).parents[3] / "docs" / "audit.md"


def record(session: Session, count: int, detail: str = "") -> None:
    origin = Origin("admin", "203.0.113.9", "0123456789abcdef")
    for _ in range(count):
        Scope(session, "ada", origin=origin).record("create", a_network(), detail)
    session.commit()


def exported(engine: Engine, wanted: Wanted) -> list[dict[str, Any]]:
    return [json.loads(line) for text in lines(engine, wanted) for line in text.splitlines()]


def test_an_export_can_be_checked_as_the_document_says(session: Session, engine: Engine) -> None:
    record(session, 3, "\u2028 two\nlines \u00e9")
    text = "".join(lines(engine))
    script = re.search(r"<<'END'\n(.*?)\n    END", DOCUMENT.read_text(encoding="utf-8"), re.S)
    assert script
    command = [sys.executable, "-c", dedent(script[1])]
    for found, code in ((text, 0), (text.replace("two", "2"), 1)):
        assert subprocess.run(command, input=found, text=True, check=False).returncode == code


def test_a_line_has_every_field_of_the_document(session: Session, engine: Engine) -> None:
    record(session, 1)
    (line,) = exported(engine, Wanted())
    table = [row for row in DOCUMENT.read_text(encoding="utf-8").splitlines() if row[:3] == "| `"]
    assert set(line) == set(re.findall("`(\\w+)`", " ".join(row.split("|")[1] for row in table)))
    assert (line["client_address"], line["role"]) == ("203.0.113.9", "admin")


def test_pages_follow_each_other_and_no_connection_is_held_between(
    session: Session, engine: Engine
) -> None:
    record(session, 5)
    pages = lines(engine, page=3)
    pool: Any = engine.pool
    session.close()
    assert [pool.checkedout() for _ in pages] == [0, 0]
    found = [json.loads(line)["id"] for text in lines(engine, page=2) for line in text.splitlines()]
    assert found == [1, 2, 3, 4, 5]


def test_only_what_is_wanted_is_exported(session: Session, engine: Engine) -> None:
    record(session, 1)
    Scope(session, "bob").record("park", a_network())
    session.commit()
    assert [each["id"] for each in exported(engine, Wanted(actor="bob"))] == [2]
