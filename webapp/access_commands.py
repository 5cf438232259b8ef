"""The parts of the `egret` command that are about people and tokens."""

from typing import Annotated

import typer

from webapp.command_base import ACTOR, database_session
from webapp.models import Role
from webapp.services import access
from webapp.services.access.rights import checked_role
from webapp.services.scope import Scope
from webapp.starting import read_settings

users = typer.Typer(no_args_is_help=True, help="People who may sign in.")
tokens = typer.Typer(no_args_is_help=True, help="Bearer tokens for programs.")

Name = Annotated[str, typer.Option(help="Its name in lists and in the audit trail.")]
RoleName = Annotated[str, typer.Option("--role", help="viewer, operator or admin.")]
Scopes = Annotated[
    list[str] | None,
    typer.Option("--scope", help="Only this area of the API, such as networks; can be repeated."),
]


@users.command("create")
def create_user(
    name: Name,
    password: Annotated[str, typer.Option(prompt=True, hide_input=True, confirmation_prompt=True)],
    role: RoleName = Role.ADMIN,
) -> None:
    """Create a person who can sign in."""
    known = checked_role(role)
    with database_session(read_settings()) as session:
        access.create_user(Scope(session, ACTOR), name=name, password=password, role=known)
        session.commit()
    print(f"{name} can sign in now.")


@tokens.command("create")
def create_token(name: Name, role: RoleName = Role.ADMIN, scopes: Scopes = None) -> None:
    """Create a bearer token and print it; it is not shown again."""
    with database_session(read_settings()) as session:
        scope = Scope(session, ACTOR)
        print(access.create_api_token(scope, name=name, role=role, scopes=scopes or ()))
