"""What has a problem is found as the pages of networks and functions say it."""

from sqlmodel import Session

from tests.services.rows import (
    ZONES,
    a_function,
    a_key,
    a_network,
    a_proof,
    a_snapshot,
    add,
    ago,
    an_address,
)
from webapp.models import AddressStatus, Status
from webapp.services import functions, networks
from webapp.services.overview import problems


def test_the_same_networks_and_functions_have_problems_as_in_their_lists(session: Session) -> None:
    key = a_key()
    add(session, key)
    every = {
        "well": a_network("well"),
        "failed": a_network("failed", status=Status.FAILED),
        "update-failed": a_network("update-failed", reason="Rolled back."),
        "waits": a_network("waits", status=Status.CREATING, reason="Waits."),
        "lost": a_network("lost"),
        "lost-parked": a_network("lost-parked", status=Status.PARKED),
        "lost-new": a_network("lost-new", status=Status.CREATING),
        "broken": a_network("broken"),
        "repaired": a_network("repaired"),
        "broken-parked": a_network("broken-parked", status=Status.PARKED),
        "updating": a_network("updating", status=Status.UPDATING),
    }
    add(session, *every.values())
    for number, name in enumerate(("lost", "lost-parked", "lost-new")):
        ip = f"203.0.113.{number}"
        add(session, an_address(every[name], ip, status=AddressStatus.LOST))
    for name in ("broken", "repaired", "broken-parked", "updating"):
        add(session, a_proof(every[name], seen_ip=None, at=ago(60)))
    add(session, a_proof(every["repaired"]), a_proof(every["updating"], zone=ZONES[1]))
    for name, network in every.items():
        function = a_function(network, key, name)
        add(session, function, a_snapshot(function, age_s=60))
    troubled = a_function(every["well"], key, "calls-fail")
    again = a_function(every["well"], key, "again", reason="Rolled back.")
    gone = a_function(every["well"], key, "gone", status=Status.DELETING)
    add(session, troubled, again, gone, a_snapshot(troubled, ok=False), a_snapshot(gone, ok=False))
    listed = networks.listing.page(session).rows
    found, of_functions = problems.found(session)
    assert found.by_status.total() == sum(not each.health.ok for each in listed) == 6
    assert found.by_status[Status.READY] == 3
    shown = functions.listing.page(session).rows
    assert of_functions.by_status.total() == sum(not each.health.ok for each in shown)
    assert of_functions.ids[problems.CALLS] == [troubled.id]


def test_where_all_is_well_nothing_is_found(session: Session) -> None:
    network, key = a_network(), a_key()
    add(session, network, key, a_function(network, key), a_proof(network))
    assert not any(problems.found(session))
