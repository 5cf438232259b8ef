"""What work costs the database: steps of SQLite's virtual machine, or rows that PostgreSQL looks
at, which depend on nothing but the statements, the rows and the indexes."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Engine, event
from sqlalchemy.orm import Mapper

ANALYZED = "EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON)"
STEPS_AT_ONCE = 10


@dataclass
class Cost:
    """Of one answer: steps of the database, statements with their values, and rows made objects."""

    steps: int = 0
    statements: list[tuple[str, Any]] = field(default_factory=list)
    objects: int = 0

    def step(self) -> int:
        self.steps += STEPS_AT_ONCE
        return 0


@contextmanager
def counted(engine: Engine) -> Iterator[Cost]:
    cost = Cost()

    def begin(connection: Any, *_: object) -> None:
        connection.set_progress_handler(cost.step, STEPS_AT_ONCE)

    def end(connection: Any, *_: object) -> None:
        connection.set_progress_handler(None, 0)

    def note(_connection: object, _cursor: object, statement: str, *told: Any) -> None:
        cost.statements.append((statement, told[0]))

    def load(*_: object) -> None:
        cost.objects += 1

    listeners: list[tuple[Any, str, Any]] = [
        (engine, "before_cursor_execute", note),
        (Mapper, "load", load),
    ]
    if engine.dialect.name == "sqlite":
        listeners += [(engine, "checkout", begin), (engine, "checkin", end)]
    for target, name, listener in listeners:
        event.listen(target, name, listener)
    try:
        yield cost
    finally:
        for target, name, listener in listeners:
            event.remove(target, name, listener)


def rows_read(engine: Engine, statements: list[tuple[str, Any]]) -> int:
    """On PostgreSQL: rows of tables and indexes that were looked at to answer them again."""
    with engine.connect() as connection:
        return sum(
            _scanned(connection.exec_driver_sql(f"{ANALYZED} {statement}", values).scalar_one()[0])
            for statement, values in statements
            if statement.startswith(("SELECT", "WITH"))
        )


def _scanned(node: dict[str, Any]) -> int:
    """By this node of a plan and those below it, the ones too that it did not want."""
    inner = [node["Plan"]] if "Plan" in node else node.get("Plans", [])
    looked_at = 0
    if "Relation Name" in node or "Index Name" in node:
        unwanted = (node.get(f"Rows Removed by {why}", 0) for why in ("Filter", "Index Recheck"))
        looked_at = int((node["Actual Rows"] + sum(unwanted)) * node["Actual Loops"])
    return looked_at + sum(map(_scanned, inner))
