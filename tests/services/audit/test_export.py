"""The export: JSON Lines that show what was hashed, read in pages."""

import hashlib
import json
from typing import Any

from sqlalchemy import Engine
from sqlmodel import Session

from tests.services.rows import a_network
from webapp.services.audit import Wanted, lines
from webapp.services.audit.export import PAGE
from webapp.services.scope import Origin, Scope


def record(session: Session, count: int, detail: str = "") -> None:
    origin = Origin("admin", "203.0.113.9", "0123456789abcdef")
    for _ in range(count):
        Scope(session, "ada", origin=origin).record("create", a_network(), detail)
    session.commit()


def exported(engine: Engine, wanted: Wanted) -> list[dict[str, Any]]:
    return [json.loads(line) for text in lines(engine, wanted) for line in text.splitlines()]


def test_each_line_can_be_checked_without_egret(session: Session, engine: Engine) -> None:
    record(session, 3, "\u2028 two\nlines \u00e9")
    before = "0" * 64
    for line in exported(engine, Wanted()):
        digest = line.pop("hash")
        assert line["previous_hash"] == before
        text = json.dumps(line, sort_keys=True, separators=(",", ":"))
        before = hashlib.sha256(text.encode()).hexdigest()
        assert digest == before
        assert line["client_address"] == "203.0.113.9"
        assert line["at"].endswith("Z")


def test_pages_follow_each_other_and_no_connection_is_held_between(
    session: Session, engine: Engine
) -> None:
    record(session, PAGE + 1)
    pages = lines(engine)
    pool: Any = engine.pool
    session.close()
    assert [pool.checkedout() for _ in pages] == [0, 0]
    assert [each["id"] for each in exported(engine, Wanted())] == list(range(1, PAGE + 2))


def test_only_what_is_wanted_is_exported(session: Session, engine: Engine) -> None:
    record(session, 1)
    Scope(session, "bob").record("park", a_network())
    session.commit()
    assert [each["id"] for each in exported(engine, Wanted(actor="bob"))] == [2]
