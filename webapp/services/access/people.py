"""People: who may sign in, with which role. One admin with a password always stays."""

from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlencode

from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, delete, select

from webapp.db import lock
from webapp.errors import Conflict, NotFound
from webapp.models import AccessToken, Role, TokenKind, User, folded, utc_now
from webapp.scope import Scope
from webapp.services.access.factors.owned import remove_all
from webapp.services.access.hashing import hash_password
from webapp.services.access.passwords import check_password
from webapp.services.access.rights import checked_name, checked_role
from webapp.services.access.sessions import end_sessions
from webapp.services.access.tokens import issue

LINK_FOR = timedelta(days=3)
LISTED_MAX = 50
PEOPLE = ("/people", "Open people")
LOCK = "people"
"""Who adds a person, or changes how many admins there are, has this lock until they commit."""


@dataclass(frozen=True)
class Invited:
    """`token` makes the link with which the person chooses a password; it is in no row."""

    user: User
    token: str


@dataclass(frozen=True)
class PeoplePage:
    """People by name; `next` is the name that the next page comes after, or None."""

    people: list[User]
    next: str | None


def link_path(token: str) -> str:
    """Where the person goes, below this dashboard's address. It has a secret: it is shown once."""
    return f"/choose-password?{urlencode({'token': token})}"


def list_people(session: Session, after: str = "", limit: int = LISTED_MAX) -> PeoplePage:
    query = select(User).where(col(User.name) > after).order_by(col(User.name))
    rows = list(session.exec(query.limit(limit + 1)))
    return PeoplePage(rows[:limit], rows[limit - 1].name if len(rows) > limit else None)


def get_person(session: Session, name_or_id: str) -> User:
    """Whose id it is, or else whose name. Raises NotFound."""
    user = session.get(User, name_or_id)
    user = user or session.exec(select(User).where(User.name == name_or_id)).first()
    if user is None:
        raise NotFound(f"There is no person named {name_or_id}.", remedy="People lists them all.")
    return user


def create_user(scope: Scope, *, name: str, password: str, role: Role = Role.ADMIN) -> User:
    """Somebody who can sign in at once. The caller commits.

    Raises Invalid for a name or a password that breaks a rule, Conflict for a name that is taken.
    """
    name = checked_name(name, "user")
    check_password(password, name=name, has_second_factor=False)
    return add_person(scope, name=name, role=role, password_hash=hash_password(password))


def add_person(
    scope: Scope,
    *,
    name: str,
    role: Role,
    password_hash: str = "",
    issuer: str | None = None,
    subject: str | None = None,
) -> User:
    """The caller has checked the name, and commits: two at once cannot have names that only look
    the same. Raises Conflict."""
    lock(scope.session, LOCK)
    alike = select(User.name).where(User.folded == folded(name))
    known = scope.session.exec(alike.limit(1)).first() or ""
    user = User(name=name, password_hash=password_hash, role=role, issuer=issuer, subject=subject)
    try:
        if not known:
            scope.session.add(user)
            scope.session.flush()
    except IntegrityError:
        known = name
    if known:
        scope.session.rollback()
        raise Conflict(
            f"There is already a user named {known}.",
            code="name_taken",
            remedy="Choose another name.",
            errors={"name": "This name is taken."},
        )
    scope.record("create", user)
    return user


def invite(scope: Scope, *, name: str, role: str) -> Invited:
    """A person without a password, and the link to choose one.

    Raises Invalid for a name or role that breaks a rule, Conflict for a name that is taken.
    """
    name, known_role = checked_name(name, "user"), checked_role(role)
    user = add_person(scope, name=name, role=known_role)
    invited = _with_link(scope.session, user)
    scope.session.commit()
    return invited


def reset(scope: Scope, user_id: str) -> Invited:
    """Password, second factors and all sessions end at once, and a new link is made; an earlier
    one ends too.

    Raises NotFound; Conflict for the last admin, and for who comes from the provider.
    """
    user = _locked(scope, user_id)
    _check_local(user, "has no password here")
    if user.has_password:
        _check_admin_stays(scope, user)
    user.password_hash = ""
    remove_all(scope.session, user)
    end_sessions(scope.session, user)
    invited = _with_link(scope.session, user)
    scope.record("reset", user)
    scope.session.commit()
    return invited


def change_role(scope: Scope, user_id: str, role: str) -> User:
    """It counts from the next request on. Raises NotFound, Invalid; Conflict as `reset` does."""
    known = checked_role(role)
    user = _locked(scope, user_id)
    _check_local(user, "has the role that the provider's claims give at each sign-in")
    if known is not user.role:
        if user.role is Role.ADMIN:
            _check_admin_stays(scope, user)
        scope.record("change the role of", user, f"{user.role} → {known}")
        user.role = known
    scope.session.commit()
    return user


def remove(scope: Scope, user_id: str) -> User:
    """The person, with all sessions and links. Raises NotFound, and Conflict for the last admin."""
    user = _locked(scope, user_id)
    _check_admin_stays(scope, user)
    theirs = delete(AccessToken).where(col(AccessToken.user_id) == user.id)
    scope.session.connection().execute(theirs)
    scope.session.delete(user)
    scope.record("remove", user)
    scope.session.commit()
    return user


def _locked(scope: Scope, user_id: str) -> User:
    """The person as they are once nobody else changes how many admins there are, or the row."""
    scope.session.commit()
    lock(scope.session, LOCK)
    user = scope.session.get(User, user_id, populate_existing=True, with_for_update=True)
    if user is None:
        raise NotFound("There is no such person any more.", link=PEOPLE)
    return user


def _check_admin_stays(scope: Scope, user: User) -> None:
    """Somebody else can sign in as an admin. The caller has the lock."""
    if user.is_from_provider:  # who is not counted either: the provider may be down
        return
    others = select(User.id).where(
        User.role == Role.ADMIN, User.id != user.id, User.password_hash != ""
    )
    if user.role is Role.ADMIN and scope.session.exec(others).first() is None:
        raise Conflict(
            f"{user.name} is the last admin who can sign in.",
            code="last_admin",
            remedy="Make somebody else an admin first.",
            link=PEOPLE,
        )


def _check_local(user: User, why: str) -> None:
    """Raises Conflict for somebody who comes from the provider."""
    if user.is_from_provider:
        raise Conflict(
            f"{user.name} signs in by the provider, and {why}.",
            code="of_provider",
            remedy="Change it at the provider.",
            link=PEOPLE,
        )


def _with_link(session: Session, user: User) -> Invited:
    earlier = (
        col(AccessToken.kind) == TokenKind.INVITATION,
        col(AccessToken.user_id) == user.id,
    )
    session.connection().execute(delete(AccessToken).where(*earlier))
    expires_at = utc_now() + LINK_FOR
    issued = issue(session, TokenKind.INVITATION, user_id=user.id, expires_at=expires_at)
    return Invited(user, issued.token)
