"""Statements that are made once: SQLAlchemy is asked for their SQL, and for how values are
converted, once for each dialect.

For a list of fifty rows, SQLAlchemy takes five times as long as SQLite: it makes the statement
anew, and turns each value into an object of Python.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, CompoundSelect, Connection, Dialect, Float, Numeric, Select
from sqlalchemy.types import TypeEngine
from sqlmodel import Session

from webapp.database.driver import fetch

PLANS_MAX = 128
"""Of a statement: one for each dialect, and for each length of a list of values."""
Processor = Callable[[Any], Any]


class Query:
    """A SELECT; its values are bound by name.

    What a `raw` one finds stays as the driver gives it: texts and numbers, of which a row of a list
    is made (`webapp.rendering.prepared`). `webapp.database.columns` reads times and JSON from them.
    """

    def __init__(self, query: Any, *, raw: bool = False) -> None:
        self._query: Select[Any] | CompoundSelect[Any] = query
        self._raw = raw
        self._plans: dict[tuple[Any, ...], _Plan] = {}

    def rows(self, session: Session, **values: Any) -> Sequence[Sequence[Any]]:
        """Its rows in the session's transaction. A list is for an expanding parameter.

        Raises SQLAlchemyError.
        """
        session.flush()
        connection = session.connection()
        sizes = (len(value) for value in values.values() if isinstance(value, list))
        key = connection.dialect.name, *sizes
        plan = self._plans.get(key)
        if plan is None:
            if len(self._plans) >= PLANS_MAX:
                self._plans.clear()
            columns = () if self._raw else self._query.selected_columns
            self._plans[key] = plan = _plan(self._query, connection, values, columns)
        return plan.rows(connection, values)

    def scalars(self, session: Session, **values: Any) -> list[Any]:
        """The first column."""
        return [row[0] for row in self.rows(session, **values)]


@dataclass(frozen=True)
class _Plan:
    """`order` is of parameters without names; None where they have some."""

    text: str
    order: Sequence[str] | None
    constants: Mapping[str, Any]
    parts: Mapping[str, Sequence[str]]
    """The names of the values of a list."""
    sent: Sequence[tuple[str, Processor]]
    read: Sequence[tuple[int, Processor]]

    def rows(self, connection: Connection, values: Mapping[str, Any]) -> Sequence[Sequence[Any]]:
        stored = fetch(connection, self.text, self._parameters(values))
        if not self.read:
            return stored
        found = [list(row) for row in stored]
        for row in found:
            for at, processor in self.read:
                if row[at] is not None:  # which no type reads as something else
                    row[at] = processor(row[at])
        return found

    def _parameters(self, values: Mapping[str, Any]) -> Any:
        every = {**self.constants, **values}
        for name, names in self.parts.items():
            every.update(zip(names, every.pop(name), strict=True))
        for name, processor in self.sent:
            every[name] = processor(every[name])
        return every if self.order is None else [every[name] for name in self.order]


def _plan(
    query: Any,
    connection: Connection,
    values: Mapping[str, Any],
    columns: Iterable[ColumnElement[Any]],
) -> _Plan:
    """`columns` are those whose values are converted."""
    dialect = connection.dialect
    compiled = query.compile(dialect=dialect)
    state = compiled.construct_expanded_state(values)
    expanded = state.parameter_expansion
    parts = {name: names for name, names in expanded.items() if name in values}
    alone = {name: bind for bind, name in compiled.bind_names.items() if name not in expanded}
    sent = {n: each.type.dialect_impl(dialect).bind_processor(dialect) for n, each in alone.items()}
    of_values = {*values, *(n for names in parts.values() for n in names)}
    read = [(at, _reading(each.type, dialect)) for at, each in enumerate(columns)]
    return _Plan(
        text=state.statement,
        order=state.positiontup,
        constants={n: value for n, value in state.parameters.items() if n not in of_values},
        parts=parts,
        sent=[(name, each) for name, each in {**state.processors, **sent}.items() if each],
        read=[(at, each) for at, each in read if each],
    )


def _reading(kind: TypeEngine[Any], dialect: Dialect) -> Processor | None:
    """Numbers are what both drivers give."""
    if isinstance(kind, Float | Numeric):
        return None
    return kind.dialect_impl(dialect).result_processor(dialect, None)
