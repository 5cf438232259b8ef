"""Tokens: random texts of which only a hash is stored. API tokens, which programs present."""

import hashlib
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import bindparam
from sqlmodel import Session, col, select, tuple_

from webapp.errors import Conflict, Invalid, NotFound, Unauthenticated
from webapp.models import AccessToken, TokenKind, utc_now
from webapp.models.user import TOKEN_DAYS, TOKEN_DAYS_MAX
from webapp.scope import Scope
from webapp.services.access.guesses import API_TOKEN, Guesser, record_failure
from webapp.services.access.hashing import turns
from webapp.services.access.rights import checked_name, checked_role, checked_scopes

BYTES = 32
PREFIX = "egret_"
LISTED_MAX = 50
_FOUND = select(AccessToken).where(
    col(AccessToken.token_hash) == bindparam("token_hash"),
    col(AccessToken.kind) == bindparam("kind"),
)
"""Made once: every request of a program asks this."""


@dataclass(frozen=True)
class IssuedToken:
    """The token itself is here and in no row: it can be shown once."""

    row: AccessToken
    token: str


@dataclass(frozen=True)
class TokensPage:
    """API tokens by name; `next` is what the next page comes after, or None."""

    tokens: list[AccessToken]
    next: str | None


def issue(session: Session, kind: TokenKind, **columns: Any) -> IssuedToken:
    """A random token, and the row that keeps its hash. The caller commits."""
    token = new_token()
    row = AccessToken(kind=kind, token_hash=digest(token), **columns)
    session.add(row)
    return IssuedToken(row, token)


def new_token() -> str:
    return PREFIX + secrets.token_urlsafe(BYTES)


def find(session: Session, token: str, kind: TokenKind) -> AccessToken | None:
    """None for one that is unknown, or expired."""
    found = session.exec(_FOUND, params={"token_hash": digest(token), "kind": kind}).first()
    return None if found and has_expired(found) else found


def has_expired(row: AccessToken) -> bool:
    return row.expires_at is not None and row.expires_at <= utc_now()


def digest(token: str) -> str:
    """A token has 256 random bits, so a plain hash is enough."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def create_api_token(
    scope: Scope, *, name: str, role: str, scopes: Iterable[str] = (), days: int | None = TOKEN_DAYS
) -> str:
    """The token that `issue_api_token` makes."""
    return issue_api_token(scope, name=name, role=role, scopes=scopes, days=days).token


def issue_api_token(
    scope: Scope, *, name: str, role: str, scopes: Iterable[str] = (), days: int | None = TOKEN_DAYS
) -> IssuedToken:
    """A bearer token for a program, for those areas of the API; `days` None: it never expires.

    Raises Invalid for a role, an area or a number of days that does not exist, and for a name that
    breaks the rule.
    """
    if days is not None and not 1 <= days <= TOKEN_DAYS_MAX:
        raise Invalid(
            f"A token expires after 1 to {TOKEN_DAYS_MAX} days, or never.",
            code="bad_expiry",
            field="expires_in_days",
        )
    issued = issue(
        scope.session,
        TokenKind.API,
        name=checked_name(name, "token"),
        role=checked_role(role),
        scopes=checked_scopes(scopes),
        expires_at=None if days is None else utc_now() + timedelta(days=days),
    )
    scope.record("create", issued.row)
    scope.session.commit()
    return issued


def list_api_tokens(session: Session, after: str = "", limit: int = LISTED_MAX) -> TokensPage:
    """By name, after the token with that id."""
    name, id_ = col(AccessToken.name), col(AccessToken.id)
    query = select(AccessToken).where(AccessToken.kind == TokenKind.API)
    last = session.get(AccessToken, after) if after else None
    if last:
        query = query.where(tuple_(name, id_) > (last.name, last.id))
    rows = list(session.exec(query.order_by(name, id_).limit(limit + 1)))
    return TokensPage(rows[:limit], rows[limit - 1].id if len(rows) > limit else None)


def revoke_api_token(scope: Scope, id_or_name: str) -> AccessToken:
    """It stops working at once. Raises NotFound, or Conflict when several have that name.

    An id comes first: a token that is named like it keeps no other one alive.
    """
    tokens = select(AccessToken).where(AccessToken.kind == TokenKind.API).limit(2)
    found = scope.session.exec(tokens.where(AccessToken.id == id_or_name)).all()
    found = found or scope.session.exec(tokens.where(AccessToken.name == id_or_name)).all()
    if not found:
        raise NotFound(f"There is no token {id_or_name}.", remedy="List them: egret tokens list")
    if len(found) > 1:
        raise Conflict(
            f"Several tokens are named {id_or_name}.",
            code="ambiguous_name",
            remedy="Say which one by its id: egret tokens list",
            link=("/tokens", "Open API tokens"),
        )
    scope.session.delete(found[0])
    scope.record("revoke", found[0])
    scope.session.commit()
    return found[0]


def bearer(guesser: Guesser, token: str) -> AccessToken:
    """The API token that was presented, or Unauthenticated; TooMany after several wrong ones.

    A right one never waits: it is too long to be guessed, and others may share its address.
    """
    found = find(guesser.session, token, TokenKind.API)
    if found is None:
        with turns.turn():
            record_failure(guesser, guesser.take(API_TOKEN), token, "unauthenticated")
        raise Unauthenticated(
            "This bearer token is unknown, has expired, or was revoked.",
            remedy="Create one with: egret tokens create --name NAME",
        )
    return found


def is_known(session: Session, token: str) -> bool:
    """Whether `bearer` would accept it. Nothing is counted."""
    return find(session, token, TokenKind.API) is not None
