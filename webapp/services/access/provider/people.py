"""Who the provider signs in: found by issuer and subject, and never by a name or an e-mail address.

Both of those may be given to somebody else (OpenID Connect Core 1.0, 5.7).
"""

from sqlmodel import Session, select

from webapp.db import lock
from webapp.errors import Conflict, Invalid
from webapp.models import AuditResult, Role, User
from webapp.oidc.provider import Identity
from webapp.scope import Scope
from webapp.services.access.people import LOCK, add_person
from webapp.services.access.rights import checked_name
from webapp.services.access.sessions import end_sessions

NO_ROLE = "no_role"


def known(session: Session, identity: Identity) -> User | None:
    same = User.issuer == identity.issuer, User.subject == identity.subject
    return session.exec(select(User).where(*same)).first()


def admit(scope: Scope, identity: Identity, role: Role) -> User:
    """The person, with the role that the claims give now. The caller commits.

    Raises Conflict where somebody else has the name that the provider gives to a new person, and
    Invalid where nobody can have it.
    """
    session = scope.session
    lock(session, LOCK)
    user = known(session, identity)
    if user is None:
        return _created(scope, identity, role)
    if user.role is not role:
        scope.record("change the role of", user, f"{user.role} → {role}, by the provider")
        user.role = role
    return user


def shut_out(scope: Scope, identity: Identity) -> None:
    """Nobody gives them a role any more: all their sessions end. Commits."""
    user = known(scope.session, identity)
    if user is not None:
        end_sessions(scope.session, user)
        detail = "the provider's claims give no role"
        scope.record("sign in", user, detail, result=AuditResult.REFUSED, code=NO_ROLE)
    scope.session.commit()


def _created(scope: Scope, identity: Identity, role: Role) -> User:
    try:
        return add_person(
            scope,
            name=checked_name(identity.name, "user"),
            role=role,
            issuer=identity.issuer,
            subject=identity.subject,
        )
    except Conflict as error:
        raise Conflict(
            f"The provider calls you {identity.name}, and somebody else here has that name.",
            code="name_taken",
            remedy="Ask an admin of Egret to remove that person, or to change your name at the "
            "provider.",
        ) from error
    except Invalid as error:
        raise Invalid(
            f"The provider calls you by a name that nobody can have here: {error.detail}",
            code="bad_name",
            remedy="Ask an admin to change it at the provider.",
        ) from error
