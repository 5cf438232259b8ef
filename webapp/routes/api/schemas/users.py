"""What the API gives of people and of API tokens."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, Field

from webapp.models import AccessToken, Role, User
from webapp.services.access import IssuedToken


class UserOut(BaseModel):
    """`invited` is who has no password: they choose one with the link that they were given.

    Who signs in by the provider has the role that its claims give at each sign-in.
    """

    id: str
    name: str
    role: Role
    status: Literal["active", "invited"]
    signs_in_by: Literal["password", "provider"]
    second_factor: bool
    last_seen_at: datetime | None
    created_at: datetime


class InvitedOut(UserOut):
    """`link` is for the person alone: it works once, for three days. It is in no other answer."""

    link: str = Field(repr=False)


class TokenOut(BaseModel):
    """`scopes` are areas of the API; none means all. `expires_at` null means never."""

    id: str
    name: str
    role: Role
    scopes: list[str]
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None


class IssuedTokenOut(TokenOut):
    """`token` is what a program sends as a bearer token. It is in no other answer."""

    token: str = Field(repr=False)


def user_out(user: User) -> UserOut:
    return UserOut(
        **user.model_dump(include={"id", "name", "role", "last_seen_at", "created_at"}),
        status="invited" if user.is_invited else "active",
        signs_in_by="provider" if user.is_from_provider else "password",
        second_factor=user.has_second_factor,
    )


def invited_out(user: User, link: str) -> InvitedOut:
    return InvitedOut(**user_out(user).model_dump(), link=link)


def token_out(row: AccessToken) -> TokenOut:
    return TokenOut(**row.model_dump(include=set(TokenOut.model_fields)))


def issued_token_out(issued: IssuedToken) -> IssuedTokenOut:
    return IssuedTokenOut(**token_out(issued.row).model_dump(), token=issued.token)
