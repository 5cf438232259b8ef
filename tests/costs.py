"""What work costs the database: steps of SQLite's virtual machine, which depend on nothing but the
statements, the rows and the indexes."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Engine, event
from sqlalchemy.orm import Mapper

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

    listeners = (
        (engine, "checkout", begin),
        (engine, "checkin", end),
        (engine, "before_cursor_execute", note),
        (Mapper, "load", load),
    )
    for target, name, listener in listeners:
        event.listen(target, name, listener)
    try:
        yield cost
    finally:
        for target, name, listener in listeners:
            event.remove(target, name, listener)
