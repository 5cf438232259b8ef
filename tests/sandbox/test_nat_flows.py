"""What the sandbox's NAT counts, by the names of AWS's metrics."""

from contextlib import suppress

from webapp.sandbox.nat_flows import Flows

GATEWAY = ("210987654321", "eu-central-1", "nat-1")
SENT, ANSWERED = 100, 2000


def test_an_answered_request_counts_in_both_directions() -> None:
    flows = Flows()
    with flows.connection(GATEWAY) as connection:
        connection.sent(SENT)
        connection.answered(ANSWERED)
    (told,) = flows.take()
    assert (told["account"], told["region"], told["nat_gateway_id"]) == GATEWAY
    assert told["metrics"] == {
        "ActiveConnectionCount": 1,
        "BytesInFromDestination": ANSWERED,
        "BytesInFromSource": SENT,
        "BytesOutToDestination": SENT,
        "BytesOutToSource": ANSWERED,
        "ConnectionAttemptCount": 1,
        "ConnectionEstablishedCount": 1,
        "ErrorPortAllocation": 0,
        "PacketsDropCount": 0,
    }
    assert flows.take() == []


def test_an_answer_in_parts_is_of_one_connection() -> None:
    flows = Flows()
    with flows.connection(GATEWAY) as connection:
        connection.answered(ANSWERED)
        connection.answered(ANSWERED)
    (told,) = flows.take()
    assert told["metrics"]["ConnectionEstablishedCount"] == 1
    assert told["metrics"]["BytesOutToSource"] == 2 * ANSWERED


def test_a_request_without_an_answer_was_only_attempted() -> None:
    flows = Flows()
    with suppress(ConnectionError), flows.connection(GATEWAY):
        raise ConnectionError
    (told,) = flows.take()
    assert told["metrics"]["ConnectionAttemptCount"] == 1
    assert "ConnectionEstablishedCount" not in told["metrics"]


def test_connections_that_are_open_at_once_are_counted_at_their_most() -> None:
    flows = Flows()
    with flows.connection(GATEWAY), flows.connection(GATEWAY):
        pass
    with flows.connection(GATEWAY):
        pass
    (told,) = flows.take()
    assert told["metrics"]["ActiveConnectionCount"] == 2
    assert told["metrics"]["ConnectionAttemptCount"] == 3


def test_a_connection_is_reported_as_long_as_it_is_open() -> None:
    flows = Flows()
    with flows.connection(GATEWAY):
        flows.take()
        (still,) = flows.take()
    assert still["metrics"]["ActiveConnectionCount"] == 1
    assert "ConnectionAttemptCount" not in still["metrics"]
    flows.take()
    assert flows.take() == []


def test_what_goes_through_no_nat_gateway_is_not_reported() -> None:
    flows = Flows()
    with flows.connection(("210987654321", "eu-central-1", "")):
        pass
    assert flows.take() == []
