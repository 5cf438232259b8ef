"""A network's metrics: by zone and in sum, for the NAT gateways that it has and had."""

from datetime import timedelta

import pytest
from sqlalchemy import event
from sqlmodel import Session

from tests.services.inspection.metrics.test_gateways import event as nat_event
from tests.services.measured import cloudwatch, without_kept_answers
from tests.services.rows import ZONES, a_network, add, ago, an_address
from tests.services.scripted import ScriptedAws
from webapp.models import Nat, Network
from webapp.scope import CloudScope
from webapp.services.inspection.metrics import Range, of_network
from webapp.services.inspection.metrics.of_networks import GATEWAYS_MAX, NetworkMetrics

DAY_S = 24 * 3600
MONTH = {("BytesInFromSource", "nat-1"): 2.0**30, ("BytesInFromDestination", "nat-1"): 2.0**30}
VALUES = {
    ("BytesOutToDestination", "nat-1"): 1000,
    ("BytesOutToDestination", "nat-2"): 500,
    ("ActiveConnectionCount", "nat-1"): 3,
    ("ActiveConnectionCount", "nat-2"): 1,
    ("ConnectionAttemptCount", "nat-1"): 10,
    ("ConnectionEstablishedCount", "nat-1"): 8,
    ("ErrorPortAllocation", "nat-2"): 2,
}


def two_zones(session: Session) -> Network:
    outputs = {"AvailabilityZones": ",".join(ZONES), "NatGatewayIds": "nat-1,nat-2"}
    network = a_network(availability_zones=2, nat=Nat.PER_AZ, outputs=outputs)
    add(session, network, an_address(network, created_at=ago(3600)))
    return network


def read(
    scope: CloudScope, aws: ScriptedAws, network: Network, chosen: Range = Range.HOUR
) -> NetworkMetrics:
    return of_network(scope.session, without_kept_answers(aws), network, chosen)


def test_series_are_by_zone_and_in_sum(scripted: CloudScope, aws: ScriptedAws) -> None:
    aws.answers["GetMetricData"] = cloudwatch(VALUES)
    found = read(scripted, aws, two_zones(scripted.session))
    assert found.totals == {
        "bytes_out": 1500,
        "bytes_in": 0,
        "active_connections": 4,
        "connection_attempts": 10,
        "connections_established": 8,
        "port_errors": 2,
        "packets_dropped": 0,
    }
    zones = {(s.zone, s.kind.name): s.total for s in found.zones if s.total}
    assert zones[ZONES[0], "bytes_out"] == 1000
    assert zones[ZONES[1], "port_errors"] == 2
    assert [(each.gateway.id, each.totals["bytes_out"]) for each in found.gateways] == [
        ("nat-1", 1000),
        ("nat-2", 500),
    ]
    assert (found.unanswered, found.ran) == (2, True)


def test_a_page_asks_for_the_range_and_for_the_month(
    scripted: CloudScope, aws: ScriptedAws
) -> None:
    aws.answers["GetMetricData"] = cloudwatch(MONTH)
    found = read(scripted, aws, two_zones(scripted.session))
    in_range, in_month = aws.calls("GetMetricData")
    assert len(in_range["MetricDataQueries"]) == 2 * 7
    assert {q["MetricStat"]["Period"] for q in in_month["MetricDataQueries"]} == {DAY_S}
    assert (in_month["StartTime"].day, in_month["StartTime"].hour) == (1, 0)
    assert found.cost.processed == 2 * 2**30
    assert found.cost.traffic_usd == pytest.approx(0.09)
    assert found.cost.address_hours <= 1.01
    assert found.cost_usd == pytest.approx(18 / 100_000)


def test_a_network_without_any_nat_gateway_yet_asks_nothing(
    scripted: CloudScope, aws: ScriptedAws
) -> None:
    network = a_network()
    add(scripted.session, network)
    found = read(scripted, aws, network)
    assert (found.ran, found.gateways, found.zones) == (False, (), ())
    assert len(found.series) == 7
    assert found.cost.total_usd == 0
    assert aws.asked == []


def test_one_that_is_gone_is_asked_for_as_long_as_the_range_reaches(
    scripted: CloudScope, aws: ScriptedAws
) -> None:
    aws.answers["GetMetricData"] = cloudwatch({}, ago=timedelta(days=2))
    network = a_network(outputs={"AvailabilityZones": ZONES[0]})
    add(
        scripted.session,
        network,
        nat_event(network, "nat-0", "CREATE_COMPLETE", ago(3 * DAY_S)),
        nat_event(network, "nat-0", "DELETE_COMPLETE", ago(2 * DAY_S)),
    )
    assert read(scripted, aws, network, Range.DAY).gateways == ()
    (gone,) = read(scripted, aws, network, Range.WEEK).gateways
    assert (gone.gateway.id, gone.gateway.zone) == ("nat-0", ZONES[0])


def test_of_too_many_the_oldest_are_left_out_and_the_statements_stay_the_same(
    scripted: CloudScope, aws: ScriptedAws
) -> None:
    aws.answers["GetMetricData"] = cloudwatch({})
    network = a_network(outputs={"AvailabilityZones": ZONES[0]})
    add(scripted.session, network)
    counted = []
    event.listen(scripted.session.bind, "before_cursor_execute", lambda *_: counted.append(1))
    read(scripted, aws, network, Range.MONTH)
    few = len(counted)
    many = range(GATEWAYS_MAX + 3)
    times = [(n, ago(3600 * (len(many) - n))) for n in many]
    add(
        scripted.session,
        *(nat_event(network, f"nat-{n}", "CREATE_COMPLETE", at) for n, at in times),
    )
    counted.clear()
    found = read(scripted, aws, network, Range.MONTH)
    assert len(counted) <= few + 1  # the row itself is read again after a commit
    assert found.left_out == 3
    assert found.gateways[0].gateway.id == f"nat-{many[-1]}"
    assert len(aws.calls("GetMetricData")[0]["MetricDataQueries"]) <= 500
