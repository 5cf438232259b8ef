"""Keys that say nothing about themselves: stored, rotated and used as any other."""

from collections.abc import Iterator

import pytest
from sqlmodel import Session

from tests.services.keys.rows import add_function, add_network
from webapp.aws.clients import Clients
from webapp.errors import Invalid
from webapp.models import Key, NewKey, NewVersion, SentBy
from webapp.scope import CloudScope
from webapp.services import addresses, keys
from webapp.services.keys.details import losses
from webapp.services.networks.change import insufficient_keys

A, B = "203.0.113.1", "203.0.113.2"
NAME, SECRET = "bank", "sk_live_4f9Abcd"


@pytest.fixture
def key(scope: CloudScope) -> Iterator[Key]:
    made = keys.create(
        scope, NewKey(name=NAME, secret=f'"X-Key: {SECRET}"\n', kind="header", sent_as="X-Key")
    )
    yield made
    keys.delete(scope, NAME, typed=NAME)


def test_it_is_stored_without_what_was_pasted_around_it_and_rotated(
    scope: CloudScope, key: Key, clients: Clients
) -> None:
    assert (key.partner, key.sent_by, key.sent_as) == ("generic", SentBy.HEADER, "X-Key")
    assert SECRET not in repr(key)
    first = key.fingerprint
    keys.add_version(scope, NAME, NewVersion(secret="x-key: another_secret"))
    stored = clients.secretsmanager(key.region).get_secret_value(SecretId=key.secret_arn)
    assert stored["SecretString"] == "another_secret"
    assert key.fingerprint != first
    keys.make_previous_current(scope, NAME)
    assert key.fingerprint == first


def test_which_addresses_it_allows_is_unknown_and_blocks_nothing(
    session: Session, key: Key
) -> None:
    network = add_network(session, "first", A)
    other = add_network(session, "second", B)
    function = add_function(session, key, network)
    found = keys.match(session, key, other)
    assert (found.ok, found.unknown, found.usable) == (False, True, True)
    assert (found.allowed, found.missing, found.paste.split()) == ([], [], [B, A])
    assert not insufficient_keys(session, network)
    assert losses(session, key, []) == []
    (address,) = addresses.of_network(session, network.id)
    assert addresses.detail(session, address.id).keys == []
    session.delete(function)
    session.commit()


@pytest.mark.parametrize(
    ("changes", "fields"),
    [
        ({"kind": "cookie"}, {"kind"}),
        ({"kind": "header"}, {"sent_as"}),
        ({"kind": "header", "sent_as": "Host"}, {"sent_as"}),
        ({"kind": "bearer", "sent_as": "X"}, {"sent_as"}),
        ({"kind": "query", "sent_as": "a b", "secret": "a b"}, {"sent_as", "secret"}),
        ({"kind": "bearer"}, {"name"}),
    ],
)
def test_each_field_that_breaks_a_rule_is_named(
    offline: CloudScope, changes: dict[str, str], fields: set[str]
) -> None:
    name = "Not good" if fields == {"name"} else "good"
    with pytest.raises(Invalid) as refused:
        keys.create(offline, NewKey(**{"name": name, "secret": SECRET} | changes))
    assert set(refused.value.errors) == fields
