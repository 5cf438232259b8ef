"""The diagnosis: where the egress path breaks; a network without a path is a diagnosis too."""

from dataclasses import replace

import pytest
from sqlmodel import Session

from tests.services.rows import IP, ZONES, a_network, add, add_function, an_address
from webapp.aws import Cloud
from webapp.aws.egress.hops import FUNCTION_HOPS, HOPS, Hop
from webapp.models import Status
from webapp.services.inspection import diagnosis
from webapp.services.inspection.diagnosis import Diagnosis, ZonePath

OUTPUTS = {
    "AvailabilityZones": ",".join(ZONES),
    "PrivateSubnetIds": "subnet-1,subnet-2",
    "ProbeFunctionNames": "probe-1,probe-2",
    "SecurityGroupId": "sg-1",
}
SOUND = ZonePath(
    ZONES[0], "subnet-1", IP, seen_ip=IP, hops=(Hop(HOPS[0], "sg-1"), Hop(HOPS[1], "acl-1"))
)
BROKEN = replace(SOUND, hops=(SOUND.hops[0], Hop(HOPS[1], "acl-1", "denies 443", "allow it")))


def test_a_path_breaks_at_its_first_bad_hop_and_the_rest_is_unchecked() -> None:
    assert BROKEN.broken is BROKEN.hops[1]
    assert not BROKEN.ok
    assert BROKEN.unchecked == [*HOPS[2:], *FUNCTION_HOPS]


def test_a_path_without_a_bad_hop_is_sound() -> None:
    assert SOUND.ok
    assert (SOUND.broken, SOUND.unchecked) == (None, [])


def test_a_path_that_was_not_followed_or_ends_at_a_wrong_address_is_not_sound() -> None:
    assert not replace(SOUND, hops=()).ok
    assert not replace(SOUND, problem="Calls come from elsewhere.").ok


@pytest.mark.parametrize(
    ("paths", "problem", "ok"),
    [
        ([SOUND, SOUND], "", True),
        ([SOUND, BROKEN], "", False),
        ([SOUND], "It is parked.", False),
        ([], "", False),
    ],
)
def test_a_diagnosis_is_good_when_every_path_is(
    paths: list[ZonePath], problem: str, ok: bool
) -> None:
    assert Diagnosis(a_network(), None, paths, problem).ok is ok


@pytest.mark.parametrize(
    ("status", "problem"),
    [
        (Status.REQUESTED, "It does not exist yet."),
        (Status.CREATING, "It is still being created."),
        (Status.FAILED, "It was never created."),
        (Status.DELETING, "It is being deleted."),
    ],
)
def test_a_network_that_is_not_there_is_not_asked_for_at_aws(
    session: Session, nowhere: Cloud, status: Status, problem: str
) -> None:
    found = diagnosis.of_network(session, nowhere, a_network(status=status))
    assert (found.paths, found.problem) == ([], problem)
    assert found.remedy


@pytest.mark.parametrize(
    ("status", "remedy"),
    [(Status.PARKED, "Unpark it."), (Status.UPDATING, "Wait until the network is ready.")],
)
def test_a_network_that_is_parked_or_changed_has_paths_and_a_remedy(
    session: Session, nowhere: Cloud, status: Status, remedy: str
) -> None:
    network = a_network(status=status, outputs=OUTPUTS)
    add(session, network, an_address(network))
    found = diagnosis.of_network(session, nowhere, network)
    assert [path.zone for path in found.paths] == list(ZONES)
    assert found.remedy == remedy


def test_a_path_that_aws_does_not_show_says_why(session: Session, nowhere: Cloud) -> None:
    network = a_network(outputs=OUTPUTS)
    add(session, network, an_address(network))
    found = diagnosis.of_network(session, nowhere, network)
    assert found.problem == ""
    assert [(path.ok, path.expected_ip) for path in found.paths] == [(False, IP), (False, IP)]
    assert all(path.problem for path in found.paths)


def test_a_function_that_does_not_exist_yet_has_no_path(session: Session, nowhere: Cloud) -> None:
    function = add_function(session, status=Status.CREATING)
    found = diagnosis.of_function(session, nowhere, function)
    assert (found.function, found.paths) == (function, [])
    assert found.problem == "The function does not exist yet."


def test_a_function_is_followed_from_each_zone_of_its_network(
    session: Session, nowhere: Cloud
) -> None:
    function = add_function(session, outputs={"FunctionName": "egret-function-fun"})
    network = diagnosis.of_function(session, nowhere, function).network
    network.outputs, network.availability_zones = OUTPUTS, 2
    session.commit()
    found = diagnosis.of_function(session, nowhere, function)
    assert [path.subnet_id for path in found.paths] == ["subnet-1", "subnet-2"]
