"""Alembic's environment. The URL comes from `webapp.db.migrate`, else from the settings."""

import logging
from typing import Any

from alembic import context
from sqlmodel import AutoString, SQLModel

import webapp.models  # noqa: F401 - registers the tables
from webapp.db import temporary_engine
from webapp.models.base import EnumText, UtcDateTime
from webapp.settings import Settings

ALONE = {
    "sqlite": "BEGIN IMMEDIATE",  # sqlite3 does not begin one by itself before CREATE or ALTER
    "postgresql": "SELECT pg_advisory_xact_lock(20261124)",
}
"""A migration is one transaction in one process; others that start meanwhile wait for it."""

log = logging.getLogger("egret.database")
steps: list[Any] = []
"""Those that were taken, as Alembic's MigrationInfo."""


def note(step: Any, **_: object) -> None:
    steps.append(step)


def tell() -> None:
    """In one line. What each step has changed is of interest only where there was something."""
    first, last = steps[0].source_revision_ids, steps[-1].up_revision_id
    if not first:
        log.info("made the schema of a new database: revision %s", last)
        return
    each = "; ".join(f"{step.up_revision_id} ({step.up_revision.doc})" for step in steps)
    log.info("brought the schema from revision %s to %s: %s", ", ".join(first), last, each)


def as_plain_type(kind: str, item: object, _context: object) -> str | bool:
    """A migration outlives our column classes, so it names the type that each is built on."""
    if kind == "type" and isinstance(item, UtcDateTime):
        return "sa.DateTime(timezone=True)"
    if kind == "type" and isinstance(item, EnumText):
        return "sa.String(length=16)"
    if kind == "type" and isinstance(item, AutoString):
        return "sa.String()"
    return False


url = context.config.attributes.get("url") or Settings().database

with temporary_engine(url) as engine, engine.connect() as connection:
    context.configure(
        connection=connection,
        target_metadata=SQLModel.metadata,
        render_as_batch=True,
        render_item=as_plain_type,
        transactional_ddl=True,
        on_version_apply=note,
    )
    with context.begin_transaction():
        connection.exec_driver_sql(ALONE[connection.dialect.name])
        context.run_migrations()

if steps:
    tell()
