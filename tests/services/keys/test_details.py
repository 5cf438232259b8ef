"""What a key must allow: the addresses of all networks whose functions use it, not of one alone."""

from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import replace

import pytest
from sqlalchemy import Engine
from sqlmodel import Session, select

from tests.services.keys.rows import add_function, add_key, add_network
from tests.services.rows import a_new_function
from webapp.errors import Conflict
from webapp.models import Address, AddressStatus, KeyVersion, Status
from webapp.models.key import PENDING
from webapp.scope import CloudScope
from webapp.services import functions, keys
from webapp.services.keys.details import losses, needed

A, B, C = "203.0.113.1", "203.0.113.2", "203.0.113.3"
LONG_ENOUGH_S = 0.5
"""For a function to be created, if nothing kept it waiting."""


def test_the_advice_for_another_network_keeps_the_addresses_of_functions_in_use(
    session: Session,
) -> None:
    key = add_key(session, "shared", A)
    first, second = add_network(session, "first", A), add_network(session, "second", B)
    add_network(session, "third", C)
    assert keys.match(session, key, second).paste == B, "nothing uses it yet"
    add_function(session, key, first)
    found = keys.match(session, key, second)
    assert (found.paste.split(), found.others) == ([B, A], ["first"])
    assert keys.match_all(session, second).rows == [found]
    (of_key,) = [
        m for m in keys.detail(session, "shared").matches.rows if m.network.id == second.id
    ]
    assert of_key == found
    assert keys.match(session, key, first).ok
    assert keys.detail(session, "shared").needed == needed(session, key) == [A]


def test_two_networks_that_both_use_the_key_get_the_same_advice(session: Session) -> None:
    key = add_key(session, "shared", C)
    networks = [add_network(session, name, ip) for name, ip in (("first", A), ("second", B))]
    for network in networks:
        add_function(session, key, network)
    pastes = [keys.match(session, key, network).paste for network in networks]
    assert [sorted(paste.split()) for paste in pastes] == [[A, B], [A, B]]


def test_a_function_that_is_being_deleted_needs_nothing(session: Session) -> None:
    key = add_key(session, "shared", A)
    function = add_function(session, key, add_network(session, "first", A))
    assert [loss.addresses for loss in losses(session, key, [B])] == [[A]]
    function.status = Status.DELETING
    session.commit()
    assert needed(session, key) == []
    assert losses(session, key, [B]) == []


def test_only_what_was_allowed_can_be_lost(session: Session) -> None:
    key = add_key(session, "shared", "203.0.113.0/30")
    function = add_function(session, key, add_network(session, "first", A, B, "198.51.100.9"))
    assert losses(session, key, [B, A]) == []
    (loss,) = losses(session, key, ["203.0.113.2/32"])
    assert (loss.function.name, loss.network.name, loss.addresses) == (function.name, "first", [A])


def test_keys_with_the_same_secret_name_each_other(session: Session) -> None:
    for name, fingerprint in (("a", "1" * 16), ("b", "1" * 16), ("c", "2" * 16)):
        add_key(session, name, A, fingerprint=fingerprint)
    assert [d.same_secret for d in keys.page(session).rows] == [["b"], ["a"], []]


def test_a_lost_address_is_neither_advised_nor_demanded(session: Session) -> None:
    """It may be a stranger's by now."""
    key = add_key(session, "shared", A)
    first = add_network(session, "first", A, B)
    add_function(session, key, first)
    for address in session.exec(select(Address)):
        address.status = AddressStatus.LOST if address.public_ip == A else AddressStatus.IN_USE
    session.commit()
    found = keys.match(session, key, first)
    assert (found.missing, found.paste) == ([B], B)
    assert needed(session, key) == keys.detail(session, "shared").needed == [B]
    assert losses(session, key, [B]) == []
    second = add_network(session, "second", C)
    assert keys.match(session, key, second).paste.split() == [C, B]


def test_a_network_whose_only_address_is_lost_is_no_reason_for_another_key(
    session: Session,
) -> None:
    key, bereft = add_key(session, "shared", C), add_network(session, "bereft", A)
    add_function(session, key, bereft)
    for address in session.exec(select(Address)):
        address.status = AddressStatus.LOST
    session.commit()
    found = keys.match(session, key, bereft)
    assert (found.ok, found.missing, found.paste) == (False, [], "")
    assert keys.match(session, key, add_network(session, "second", B)).others == []


@pytest.mark.parametrize(("status", "unwanted"), [(Status.DELETING, False), (Status.FAILED, True)])
def test_a_network_that_is_being_deleted_needs_no_key(
    session: Session, status: Status, unwanted: bool
) -> None:
    key, leaving = add_key(session, "old", A), add_network(session, "leaving", B)
    leaving.status, leaving.unwanted = status, unwanted
    session.commit()
    assert keys.match(session, key, leaving).paste == ""
    assert keys.detail(session, "old").matches.rows == []


def test_what_a_pending_version_does_not_allow_is_missing(session: Session) -> None:
    """It may be the current one at any moment."""
    key, network = add_key(session, "shared", A, B), add_network(session, "first", A, B)
    assert keys.match(session, key, network).ok
    version = KeyVersion(id="v2", key_id=key.id, stage=PENDING, fingerprint="1" * 16)
    version.claims = {"cidrs": [B, C]}
    session.add(version)
    session.commit()
    assert keys.match(session, key, network).missing == [A]
    version.stage = "AWSPREVIOUS"
    session.commit()
    assert keys.match(session, key, network).ok


def test_who_creates_a_function_waits_for_who_is_just_changing_its_key(
    offline: CloudScope, engine: Engine
) -> None:
    session = offline.session
    key, network = add_key(session, "shared", B), add_network(session, "first", A)
    new = a_new_function("late", network="first", key="shared")

    def deploy() -> None:
        with Session(engine, expire_on_commit=False) as other:
            functions.create(replace(offline, session=other), new)

    with pytest.raises(Conflict, match=f"does not allow {A}"):
        deploy()  # the first time takes longer
    key.claims = {"cidrs": [A]}
    network.outputs = {"SecurityGroupId": "sg-1", "PrivateSubnetIds": "subnet-1"}
    session.commit()
    with ThreadPoolExecutor(1) as pool:
        with keys.claims_held(session, key.id) as held:
            late = pool.submit(deploy)
            assert not wait([late], timeout=LONG_ENOUGH_S).done
            held.claims = {"cidrs": [B]}
            session.commit()
        with pytest.raises(Conflict, match=f"does not allow {A}"):
            late.result()
