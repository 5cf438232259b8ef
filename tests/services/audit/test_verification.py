"""Whether the trail was changed is found out, and which row is the first wrong one."""

import pytest
from sqlalchemy import Engine
from sqlmodel import Session

from tests.postgresql import on_either_database
from tests.services.rows import a_network
from webapp.errors import Conflict
from webapp.models import AuditEvent
from webapp.scope import Scope
from webapp.services.audit import list_after, verify

NEVER = {"sqlite": "never", "postgresql": "infinity"}
"""What the database takes for a time, and Python does not."""
SWAPPED = [
    f"UPDATE audit_event SET id = {to} WHERE id = {id}" for id, to in ((3, 9), (4, 3), (9, 4))
]


def record(session: Session, count: int) -> list[AuditEvent]:
    for _ in range(count):
        Scope(session, "ada").record("create", a_network())
    session.commit()
    return list_after(session, 0, limit=count)


def execute(session: Session, *statements: str) -> None:
    for statement in statements:
        session.connection().exec_driver_sql(statement)
    session.commit()


@on_either_database
def test_a_trail_that_nobody_touched_is_whole(session: Session, engine: Engine) -> None:
    assert verify(engine).rows == 0
    last = record(session, 5)[-1]
    found = verify(engine)
    assert (found.rows, found.head) == (5, last.hash)


def test_it_is_read_in_pages(session: Session, engine: Engine) -> None:
    last = record(session, 6)[-1]
    for page in (1, 3, 4):
        found = verify(engine, noted=last.hash, page=page)
        assert (found.rows, found.head) == (6, last.hash)


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        (["UPDATE audit_event SET actor = 'eve' WHERE id = 3"], "Row 3 of the audit trail was ed"),
        (["UPDATE audit_event SET at = '2020-01-01' WHERE id = 1"], "Row 1 of the audit trail was"),
        (["UPDATE audit_event SET hash = 'x' WHERE id = 5"], "Row 5 of the audit trail was edit"),
        (["DELETE FROM audit_event WHERE id = 3"], "Row 4 of the audit trail does not follow"),
        (["DELETE FROM audit_event WHERE id < 3"], "Row 3 of the audit trail does not follow"),
        (["DELETE FROM audit_event WHERE id = 5"], "ends with row 4, but its head says row 5"),
        (["DELETE FROM audit_event"], "ends with row 0, but its head says row 5"),
        (
            [
                f"UPDATE audit_event SET id = {to} WHERE id = {id}"
                for id, to in ((3, 9), (4, 3), (9, 4))
            ],
            "Row 3 of the audit trail does not follow",
        ),
        (
            [
                "INSERT INTO audit_event (id, at, actor, action, noun, name, detail) "
                "VALUES (6, '2020-01-01', 'eve', 'create', 'network', 'x', '')"
            ],
            "Row 6 of the audit trail does not follow",
        ),
        (
            [
                "INSERT INTO audit_event (id, at, actor, action, noun, name, detail) "
                "VALUES (-1, '2020-01-01', 'eve', 'create', 'network', 'x', '')"
            ],
            "Row -1 of the audit trail does not follow",
        ),
        (["UPDATE audit_head SET last_id = 4"], "ends with row 5, but its head says row 4"),
        (["UPDATE audit_event SET at = '{never}' WHERE id = 4"], "The row after row 3"),
        (["UPDATE audit_event SET name = x'00' WHERE id = 4"], "Row 4 of the audit trail was edit"),
        (["UPDATE audit_event SET result = 'none' WHERE id = 4"], "Row 4 of the audit trail was"),
        (["UPDATE audit_head SET hash = 'x'"], "ends with row 5, but its head says row 5 with"),
        (["DELETE FROM audit_head"], "ends with row 5, but its head says no row"),
    ],
)
def test_what_was_changed_is_found(
    session: Session, engine: Engine, changes: list[str], found: str
) -> None:
    record(session, 5)
    execute(session, *(change.format(never=NEVER[engine.dialect.name]) for change in changes))
    with pytest.raises(Conflict, match=found) as raised:
        verify(engine)
    assert raised.value.code == "audit_chain_broken"


def test_an_end_that_was_cut_with_its_head_is_found_by_a_hash_that_was_noted(
    session: Session, engine: Engine
) -> None:
    events = record(session, 5)
    assert verify(engine, noted=events[2].hash).rows == 5
    execute(
        session,
        "DELETE FROM audit_event WHERE id > 2",
        f"UPDATE audit_head SET last_id = 2, hash = '{events[1].hash}'",
    )
    assert verify(engine).rows == 2
    with pytest.raises(Conflict, match="was made anew"):
        verify(engine, noted=events[2].hash)


def test_a_text_that_had_to_be_cut_or_replaced_is_hashed_as_it_is_stored(
    session: Session, engine: Engine
) -> None:
    for detail in ("x" * 9000, "a\x00b\ud800", "…"):
        Scope(session, "ada" * 99).record("create", a_network(), detail)
    session.commit()
    assert verify(engine).rows == 3
