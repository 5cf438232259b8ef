"""Which functions use a key or are in a network: the first by name, and where all of them are."""

from sqlmodel import Session

from tests.postgresql import on_either_database
from tests.services.rows import a_function, a_key, a_network, add
from webapp.models import Status
from webapp.services.keys import uses

pytestmark = on_either_database


def test_networks_and_keys_of_functions_are_found_with_changes_under_way(session: Session) -> None:
    first, second, third, left = (a_network(name) for name in ("a", "b", "c", "left"))
    key, new_key, unused = a_key("key"), a_key("new"), a_key("unused")
    moving = {"next_network_id": third.id, "next_key_id": new_key.id}
    add(session, first, second, third, left, key, new_key, unused)
    add(
        session,
        *(a_function(first, key, f"one-{number}") for number in range(3)),
        a_function(second, key, "two", **moving),
        a_function(left, key, "gone", status=Status.DELETING),
    )
    ids = [each.id for each in (key, new_key, unused)]
    assert uses.networks_of_keys(session, ids) == {
        key.id: {first.id, second.id, third.id},
        new_key.id: {second.id, third.id},
    }
    assert uses.networks_of_keys(session, []) == {}
    keys = {network.name: uses.keys_of_network(session, network.id) for network in (first, third)}
    assert keys == {"a": {key.id}, "c": {new_key.id}}
    users = uses.in_networks(session, [first.id, third.id])
    named = {id: str(found) for id, found in users.items()}
    assert named == {first.id: "one-0, one-1, one-2", third.id: "two"}
    assert str(uses.with_keys(session, ids)[new_key.id]) == "two"


def test_the_first_are_named_and_whether_there_are_more(session: Session) -> None:
    network, key = a_network(), a_key()
    add(session, network, key)
    names = [f"function-{number:02}" for number in range(uses.NAMED_MAX)]
    add(session, *(a_function(network, key, name) for name in names))
    found = uses.with_keys(session, [key.id])[key.id]
    assert ([user.name for user in found], found.more) == (names, False)
    add(session, a_function(network, key, "another"))
    found = uses.in_networks(session, [network.id])[network.id]
    assert ([user.name for user in found], found.more) == (["another", *names[:-1]], True)
    assert str(found).endswith(f"{names[-2]} and more")
    assert [row.name for row in uses.rows_of(session, found)] == ["another", *names[:-1]]
