"""Who the provider signs in: one row each, found by issuer and subject alone."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from sqlalchemy import Engine
from sqlmodel import Session, select

from tests.postgresql import on_either_database
from webapp.errors import Conflict, Invalid
from webapp.models import Role, User
from webapp.oidc.provider import Identity
from webapp.scope import Scope
from webapp.services import access
from webapp.services.access.provider.people import admit, known, shut_out

GRACE = Identity("https://login.example", "1", "grace", Role.OPERATOR, None)


@pytest.fixture
def scope(session: Session) -> Scope:
    return Scope(session, "tests")


def test_a_person_keeps_the_row_whatever_they_are_called_now(scope: Scope) -> None:
    first = admit(scope, GRACE, Role.OPERATOR)
    scope.session.commit()
    again = admit(scope, replace(GRACE, name="hopper"), Role.ADMIN)
    assert (again.id, again.name, again.role) == (first.id, "grace", Role.ADMIN)


def test_the_same_subject_of_another_issuer_is_somebody_else(scope: Scope) -> None:
    admit(scope, GRACE, Role.ADMIN)
    scope.session.commit()
    other = replace(GRACE, issuer="https://other.example")
    assert known(scope.session, other) is None
    with pytest.raises(Conflict, match="calls you grace, and somebody else"):
        admit(scope, other, Role.ADMIN)


@pytest.mark.parametrize("name", ["setup", "token ci", "x" * 65, "a\u202eb"])
def test_a_name_that_nobody_can_have_is_refused(scope: Scope, name: str) -> None:
    with pytest.raises(Invalid, match="by a name that nobody can have here"):
        admit(scope, replace(GRACE, name=name), Role.ADMIN)


@on_either_database
def test_two_first_sign_ins_at_once_make_one_person(engine: Engine) -> None:
    def come_in(_: int) -> str:
        with Session(engine) as session:
            user = admit(Scope(session, "tests"), GRACE, Role.VIEWER)
            session.commit()
            return user.id

    with ThreadPoolExecutor(4) as threads:
        assert len(set(threads.map(come_in, range(4)))) == 1


def test_who_has_no_role_any_more_is_signed_out_everywhere(scope: Scope) -> None:
    user = admit(scope, GRACE, Role.ADMIN)
    scope.session.commit()
    token = access.open_session(scope.session, user)
    shut_out(scope, GRACE)
    assert access.session_of(scope.session, token) is None
    shut_out(scope, replace(GRACE, subject="unknown"))
    assert len(scope.session.exec(select(User)).all()) == 1


@pytest.mark.parametrize(
    "change", [access.reset, lambda scope, id_: access.change_role(scope, id_, "viewer")]
)
def test_what_the_provider_gives_is_not_changed_here(
    scope: Scope, change: Callable[[Scope, str], object]
) -> None:
    user = admit(scope, GRACE, Role.ADMIN)
    scope.session.commit()
    with pytest.raises(Conflict, match="grace signs in by the provider"):
        change(scope, user.id)


def test_the_last_admin_with_a_password_stays_though_the_provider_has_some(scope: Scope) -> None:
    local = User(name="ada", password_hash="of a test", role=Role.ADMIN)
    scope.session.add(local)
    theirs = admit(scope, GRACE, Role.ADMIN)
    scope.session.commit()
    with pytest.raises(Conflict, match="ada is the last admin"):
        access.remove(scope, local.id)
    access.remove(scope, theirs.id)
    assert known(scope.session, GRACE) is None
