"""What somebody does who presents a secret: set up, sign in, confirm who they are, use a link.

Each takes a turn (see `hashing`), and counts as a wrong try before it is known whether it is (see
`guesses`), in the series of the client, of the account, and of both.
"""

from dataclasses import dataclass
from datetime import timedelta

from sqlmodel import Session, col, delete, func, select

from webapp.db import lock
from webapp.errors import Conflict, Invalid, Refused
from webapp.models import AccessToken, Role, TokenKind, User, utc_now
from webapp.services.access.factors.second_step import open_half_session
from webapp.services.access.guesses import LINK, PASSWORD, SETUP, Guesser, record_failure
from webapp.services.access.hashing import hash_password, turns, verify
from webapp.services.access.passwords import check_password
from webapp.services.access.people import LOCK, add_person
from webapp.services.access.rights import checked_name
from webapp.services.access.sessions import (
    LIMITS,
    SIGN_IN,
    SOMEWHERE,
    Browser,
    Limits,
    confirm,
    end_sessions,
    open_session,
    write_user,
)
from webapp.services.access.tokens import digest, find, issue

SETUP_TOKEN_FOR = timedelta(hours=24)


@dataclass(frozen=True)
class FirstStep:
    """A session's token; or, where the person has a second factor, a half session's."""

    token: str
    needs_code: bool = False


def needs_setup(session: Session) -> bool:
    """True until the first person exists, who may also have been made by the command line."""
    return session.exec(select(func.count()).select_from(User)).one() == 0


def new_setup_token(session: Session) -> str:
    """A one-time token to create the first administrator.

    Each start prints one of its own, so those of replicas that start together all work, until there
    is an administrator or SETUP_TOKEN_FOR is over.
    """
    issued = issue(session, TokenKind.SETUP, name="setup", expires_at=utc_now() + SETUP_TOKEN_FOR)
    session.commit()
    return issued.token


def create_first_user(guesser: Guesser, *, setup_token: str, name: str, password: str) -> User:
    """Create the first administrator, and use up all setup tokens in the same transaction.

    Raises Conflict when there is somebody, also if another request was faster; Refused for a wrong
    token; Invalid for a name or a password that breaks a rule, and then the token is still good.
    """
    session = guesser.session
    _check_nobody_yet(session)
    with turns.turn():
        number = guesser.take(SETUP)
        if find(session, setup_token, TokenKind.SETUP) is None:
            record_failure(guesser, number, setup_token, "bad_setup_token")
            raise Refused(
                "This setup token is not one that was printed at a start of the last day.",
                code="bad_setup_token",
                remedy="Copy the whole URL that Egret printed when it started, or start it again.",
                field="token",
            )
        guesser.was_right(SETUP)
        name = checked_name(name, "user")
        check_password(password, name=name, has_second_factor=False)
        hashed = hash_password(password)
    session.commit()
    lock(session, LOCK)
    _check_nobody_yet(session)
    every = delete(AccessToken).where(col(AccessToken.kind) == TokenKind.SETUP)
    session.connection().execute(every)
    user = add_person(guesser.scope("setup"), name=name, role=Role.ADMIN, password_hash=hashed)
    session.commit()
    return user


def sign_in(
    guesser: Guesser,
    *,
    name: str,
    password: str,
    limits: Limits = LIMITS,
    browser: Browser = SOMEWHERE,
) -> FirstStep:
    """A new session, or a half one for who has a second factor: see `factors.second_step`.

    A wrong name takes as long as a wrong password.

    Raises TooMany after several wrong ones, until its wait is over; Unavailable when too many sign
    in at once.
    """
    session, name = guesser.session, name.strip()
    with turns.turn():
        user = _verified(guesser, name, password)
    if user is None:
        raise Invalid("The name or the password is wrong.", code="bad_credentials", field="name")
    if user.has_second_factor:
        return FirstStep(open_half_session(session, user), needs_code=True)
    guesser.scope(user.name, user.role).record("sign in", user)
    return FirstStep(open_session(session, user, limits, browser))


def confirm_identity(guesser: Guesser, user: User, own: AccessToken, password: str) -> str:
    """The session's new token, after its user has typed the password again.

    Raises Invalid, TooMany, Unavailable.
    """
    _check_present(guesser, user, password, "password")
    guesser.scope(user.name, user.role).record("confirm the identity of", user)
    return confirm(guesser.session, own)


def change_password(guesser: Guesser, user: User, own: AccessToken, *, old: str, new: str) -> str:
    """Ends all other sessions, and gives this one's new token.

    Raises Invalid for a wrong present password or a new one that breaks a rule, Conflict when it
    was changed meanwhile, TooMany, Unavailable.
    """
    session = guesser.session
    user = _check_present(guesser, user, old, "old_password")
    check_password(new, name=user.name, has_second_factor=user.has_second_factor)
    with turns.turn():
        hashed = hash_password(new)
    session.commit()
    write_user(session, user, password_hash=hashed)
    session.refresh(user)
    end_sessions(session, user, but=own.id)
    guesser.scope(user.name, user.role).record("change the password of", user)
    return confirm(session, own)


def person_of_link(guesser: Guesser, token: str) -> User:
    """Whose password the link lets one choose. Raises Invalid; TooMany after several wrong ones."""
    session = guesser.session
    found = find(session, token, TokenKind.INVITATION)
    user = session.get(User, found.user_id) if found else None
    if user is None:
        if token:
            with turns.turn():
                record_failure(guesser, guesser.take(LINK), token, "bad_link")
        raise Invalid(
            "This link was used already, has expired, or was replaced by another one.",
            code="bad_link",
            remedy="Ask an admin for a new one.",
        )
    return user


def choose_password(guesser: Guesser, *, token: str, password: str) -> User:
    """Use up the link. Raises Invalid, Conflict, TooMany, Unavailable."""
    session = guesser.session
    user = person_of_link(guesser, token)
    check_password(password, name=user.name, has_second_factor=user.has_second_factor)
    with turns.turn():
        hashed = hash_password(password)
    session.commit()
    write_user(session, user, password_hash=hashed)
    used = delete(AccessToken).where(
        col(AccessToken.kind) == TokenKind.INVITATION, col(AccessToken.token_hash) == digest(token)
    )
    if not session.connection().execute(used).rowcount:
        raise Conflict("This link has just been used.", code="bad_link", link=SIGN_IN)
    session.refresh(user)
    guesser.scope(user.name, user.role).record("choose the password of", user)
    session.commit()
    return user


def _check_nobody_yet(session: Session) -> None:
    if not needs_setup(session):
        raise Conflict(
            "Egret has been set up: there is already somebody who may sign in.",
            remedy="Sign in, or make another admin: egret users create --name NAME",
            link=SIGN_IN,
        )


def _check_present(guesser: Guesser, user: User, password: str, field: str) -> User:
    """The user as they are in the database. Raises Invalid."""
    with turns.turn():
        found = _verified(guesser, user.name, password)
    if found is None:
        raise Invalid("The password is wrong.", code="bad_credentials", field=field)
    return found


def _verified(guesser: Guesser, name: str, password: str) -> User | None:
    """The user of that name, if it is the password. The caller has a turn."""
    session = guesser.session
    number = guesser.take(PASSWORD, name)
    user = session.exec(select(User).where(User.name == name)).first()
    if verify(password, user.password_hash if user else "") and user:
        guesser.was_right(PASSWORD, name)
        return user
    record_failure(guesser, number, name, "bad_credentials", known=user is not None)
    return None
