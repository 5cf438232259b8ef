"""Recovery codes: ten, each works once, and only hashes are stored."""

import pytest
from sqlmodel import Session, select

from tests.services.access.factors.codes import add_person, finish, with_app
from webapp.errors import Conflict, Invalid
from webapp.models import RecoveryCode
from webapp.scope import Scope
from webapp.services import access


def test_a_recovery_code_signs_in_once_however_it_is_typed(session: Session) -> None:
    app = with_app(session)
    code = app.recovery_codes[0]
    done = finish(session, app, f" {code.replace('-', ' ').upper()} ")
    assert (done.codes_left, done.has_few_codes) == (9, False)
    with pytest.raises(Invalid, match="used already"):
        finish(session, app, code)


def test_the_last_ones_are_few(session: Session) -> None:
    app = with_app(session)
    done = [finish(session, app, code) for code in app.recovery_codes]
    assert [each.has_few_codes for each in done] == [False] * 6 + [True] * 4
    assert done[-1].codes_left == 0


def test_new_ones_end_the_earlier_ones(session: Session) -> None:
    app = with_app(session)
    new = access.renew_codes(Scope(session, "ada"), app.user)
    assert len({*new, *app.recovery_codes}) == 20
    with pytest.raises(Invalid):
        finish(session, app, app.recovery_codes[0])
    assert finish(session, app, new[0])


def test_without_a_second_factor_there_are_none(session: Session) -> None:
    with pytest.raises(Conflict):
        access.renew_codes(Scope(session, "ada"), add_person(session))


def test_a_code_has_120_random_bits_and_is_not_in_the_database(session: Session) -> None:
    app = with_app(session)
    for code in app.recovery_codes:
        assert len(code.replace("-", "")) == 24
    kept = str([row.model_dump() for row in session.exec(select(RecoveryCode))])
    assert not any(code in kept or code.replace("-", "") in kept for code in app.recovery_codes)
