"""The NAT gateways of a network, also those from before it was parked."""

from datetime import datetime, timedelta
from typing import Any

from sqlmodel import Session

from tests.services.rows import ZONES, a_network, add, ago, an_event
from webapp.models import Nat, Network, StackEvent
from webapp.services.inspection.metrics.gateways import TYPE, gateways_of

HOUR_S = 3600


def network(**outputs: str) -> Network:
    zones = {"AvailabilityZones": ",".join(ZONES)}
    return a_network(availability_zones=2, nat=Nat.PER_AZ, outputs=zones | outputs)


def event(row: Network, nat_id: str, status: str, at: datetime, number: int = 1) -> StackEvent:
    of: dict[str, Any] = {"physical_id": nat_id, "resource_type": TYPE}
    return an_event(row, status, logical_id=f"NatGateway{number}", at=at, **of)


def test_each_has_its_zone_and_the_time_in_which_it_was_there(session: Session) -> None:
    row = network(NatGatewayIds="nat-3,nat-2")
    times = [ago(HOUR_S * hours) for hours in (10, 9, 5, 4, 2)]
    add(
        session,
        row,
        event(row, "", "CREATE_IN_PROGRESS", times[0]),
        event(row, "nat-1", "CREATE_COMPLETE", times[0]),
        event(row, "nat-2", "CREATE_COMPLETE", times[1], number=2),
        event(row, "nat-1", "DELETE_IN_PROGRESS", times[2]),
        event(row, "nat-1", "DELETE_COMPLETE", times[3]),
        event(row, "", "UPDATE_IN_PROGRESS", times[4]),
        event(row, "nat-3", "UPDATE_COMPLETE", times[4]),
        event(row, "nat-3", "UPDATE_COMPLETE", times[4] + timedelta(minutes=1)),
    )
    found = [(g.id, g.zone, g.since, g.until) for g in gateways_of(session, row)]
    assert found == [
        ("nat-1", ZONES[0], times[0], times[3]),
        ("nat-2", ZONES[1], times[1], None),
        ("nat-3", ZONES[0], times[4], None),
    ]


def test_one_that_cloudformation_could_not_delete_is_there_until_egret_has(
    session: Session,
) -> None:
    row = network(UndeletedNatGatewayIds="nat-1")
    begun, failed = ago(HOUR_S), ago(60)
    add(
        session,
        row,
        event(row, "nat-1", "CREATE_COMPLETE", begun),
        event(row, "nat-1", "DELETE_FAILED", failed),
    )
    assert [g.until for g in gateways_of(session, row)] == [None]
    row.outputs = {}
    assert [g.until for g in gateways_of(session, row)] == [failed]


def test_a_nat_gateway_without_events_is_there_since_the_network_is(session: Session) -> None:
    row = network(NatGatewayIds="nat-1,nat-2")
    add(session, row, event(row, "nat-2", "CREATE_COMPLETE", ago(60), number=2))
    found = {g.id: (g.zone, g.since) for g in gateways_of(session, row)}
    assert found["nat-1"] == (ZONES[0], row.created_at)
    assert found["nat-2"][0] == ZONES[1]


def test_a_network_that_is_still_created_has_none(session: Session) -> None:
    row = a_network()
    add(session, row)
    assert gateways_of(session, row) == []
