"""Keys: what is uploaded, rotated, made current again, and what is refused because of it."""

import textwrap
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import Engine
from sqlmodel import Session, select

from tests.postgresql import on_either_database
from tests.services.keys.conftest import Use
from tests.services.keys.hooks import hooked
from tests.services.keys.rows import add_key, add_network
from tests.services.rows import a_new_function
from tests.tokens import mint
from webapp.aws.clients import Clients
from webapp.errors import Conflict, Invalid, NotFound
from webapp.models import Function, Key, Lease, NewKey, NewVersion, Status
from webapp.partners.base import RefusedKey
from webapp.scope import CloudScope
from webapp.services import functions, keys
from webapp.services.keys.lifecycle import _fingerprint

A, B = "203.0.113.1", "203.0.113.2"
ONLY_A, ONLY_B, BOTH = mint(cidrs=[A]), mint(cidrs=[B]), mint(cidrs=[A, B])
NAME = "rotated"

Stored = Callable[[], str]


@pytest.fixture
def key(scope: CloudScope, session: Session) -> Iterator[Key]:
    made = keys.create(scope, NewKey(name=NAME, secret=ONLY_A))
    yield made
    for function in session.exec(select(Function)):
        session.delete(function)
    session.commit()
    keys.delete(scope, NAME, typed=NAME)
    assert not session.exec(select(Lease)).first()


@pytest.fixture
def stored(clients: Clients, key: Key) -> Stored:
    """The secret that a function would read now."""
    client = clients.secretsmanager(key.region)
    return lambda: client.get_secret_value(SecretId=key.secret_arn)["SecretString"]


def rotate(scope: CloudScope, secret: str, **anyway: Any) -> Key:
    return keys.add_version(scope, NAME, NewVersion(secret=secret, **anyway))


def stages(session: Session) -> list[str]:
    """Newest first."""
    return [version.stage for version in keys.detail(session, NAME).versions]


def test_a_pasted_token_is_stored_without_what_was_around_it(
    scope: CloudScope, key: Key, stored: Stored
) -> None:
    assert (key.status, key.claims["cidrs"]) == (Status.READY, [A])
    rotate(scope, 'COC_KEY="' + "\n".join(textwrap.wrap(BOTH, 64)) + '"')
    assert stored() == BOTH
    assert key.fingerprint == _fingerprint(BOTH)


def test_a_token_that_was_cut_off_is_refused_and_nothing_changes(
    scope: CloudScope, stored: Stored, session: Session
) -> None:
    with pytest.raises(RefusedKey, match="cut off: its last part has 56 characters"):
        rotate(scope, BOTH[:-30])
    assert (stored(), stages(session)) == (ONLY_A, ["AWSCURRENT"])


@pytest.mark.parametrize("anyway", [False, "", "yes"])
def test_a_version_that_would_take_an_address_from_a_function_is_refused(
    scope: CloudScope, key: Key, stored: Stored, use: Use, anyway: bool | str
) -> None:
    use(NAME, "first", A)
    with pytest.raises(Conflict, match=f"does not allow {A}, from which f-first calls") as refusal:
        rotate(scope, ONLY_B, anyway=anyway)
    assert refusal.value.code == "would_lose_address"
    assert stored() == ONLY_A
    assert key.claims["cidrs"] == [A]
    rotate(scope, BOTH)
    assert stored() == BOTH


@pytest.mark.parametrize("anyway", [True, NAME])
def test_it_is_stored_anyway_when_that_is_typed(
    scope: CloudScope, key: Key, stored: Stored, use: Use, anyway: bool | str
) -> None:
    use(NAME, "first", A)
    rotate(scope, ONLY_B, anyway=anyway)
    assert stored() == ONLY_B
    assert key.claims["cidrs"] == [B]


