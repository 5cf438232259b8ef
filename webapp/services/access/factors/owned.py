"""Which second factors a person has. `User.has_second_factor` is kept with them."""

from dataclasses import dataclass

from sqlmodel import Session, col, delete, select

from webapp.db import lock
from webapp.errors import NotFound
from webapp.models import AccessToken, Passkey, RecoveryCode, Totp, User
from webapp.scope import Scope
from webapp.services.access.factors import recovery
from webapp.services.access.sessions import end_sessions

HERE = ("/account/second-factor", "Open the second factor")
LOCK = "second factors"
"""Who changes somebody's factors has this lock, to the end of the transaction."""


@dataclass(frozen=True)
class Factors:
    """`app_is_set_up`: a code of the authenticator app has confirmed it."""

    app_is_set_up: bool
    passkeys: list[Passkey]
    codes_left: int

    @property
    def is_some(self) -> bool:
        return self.app_is_set_up or bool(self.passkeys)


def factors_of(session: Session, user: User) -> Factors:
    totp = session.get(Totp, user.id)
    is_set_up = totp is not None and totp.confirmed_at is not None
    theirs = select(Passkey).where(Passkey.user_id == user.id).order_by(col(Passkey.created_at))
    return Factors(is_set_up, list(session.exec(theirs)), recovery.left(session, user))


def locked(session: Session, user_id: str) -> User:
    """The person as they are once nobody else changes any factor. Raises NotFound."""
    session.commit()
    lock(session, LOCK)
    user = session.get(User, user_id, populate_existing=True)
    if user is None:
        raise NotFound("There is no such person any more.")
    return user


def gained(scope: Scope, user: User, own: AccessToken, action: str) -> list[str]:
    """`user` is locked, and has one more factor. Other sessions end; commits.

    Returns recovery codes, if there were none before.
    """
    codes = [] if recovery.left(scope.session, user) else recovery.replace(scope.session, user)
    user.has_second_factor = True
    end_sessions(scope.session, user, but=own.id)
    scope.record(action, user)
    scope.session.commit()
    return codes


def lost(scope: Scope, user: User, action: str) -> None:
    """`user` is locked, and has one factor less. With the last one, recovery codes go; commits."""
    scope.session.flush()
    if not factors_of(scope.session, user).is_some:
        remove_all(scope.session, user)
    scope.record(action, user)
    scope.session.commit()


def remove_all(session: Session, user: User) -> None:
    """The caller commits."""
    for theirs in (
        delete(Passkey).where(col(Passkey.user_id) == user.id),
        delete(Totp).where(col(Totp.user_id) == user.id),
        delete(RecoveryCode).where(col(RecoveryCode.user_id) == user.id),
    ):
        session.connection().execute(theirs)
    user.has_second_factor = False


def reset_factors(scope: Scope, user_id: str) -> User:
    """For somebody who has lost them: a password is enough, until they set up others.

    All their sessions end. Raises NotFound.
    """
    user = locked(scope.session, user_id)
    remove_all(scope.session, user)
    end_sessions(scope.session, user)
    scope.record("reset the second factor of", user)
    scope.session.commit()
    return user
