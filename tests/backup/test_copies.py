"""Backups: whole, private, of one moment, and restored on either database or not at all."""

import gzip
import json
from pathlib import Path

import pytest
from sqlalchemy import create_engine, inspect, text
from sqlmodel import Session, select

from tests.databases import prepare
from tests.fast import thorough
from tests.postgresql import PostgreSql, on_either_database
from tests.services.rows import a_network, add_usable_function
from webapp.backup.copies import back_up, restore
from webapp.db import migrate, temporary_engine
from webapp.errors import Conflict, Invalid
from webapp.models import AccessToken, AuditEvent, Function, Network, Role, TokenKind, User
from webapp.scope import Scope
from webapp.services import access
from webapp.services.access import people
from webapp.services.audit import verify
from webapp.settings import Settings

ACTOR = "tests"


def fill(session: Session) -> None:
    add_usable_function(session)
    Scope(session, ACTOR).record("create", a_network())
    for kind in (TokenKind.API, TokenKind.SESSION):
        session.add(AccessToken(kind=kind, token_hash=kind, name=kind, scopes=["networks"]))
    session.commit()


def rows_of(url: str) -> dict[str, list[str]]:
    """Those that restoring leaves as they were."""
    changed = {"access_token", "audit_event", "audit_head", "heartbeat", "alembic_version"}
    with temporary_engine(url) as engine, engine.connect() as connection:
        tables = set(inspect(engine).get_table_names()) - changed
        return {
            name: sorted(str(row) for row in connection.execute(text(f'SELECT * FROM "{name}"')))
            for name in tables
        }


def new_database(folder: Path) -> str:
    settings = Settings(data_dir=folder)
    prepare(settings)
    return settings.database


@thorough("all tables")
@on_either_database
def test_what_is_restored_is_what_was_there(
    session: Session, settings: Settings, tmp_path: Path
) -> None:
    fill(session)
    before, file = rows_of(settings.database), tmp_path / "backup.jsonl.gz"
    count = back_up(settings.database, file)
    assert file.stat().st_mode & 0o777 == 0o600
    session.add(a_network("later"))
    session.commit()
    done = restore(settings.database, file, actor=ACTOR, kept=tmp_path / "kept.jsonl.gz")
    assert done.rows == count
    assert done.kept is not None
    assert rows_of(settings.database) == before
    with temporary_engine(settings.database) as engine:
        assert verify(engine).rows == 2
        with Session(engine) as restored:
            assert [e.action for e in restored.exec(select(AuditEvent))] == ["create", "restore"]
            assert [t.kind for t in restored.exec(select(AccessToken))] == [TokenKind.API]
        with Session(engine) as later:  # numbers go on where they were
            Scope(later, ACTOR).record("park", a_network())
            later.commit()
    again = tmp_path / "elsewhere"
    url = new_database(again)
    restore(url, tmp_path / "kept.jsonl.gz", actor=ACTOR)
    with temporary_engine(url) as engine, Session(engine) as kept:
        assert "later" in kept.exec(select(Network.name)).all()


@on_either_database
def test_it_moves_to_the_other_database(
    session: Session, settings: Settings, tmp_path: Path, postgresql: PostgreSql
) -> None:
    fill(session)
    file = tmp_path / "backup.jsonl.gz"
    back_up(settings.database, file)
    other = new_database(tmp_path / "other") if settings.database_url else postgresql.new_database()
    migrate(other)
    restore(other, file, actor=ACTOR)
    with temporary_engine(other) as engine, Session(engine) as moved:
        assert moved.exec(select(Function)).one() == session.exec(select(Function)).one()
        assert verify(engine).rows == 2
    back = tmp_path / "back.jsonl.gz"
    back_up(other, back)
    home = new_database(tmp_path / "home")
    restore(home, back, actor=ACTOR)
    with temporary_engine(home) as engine:
        assert verify(engine).rows == 3


