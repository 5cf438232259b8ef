"""Who asks: an administrator in a browser, or a program. Pages that make them are tested apart."""

from functools import cache
from typing import Any

from fastapi import FastAPI
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher
from sqlmodel import Session

from webapp.browsers import SESSION_COOKIE
from webapp.models import Role, User
from webapp.scope import Scope
from webapp.services import access

CREDENTIALS = {"name": "ada", "password": "correct horse battery"}


def sign_in(client: Any, app: FastAPI, role: Role = Role.ADMIN) -> None:
    """Make the person, and give the client a session of theirs."""
    with Session(app.state.parts.engine) as session:
        user = User(name=CREDENTIALS["name"], password_hash=_password_hash(), role=role)
        session.add(user)
        session.commit()
        client.cookies.set(SESSION_COOKIE, access.open_session(session, user))


def bearer(app: FastAPI, role: Role = Role.ADMIN, scopes: tuple[str, ...] = ()) -> dict[str, str]:
    """The header of a program with that role and those scopes."""
    with Session(app.state.parts.engine) as session:
        scope = Scope(session, "tests")
        token = access.create_api_token(scope, name="tests", role=role, scopes=scopes)
    return {"Authorization": f"Bearer {token}"}


@cache
def _password_hash() -> str:
    """With the least work: checking it takes as long as making it."""
    cheap = Argon2Hasher(time_cost=1, memory_cost=8, parallelism=1)
    return PasswordHash((cheap,)).hash(CREDENTIALS["password"])
