"""API tokens: shown once, with a role and an end, and revoked at once."""

from datetime import timedelta

import pytest
from sqlmodel import Session, select, update

from webapp.errors import Conflict, Invalid, NotFound, Unauthenticated
from webapp.models import AccessToken, Role, User, utc_now
from webapp.models.user import TOKEN_DAYS, TOKEN_DAYS_MAX
from webapp.scope import Scope
from webapp.services import access
from webapp.services.access import Guesser
from webapp.services.access.tokens import LISTED_MAX
from webapp.services.audit import list_after


@pytest.fixture
def admin(session: Session) -> Scope:
    return Scope(session, "ada")


def guesser(session: Session) -> Guesser:
    return Guesser(session, "192.0.2.1")


def test_a_token_expires_after_ninety_days_unless_it_is_said_otherwise(admin: Scope) -> None:
    usual = access.issue_api_token(admin, name="ci", role="viewer").row
    assert usual.expires_at
    assert usual.expires_at - utc_now() > timedelta(days=TOKEN_DAYS - 1)
    never = access.issue_api_token(admin, name="for ever", role="viewer", days=None).row
    assert never.expires_at is None
    for days in (0, TOKEN_DAYS_MAX + 1):
        with pytest.raises(Invalid, match="expires after 1 to"):
            access.issue_api_token(admin, name="ci", role="viewer", days=days)


def test_an_expired_token_is_refused_and_stays_in_the_list(admin: Scope) -> None:
    token = access.create_api_token(admin, name="ci", role="admin")
    past = utc_now() - timedelta(seconds=1)
    admin.session.connection().execute(update(AccessToken).values(expires_at=past))
    admin.session.commit()
    admin.session.expire_all()
    with pytest.raises(Unauthenticated):
        access.bearer(guesser(admin.session), token)
    access.purge(admin.session)
    assert [row.name for row in access.list_api_tokens(admin.session).tokens] == ["ci"]


def test_a_revoked_token_is_refused_at_once(admin: Scope) -> None:
    issued = access.issue_api_token(admin, name="ci", role="admin")
    assert access.bearer(guesser(admin.session), issued.token).role is Role.ADMIN
    access.revoke_api_token(admin, "ci")
    with pytest.raises(Unauthenticated):
        access.bearer(guesser(admin.session), issued.token)
    with pytest.raises(NotFound):
        access.revoke_api_token(admin, issued.row.id)


def test_of_two_tokens_of_one_name_the_id_says_which_one(admin: Scope) -> None:
    first, second = (access.issue_api_token(admin, name="ci", role="admin") for _ in range(2))
    with pytest.raises(Conflict, match="Several tokens are named ci"):
        access.revoke_api_token(admin, "ci")
    access.revoke_api_token(admin, first.row.id)
    assert access.bearer(guesser(admin.session), second.token).id == second.row.id


def test_a_token_that_is_named_like_the_id_of_another_one_keeps_it_not_alive(admin: Scope) -> None:
    first = access.issue_api_token(admin, name="ci", role="admin").row
    access.issue_api_token(admin, name=first.id, role="viewer")
    assert access.revoke_api_token(admin, first.id).name == "ci"
    assert access.revoke_api_token(admin, first.id).role is Role.VIEWER


@pytest.mark.parametrize("role", ["owner", "Admin", ""])
def test_no_token_has_a_role_that_does_not_exist(admin: Scope, role: str) -> None:
    with pytest.raises(Invalid, match="There is no role"):
        access.create_api_token(admin, name="ci", role=role)


@pytest.mark.parametrize("name", ["", " ", "a\nb", "a\x1b[31m", "\udcff", "x" * 65])
def test_a_name_is_shown_in_one_line(admin: Scope, name: str) -> None:
    with pytest.raises(Invalid, match="A token name has 1 to 64"):
        access.create_api_token(admin, name=name, role=Role.ADMIN)


def test_a_token_is_no_session_and_a_session_is_no_token(admin: Scope) -> None:
    token = access.create_api_token(admin, name="ci", role="admin")
    assert access.session_of(admin.session, token) is None
    user = User(name="ada", password_hash="")
    admin.session.add(user)
    admin.session.commit()
    with pytest.raises(Unauthenticated):
        access.bearer(guesser(admin.session), access.open_session(admin.session, user))


@pytest.mark.parametrize("token", ["", "egret_unknown", "\ud800"])
def test_an_unknown_token_opens_nothing(session: Session, token: str) -> None:
    with pytest.raises(Unauthenticated):
        access.bearer(guesser(session), token)


def test_a_token_is_neither_in_the_database_nor_in_the_audit_trail(admin: Scope) -> None:
    issued = access.issue_api_token(admin, name="ci", role="admin")
    access.revoke_api_token(admin, issued.row.id)
    events = list_after(admin.session, 0, limit=9)
    assert [(event.actor, event.action, event.noun, event.name) for event in events] == [
        ("ada", "create", "token", "ci"),
        ("ada", "revoke", "token", "ci"),
    ]
    kept = [*events, *admin.session.exec(select(AccessToken))]
    assert issued.token not in str([row.model_dump() for row in kept])


def test_when_a_token_was_used_is_written_once_a_minute(admin: Scope) -> None:
    row = access.issue_api_token(admin, name="ci", role="admin").row
    access.touch(admin.session, row)
    admin.session.refresh(row)
    first = row.last_used_at
    access.touch(admin.session, row)
    admin.session.refresh(row)
    assert first
    assert row.last_used_at == first


def test_the_list_has_a_page_after_the_other(admin: Scope) -> None:
    for _ in range(LISTED_MAX + 1):
        access.issue_api_token(admin, name="same", role="viewer")
    first = access.list_api_tokens(admin.session)
    second = access.list_api_tokens(admin.session, first.next or "")
    found = {row.id for row in [*first.tokens, *second.tokens]}
    assert (len(first.tokens), len(found), second.next) == (LISTED_MAX, LISTED_MAX + 1, None)