@thorough("all tables")
def test_a_database_in_use_is_replaced_only_when_told_to(
    session: Session, settings: Settings, tmp_path: Path
) -> None:
    fill(session)
    file, before = tmp_path / "backup.jsonl.gz", rows_of(settings.database)
    back_up(settings.database, file)
    with pytest.raises(Conflict, match="something in this database"):
        restore(settings.database, file, actor=ACTOR)
    with pytest.raises(Conflict, match="exists already"):
        back_up(settings.database, file)
    assert rows_of(settings.database) == before


@thorough("every migration runs")
def test_an_older_backup_is_migrated(tmp_path: Path) -> None:
    old = f"sqlite:///{tmp_path}/old.db"
    migrate(old, "20261124")
    engine = create_engine(old)
    with engine.begin() as connection:
        connection.exec_driver_sql(
            'INSERT INTO "user" (id, name, password_hash, role, created_at) '
            "VALUES ('u1', 'ada', 'h', 'admin', '2026-11-24 10:00:00')"
        )
    engine.dispose()
    file = tmp_path / "old.jsonl.gz"
    back_up(old, file)
    url = new_database(tmp_path / "new")
    restore(url, file, actor=ACTOR)
    with temporary_engine(url) as made, Session(made) as session:
        assert session.exec(select(User)).one().role is Role.ADMIN


def changed(file: Path, line: int, to: str | None) -> Path:
    """A copy with another line; None ends the file there."""
    lines = gzip.decompress(file.read_bytes()).decode().splitlines(keepends=True)
    lines[line:] = [] if to is None else [to, *lines[line + 1 :]]
    copy = file.with_name(f"{line}{len(to or '')}.jsonl.gz")
    copy.write_bytes(gzip.compress("".join(lines).encode()))
    return copy


@thorough("all tables, many times")
def test_a_backup_that_is_damaged_or_newer_changes_nothing(
    session: Session, settings: Settings, tmp_path: Path
) -> None:
    fill(session)
    file = tmp_path / "backup.jsonl.gz"
    back_up(settings.database, file)
    cut = tmp_path / "cut.jsonl.gz"
    cut.write_bytes(file.read_bytes()[:-200])
    head = {"format": "egret backup 1", "revision": "29991231", "made_at": ""}
    url = new_database(tmp_path / "new")
    before = rows_of(url)
    for broken, why in (
        (cut, "damaged"),
        (changed(file, -1, None), "its end is missing"),
        (changed(file, 0, json.dumps(head) + "\n"), "newer version"),
        (changed(file, 0, "{}\n"), "no backup of Egret"),
        (changed(file, 1, '{"table":"spoon","columns":["a"]}\n'), "does not fit"),
        (tmp_path / "missing", "cannot be read"),
    ):
        with pytest.raises(Invalid, match=why):
            restore(url, broken, actor=ACTOR)
    assert rows_of(url) == before


def test_who_was_removed_since_the_backup_is_there_again_but_signed_out(
    session: Session, settings: Settings, tmp_path: Path
) -> None:
    """As docs/operations.md says: people have to look at *People* and *API tokens* afterwards."""
    scope, file = Scope(session, ACTOR), tmp_path / "backup.jsonl.gz"
    user = people.add_person(scope, name="ada", role=Role.ADMIN, password_hash="as it was")
    token = access.create_api_token(scope, name="ci", role=Role.ADMIN)
    access.invite(scope, name="grace", role=Role.VIEWER)
    session.commit()
    back_up(settings.database, file)
    access.revoke_api_token(scope, "ci")
    user.password_hash = "changed"
    session.delete(user)
    session.commit()
    url = new_database(tmp_path / "new")
    restore(url, file, actor=ACTOR)
    with temporary_engine(url) as engine, Session(engine) as again:
        assert access.get_person(again, "ada").password_hash == "as it was"
        assert access.is_known(again, token)
        assert {row.kind for row in again.exec(select(AccessToken))} == {TokenKind.API}