def test_the_previous_version_is_made_current_and_back(
    scope: CloudScope, key: Key, stored: Stored, session: Session
) -> None:
    with pytest.raises(Conflict, match="no previous version"):
        keys.make_previous_current(scope, NAME)
    rotate(scope, ONLY_B)
    keys.make_previous_current(scope, NAME)
    assert (stored(), key.claims["cidrs"], key.fingerprint) == (ONLY_A, [A], _fingerprint(ONLY_A))
    assert stages(session) == ["AWSPREVIOUS", "AWSCURRENT"]
    keys.make_previous_current(scope, NAME)
    assert (stored(), key.claims["cidrs"]) == (ONLY_B, [B])


def test_nor_may_the_previous_version_take_an_address_away(
    scope: CloudScope, stored: Stored, use: Use
) -> None:
    rotate(scope, ONLY_B)
    use(NAME, "second", B)
    with pytest.raises(Conflict, match=f"does not allow {B}"):
        keys.make_previous_current(scope, NAME)
    assert stored() == ONLY_B
    keys.make_previous_current(scope, NAME, anyway=NAME)
    assert stored() == ONLY_A


@pytest.mark.usefixtures("key")
def test_the_current_secret_again_does_not_push_the_previous_one_out(
    scope: CloudScope, session: Session
) -> None:
    rotate(scope, BOTH)
    rotate(scope, f" {BOTH} ")
    assert stages(session) == ["AWSCURRENT", "AWSPREVIOUS"]


def test_two_rotations_at_once_leave_row_and_secret_in_agreement(
    scope: CloudScope, key: Key, stored: Stored, session: Session, engine: Engine
) -> None:
    tokens = [mint(cidrs=[f"203.0.113.{number}"]) for number in range(1, 7)]

    def one(token: str) -> None:
        with Session(engine, expire_on_commit=False) as own:
            rotate(CloudScope(own, "tests", scope.own, scope.settings), token)

    with ThreadPoolExecutor(len(tokens)) as pool:
        for done in [pool.submit(one, token) for token in tokens]:
            done.result()
    session.expire_all()
    assert key.fingerprint == _fingerprint(stored())
    assert tokens.index(stored()) == int(key.claims["cidrs"][0].rpartition(".")[2]) - 1
    assert sorted(stages(session))[-2:] == ["AWSCURRENT", "AWSPREVIOUS"]


def test_a_version_that_was_stored_outside_egret_is_not_taken_for_one_of_ours(
    scope: CloudScope, key: Key, session: Session, clients: Clients, stored: Stored
) -> None:
    client = clients.secretsmanager(key.region)
    client.put_secret_value(SecretId=key.secret_arn, SecretString="written in the AWS console")
    rotate(scope, ONLY_A)  # not skipped as the current one
    assert stored() == ONLY_A
    assert stages(session)[0] == "AWSCURRENT"


def test_every_wrong_field_is_named_and_nothing_is_stored(
    scope: CloudScope, session: Session
) -> None:
    new = NewKey(name="Bad", secret="no", environment="Not good!")
    with pytest.raises(Invalid) as refusal:
        keys.create(scope, new)
    assert set(refusal.value.errors) == {"name", "secret", "environment"}
    assert keys.page(session).rows == []


def test_a_name_is_taken_once(scope: CloudScope, stored: Stored) -> None:
    with pytest.raises(Conflict, match="already a key"):
        keys.create(scope, NewKey(name=NAME, secret=BOTH))
    assert stored() == ONLY_A


@pytest.mark.usefixtures("key")
def test_a_key_that_is_used_is_not_deleted_and_another_one_only_when_typed(
    scope: CloudScope, session: Session, use: Use
) -> None:
    function = use(NAME, "first", A)
    with pytest.raises(Conflict, match="f-first"):
        keys.delete(scope, NAME, typed=NAME)
    session.delete(function)
    session.commit()
    with pytest.raises(Invalid, match="Nothing was deleted"):
        keys.delete(scope, NAME, typed="something")
    assert keys.get(session, NAME).status is Status.READY


