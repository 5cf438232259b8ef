"""An authenticator app: confirmed before it counts, and each of its codes works once."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pyotp
import pytest
from sqlalchemy import Engine
from sqlmodel import Session, select

from tests.postgresql import on_either_database
from tests.services.access.factors.codes import (
    NOW,
    SEALER,
    add_person,
    finish,
    guesser,
    with_app,
)
from webapp.errors import Conflict, EgretError, Invalid, TooMany
from webapp.models import Totp, User
from webapp.scope import Scope
from webapp.services import access
from webapp.services.access import Guesser
from webapp.services.access.guesses import CODE, OF_ACCOUNT_BY_CODE, OF_CLIENT_AT_ACCOUNT

STEP = timedelta(seconds=30)


def test_an_app_counts_once_a_code_has_confirmed_it(session: Session) -> None:
    user = add_person(session)
    here, elsewhere = (access.open_session(session, user) for _ in range(2))
    own = access.session_of(session, here)
    assert own
    secret = access.begin_totp(Scope(session, "tests"), SEALER, user)
    assert not access.factors_of(session, user).app_is_set_up
    with pytest.raises(Invalid, match="This code is wrong"):
        access.confirm_totp(guesser(session), SEALER, user, own[1], "12345")
    assert not session.get_one(User, user.id).has_second_factor
    code = pyotp.TOTP(secret.text).at(NOW)
    typed = f" {code[:3]} {code[3:]} "
    assert len(access.confirm_totp(guesser(session), SEALER, user, own[1], typed)) == 10
    assert session.get_one(User, user.id).has_second_factor
    assert access.session_of(session, here)
    assert access.session_of(session, elsewhere) is None
    with pytest.raises(Conflict, match="set up already"):
        access.begin_totp(Scope(session, "tests"), SEALER, user)


def test_a_secret_that_was_begun_again_is_worth_nothing(session: Session) -> None:
    user = add_person(session)
    own = access.session_of(session, access.open_session(session, user))
    assert own
    first, _second = (
        access.begin_totp(Scope(session, "tests"), SEALER, user).text for _ in range(2)
    )
    with pytest.raises(Invalid):
        access.confirm_totp(guesser(session), SEALER, user, own[1], pyotp.TOTP(first).at(NOW))


def test_the_uri_names_egret_and_the_person_and_the_secret_is_nowhere(session: Session) -> None:
    secret = access.begin_totp(Scope(session, "tests"), SEALER, add_person(session))
    assert secret.uri == f"otpauth://totp/Egret:ada?secret={secret.text}&issuer=Egret"
    assert len(secret.text) == 32  # 160 bits, as RFC 4226 recommends
    [row] = session.exec(select(Totp)).all()
    assert secret.text not in str(row.model_dump())
    assert "<svg" in secret.qr_svg


def test_a_code_works_once_and_so_does_every_older_one(session: Session) -> None:
    app = with_app(session)
    assert finish(session, app, app.code())
    for code in (app.code(), app.code(NOW - STEP)):
        with pytest.raises(Invalid, match="used already"):
            finish(session, app, code)
    assert finish(session, app, app.code(NOW + STEP))


@pytest.mark.parametrize(("steps", "is_right"), [(-2, False), (-1, True), (1, True), (2, False)])
def test_a_clock_may_be_half_a_minute_wrong(session: Session, steps: int, is_right: bool) -> None:
    app = with_app(session)
    code = app.code(NOW + steps * STEP)
    if is_right:
        assert finish(session, app, code)
    else:
        with pytest.raises(Invalid):
            finish(session, app, code)


@on_either_database
def test_a_code_that_is_sent_to_six_replicas_at_once_signs_in_once(engine: Engine) -> None:
    with Session(engine, expire_on_commit=False) as session:
        app = with_app(session)
    together = Barrier(6)

    def race(number: int) -> str:
        with Session(engine, expire_on_commit=False) as own:
            together.wait()
            try:
                finish(own, app, app.code())
            except EgretError as error:
                return error.code
        return f"{number} is in"

    with ThreadPoolExecutor(6) as threads:
        results = list(threads.map(race, range(6)))
    assert len([result for result in results if result.endswith("in")]) == 1, results


def test_who_tries_codes_has_to_wait(session: Session) -> None:
    app = with_app(session)
    for _ in range(OF_CLIENT_AT_ACCOUNT.free):
        with pytest.raises(Invalid):
            finish(session, app, "abc")
    with pytest.raises(TooMany):
        finish(session, app, app.code())


def test_others_who_try_codes_do_not_lock_out_the_person_at_a_known_client(
    session: Session,
) -> None:
    app = with_app(session)
    finish(session, app, app.code())
    for number in range(OF_ACCOUNT_BY_CODE.free):
        client = Guesser(session, f"198.51.100.{number}", now=lambda: NOW)
        client.take(CODE, app.user.name)
    with pytest.raises(TooMany):
        Guesser(session, "198.51.100.99", now=lambda: NOW).take(CODE, app.user.name)
    assert finish(session, app, app.recovery_codes[0])


def test_without_the_last_factor_the_password_is_enough_and_the_codes_end(session: Session) -> None:
    app = with_app(session)
    access.remove_totp(Scope(session, "ada"), app.user)
    assert not session.get_one(User, app.user.id).has_second_factor
    assert access.factors_of(session, app.user).codes_left == 0
    with pytest.raises(Invalid):
        finish(session, app, app.code())
