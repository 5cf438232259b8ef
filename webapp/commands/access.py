"""The parts of the `egret` command that are about people and tokens."""

from typing import Annotated

import typer

from webapp.commands.base import ACTOR, database_session
from webapp.errors import Conflict
from webapp.models import AccessToken, Role
from webapp.models.user import TOKEN_DAYS
from webapp.scope import Scope
from webapp.services import access
from webapp.services.access.rights import checked_role
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
    known, settings = checked_role(role), read_settings()
    if settings.only_provider:
        raise Conflict(
            "EGRET_PASSWORD_SIGN_IN is off: a password signs nobody in.",
            remedy="Make a link that lets them in once: egret users invite --name NAME --role ROLE",
        )
    with database_session(settings) as session:
        access.create_user(Scope(session, ACTOR), name=name, password=password, role=known)
        session.commit()
    print(f"{name} can sign in now.")


@users.command("invite")
def invite_user(name: Name, role: RoleName = Role.VIEWER) -> None:
    """Print a link with which the person chooses a password. It works once, for three days."""
    settings = read_settings()
    with database_session(settings) as session:
        invited = access.invite(Scope(session, ACTOR), name=name, role=role)
    print(f"{settings.url}{access.link_path(invited.token)}")


@users.command("reset-second-factor")
def reset_second_factor(
    name: Annotated[str, typer.Argument(help="The person's name, as in the list of people.")],
) -> None:
    """Remove the second factor and end the sessions of a person who has lost it."""
    with database_session(read_settings()) as session:
        person = access.get_person(session, name)
        access.reset_factors(Scope(session, ACTOR), person.id)
    print(f"{name} can sign in with the password alone now.")


@tokens.command("create")
def create_token(
    name: Name,
    role: RoleName = Role.ADMIN,
    scopes: Scopes = None,
    days: Annotated[int, typer.Option(help="When it expires; 0 is never.")] = TOKEN_DAYS,
) -> None:
    """Create a bearer token and print it; it is not shown again."""
    with database_session(read_settings()) as session:
        scope, lasts = Scope(session, ACTOR), days or None
        print(access.create_api_token(scope, name=name, role=role, scopes=scopes or (), days=lasts))


@tokens.command("list")
def list_tokens() -> None:
    """Print the tokens by name, with their ids; expired ones, too."""
    with database_session(read_settings()) as session:
        after: str | None = ""
        while after is not None:
            page = access.list_api_tokens(session, after)
            for row in page.tokens:
                print(_line(row))
            after = page.next


@tokens.command("revoke")
def revoke_token(
    token: Annotated[str, typer.Argument(help="Its id, or a name that only one has.")],
) -> None:
    """Make a token useless at once."""
    with database_session(read_settings()) as session:
        revoked = access.revoke_api_token(Scope(session, ACTOR), token)
    print(f"{revoked.name} was revoked.")


def _line(row: AccessToken) -> str:
    used = f"last used {row.last_used_at:%Y-%m-%d}" if row.last_used_at else "never used"
    ends = f"expires {row.expires_at:%Y-%m-%d}" if row.expires_at else "never expires"
    scopes = ",".join(row.scopes) or "all"
    return f"{row.id}  {row.name}  {row.role}  {scopes}  {ends}  {used}"