def test_what_is_being_stored_or_is_gone_is_not_changed(
    scope: CloudScope, key: Key, session: Session, clients: Clients
) -> None:
    key.status = Status.REQUESTED
    session.commit()
    with pytest.raises(Conflict, match="being stored"):
        rotate(scope, BOTH)
    key.status = Status.READY
    session.commit()
    manager = clients.secretsmanager(key.region)
    manager.delete_secret(SecretId=key.secret_arn)
    with pytest.raises(Conflict, match="deleted in AWS"):
        rotate(scope, BOTH)
    manager.restore_secret(SecretId=key.secret_arn)
    with pytest.raises(NotFound):
        keys.add_version(scope, "nothing", NewVersion(secret=BOTH))


def test_a_version_is_made_current_once_however_often_that_is_asked_for(
    scope: CloudScope, key: Key, stored: Stored, session: Session
) -> None:
    """A second click, a repeated request or another person must not undo it."""
    rotate(scope, ONLY_B)
    newest, first = keys.detail(session, NAME).versions
    for _ in range(2):
        keys.make_previous_current(scope, NAME, version_id=first.id)
        assert (stored(), key.claims["cidrs"]) == (ONLY_A, [A])
        assert stages(session) == ["AWSPREVIOUS", "AWSCURRENT"]
    rotate(scope, BOTH)
    with pytest.raises(Conflict, match="no longer the previous version") as refusal:
        keys.make_previous_current(scope, NAME, version_id=newest.id)
    assert refusal.value.code == "not_the_previous_version"
    assert stored() == BOTH


def test_a_refused_version_says_how_many_keys_an_account_has(
    scope: CloudScope, stored: Stored, use: Use
) -> None:
    use(NAME, "first", A)
    with pytest.raises(Conflict) as refusal:
        rotate(scope, ONLY_B)
    assert "at most 10 keys" in refusal.value.remedy
    assert stored() == ONLY_A


@on_either_database
def test_a_function_cannot_come_between_the_check_and_the_new_version(
    scope: CloudScope, key: Key, session: Session, clients: Clients, engine: Engine
) -> None:
    """Neither while a version is being stored, nor while one is made current again."""
    network = add_network(session, "first", A, B)
    new = a_new_function("late", network=network.name, key=NAME)
    refused: list[str] = []

    def deploy(**_: object) -> None:
        with Session(engine, expire_on_commit=False) as other:
            try:
                functions.create(CloudScope(other, "tests", scope.own, scope.settings), new)
            except Conflict as refusal:
                refused.append(refusal.code)

    keys.add_version(scope, NAME, NewVersion(secret=BOTH))
    keys.make_previous_current(hooked(scope, clients, "UpdateSecretVersionStage", deploy), NAME)
    keys.make_previous_current(scope, NAME)
    keys.add_version(
        hooked(scope, clients, "PutSecretValue", deploy), NAME, NewVersion(secret=ONLY_A)
    )
    assert refused == ["key_does_not_match"] * 2
    assert key.fingerprint == _fingerprint(ONLY_A)


@on_either_database
def test_a_key_that_a_function_is_being_given_is_not_deleted(
    scope: CloudScope, key: Key, session: Session, engine: Engine, use: Use
) -> None:
    """Its deletion waits for a change that has checked the key and is not committed yet."""
    add_key(session, "another", A)
    function = use("another", "first", A)

    def delete() -> str:
        with Session(engine, expire_on_commit=False) as own:
            try:
                keys.delete(CloudScope(own, "tests", scope.own, scope.settings), NAME, typed=NAME)
            except Conflict as refusal:
                return refusal.code
            return "deleted"

    with Session(engine) as other, ThreadPoolExecutor(1) as pool, keys.claims_held(other, key.id):
        other.get_one(Function, function.id).next_key_id = key.id
        other.flush()
        deleted = pool.submit(delete)
        time.sleep(0.5)
        other.commit()
        assert deleted.result() == "key_in_use"
