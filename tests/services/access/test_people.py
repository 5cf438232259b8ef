"""People: invited by a link, with a role, and one admin always stays."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial

import pytest
from sqlalchemy import Engine
from sqlmodel import Session, col, delete, select, update

from tests.postgresql import on_either_database
from webapp.errors import Conflict, EgretError, Invalid, NotFound
from webapp.models import AccessToken, Role, TokenKind, User, utc_now
from webapp.scope import Scope
from webapp.services import access
from webapp.services.access import Guesser
from webapp.services.access.people import LISTED_MAX

PASSWORD = "correct horse battery"


@pytest.fixture
def admin(session: Session) -> Scope:
    return Scope(session, "tests")


def add(admin: Scope, name: str, role: Role = Role.ADMIN) -> User:
    user = User(name=name, role=role, password_hash="of a test")
    admin.session.add(user)
    admin.session.commit()
    return user


def guesser(session: Session) -> Guesser:
    return Guesser(session, "192.0.2.1")


def test_who_is_invited_chooses_a_password_by_a_link_that_works_once(admin: Scope) -> None:
    invited = access.invite(admin, name=" bob ", role="operator")
    session = admin.session
    assert (invited.user.name, invited.user.role) == ("bob", Role.OPERATOR)
    with pytest.raises(Invalid):
        access.sign_in(guesser(session), name="bob", password="")
    assert access.person_of_link(guesser(session), invited.token).name == "bob"
    access.choose_password(guesser(session), token=invited.token, password=PASSWORD)
    assert access.sign_in(guesser(session), name="bob", password=PASSWORD)
    with pytest.raises(Invalid, match="used already"):
        access.choose_password(guesser(session), token=invited.token, password=PASSWORD)


def test_a_link_expires(admin: Scope) -> None:
    invited = access.invite(admin, name="bob", role="viewer")
    past = utc_now() - timedelta(seconds=1)
    admin.session.connection().execute(update(AccessToken).values(expires_at=past))
    admin.session.commit()
    with pytest.raises(Invalid):
        access.person_of_link(guesser(admin.session), invited.token)


def test_a_password_that_is_refused_leaves_the_link_as_it_is(admin: Scope) -> None:
    invited = access.invite(admin, name="bob", role="viewer")
    with pytest.raises(Invalid):
        access.choose_password(guesser(admin.session), token=invited.token, password="bob " * 9)
    access.choose_password(guesser(admin.session), token=invited.token, password=PASSWORD)


@pytest.mark.parametrize("name", ["", " ", "a\nb", "a\x1b[31m", "\udcff", "x" * 65])
def test_a_name_is_shown_in_one_line(admin: Scope, name: str) -> None:
    with pytest.raises(Invalid, match="A user name has 1 to 64"):
        access.invite(admin, name=name, role="viewer")
    with pytest.raises(Invalid, match="A user name has 1 to 64"):
        access.create_user(admin, name=name, password=PASSWORD)


def test_a_second_person_of_the_same_name_is_refused(admin: Scope) -> None:
    add(admin, "ada")
    for again in (" ada ", "ADA", "\uff41da"):
        with pytest.raises(Conflict, match="already a user named ada"):
            access.invite(admin, name=again, role="viewer")
        with pytest.raises(Conflict, match="already a user named ada"):
            access.create_user(admin, name=again, password=PASSWORD)


def test_a_reset_ends_the_password_and_all_sessions_and_earlier_links(admin: Scope) -> None:
    session = admin.session
    add(admin, "ada")
    bob = access.create_user(admin, name="bob", password=PASSWORD)
    session.commit()
    token = access.sign_in(guesser(session), name="bob", password=PASSWORD).token
    first = access.reset(admin, bob.id)
    second = access.reset(admin, bob.id)
    assert access.session_of(session, token) is None
    with pytest.raises(Invalid):
        access.sign_in(guesser(session), name="bob", password=PASSWORD)
    with pytest.raises(Invalid):
        access.person_of_link(guesser(session), first.token)
    access.choose_password(guesser(session), token=second.token, password=f"{PASSWORD} again")


def test_who_is_removed_has_no_session_and_no_link(admin: Scope) -> None:
    add(admin, "ada")
    bob = add(admin, "bob", Role.VIEWER)
    token = access.open_session(admin.session, bob)
    access.remove(admin, bob.id)
    assert access.session_of(admin.session, token) is None
    assert not admin.session.exec(select(AccessToken)).all()
    with pytest.raises(NotFound):
        access.remove(admin, bob.id)


def test_a_role_counts_from_the_next_request_on(admin: Scope) -> None:
    add(admin, "ada")
    bob = add(admin, "bob")
    token = access.open_session(admin.session, bob)
    access.change_role(admin, bob.id, "viewer")
    found = access.session_of(admin.session, token)
    assert found
    assert found[0].role is Role.VIEWER
    with pytest.raises(Invalid, match="There is no role"):
        access.change_role(admin, bob.id, "owner")


def lower(scope: Scope, user_id: str) -> object:
    return access.change_role(scope, user_id, "operator")


WAYS: list[Callable[[Scope, str], object]] = [lower, access.remove, access.reset]


@pytest.mark.parametrize("way", WAYS)
def test_the_last_admin_stays(admin: Scope, way: Callable[[Scope, str], object]) -> None:
    ada = add(admin, "ada")
    add(admin, "bob", Role.OPERATOR)
    access.invite(admin, name="eve", role="admin")  # has no password yet
    with pytest.raises(Conflict, match="ada is the last admin who can sign in"):
        way(admin, ada.id)
    admin.session.rollback()
    assert access.get_person(admin.session, "ada").role is Role.ADMIN


@on_either_database
def test_two_admins_at_once_cannot_take_each_other_away(engine: Engine) -> None:
    with Session(engine, expire_on_commit=False) as session:
        session.add(User(name="zoe", role=Role.VIEWER, password_hash="of a test"))
        for way in WAYS:
            ids = [add(Scope(session, "tests"), name).id for name in ("ada", "bob")]
            with ThreadPoolExecutor(2) as threads:
                results = list(threads.map(partial(take_away, engine, way), ids))
            assert sorted(results) == ["done", "last_admin"]
            session.connection().execute(delete(User).where(col(User.name) != "zoe"))
            session.commit()


def take_away(engine: Engine, way: Callable[[Scope, str], object], user_id: str) -> str:
    with Session(engine) as own:
        own.exec(select(User)).all()  # as a request does, which has found out who asks
        try:
            way(Scope(own, "tests"), user_id)
        except EgretError as error:
            return error.code
    return "done"


def test_the_list_has_a_page_after_the_other(admin: Scope) -> None:
    for number in range(LISTED_MAX + 1):
        admin.session.add(User(name=f"user{number:03}", password_hash=""))
    admin.session.commit()
    first = access.list_people(admin.session)
    assert (len(first.people), first.next) == (LISTED_MAX, f"user{LISTED_MAX - 1:03}")
    second = access.list_people(admin.session, first.next or "")
    assert ([user.name for user in second.people], second.next) == ([f"user{LISTED_MAX:03}"], None)


def test_somebody_is_found_by_name_or_id(admin: Scope) -> None:
    ada = add(admin, "ada")
    assert access.get_person(admin.session, "ada").id == ada.id
    add(admin, ada.id)  # whose name is an id
    assert access.get_person(admin.session, ada.id).name == "ada"
    with pytest.raises(NotFound):
        access.get_person(admin.session, "eve")


def test_no_link_is_in_the_database(admin: Scope) -> None:
    token = access.invite(admin, name="bob", role="viewer").token
    [row] = admin.session.exec(select(AccessToken))
    assert row.kind is TokenKind.INVITATION
    assert token not in str(row.model_dump())
