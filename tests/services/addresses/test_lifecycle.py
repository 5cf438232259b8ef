"""An address's life: allocated, named, recovered, and released only when nothing needs it."""

import pytest
from sqlalchemy import Engine
from sqlmodel import Session

from tests.postgresql import on_either_database
from tests.services.rows import a_function, a_key, a_network, add, add_function, an_address
from tests.services.scripted import NOTHING_USED, ScriptedAws, refusal
from webapp.aws import Cloud
from webapp.aws.clients import Clients
from webapp.aws.errors import QuotaExceeded
from webapp.errors import Conflict, EgretError, Invalid
from webapp.models import Address, AddressStatus, NewNetwork, Site, Status
from webapp.scope import CloudScope
from webapp.services import addresses
from webapp.services.addresses import adoption, pool
from webapp.services.addresses.allowing import NAMED_MAX
from webapp.services.addresses.comparison import compare_with_aws

REGION = "eu-west-1"


def test_a_name_is_kept_here_and_in_aws_and_survives_an_adoption(
    scope: CloudScope, session: Session, clients: Clients
) -> None:
    row = addresses.create(scope, site=Site(None, REGION), name="the bank's")
    ec2, ids = clients.ec2(REGION), [row.allocation_id or ""]

    def tag() -> str:
        (found,) = ec2.describe_addresses(AllocationIds=ids)["Addresses"]
        return {t["Key"]: t["Value"] for t in found["Tags"]}["Name"]

    assert tag() == "egret the bank's"
    addresses.rename(scope, row.id, name=" the supplier's ")
    assert (row.name, tag()) == ("the supplier's", "egret the supplier's")
    for wrong in ("x" * 61, "two\nlines"):
        with pytest.raises(Invalid):
            addresses.rename(scope, row.id, name=wrong)
    session.rollback()
    session.delete(row)
    session.commit()
    again = adoption.adopt(scope, site=Site(None, REGION), wanted=ids[0])
    assert (again.name, tag()) == ("the supplier's", "egret the supplier's")
    addresses.release(scope, again.id, typed=again.public_ip or "")


def test_an_address_that_someone_else_has_by_now_is_gone(
    scope: CloudScope, clients: Clients
) -> None:
    ec2 = clients.ec2(REGION)
    row = addresses.create(scope, site=Site(None, REGION))
    ip = row.public_ip or ""
    ec2.release_address(AllocationId=row.allocation_id or "")
    theirs = ec2.allocate_address(Domain="vpc", Address=ip)
    compare_with_aws(scope, Site(None, REGION))
    with pytest.raises(Conflict, match="cannot give"):
        addresses.recover(scope, row.id)
    addresses.release(scope, row.id, typed=ip)
    ec2.release_address(AllocationId=theirs["AllocationId"])


def test_a_key_that_names_an_address_keeps_it_from_release(
    scope: CloudScope, session: Session
) -> None:
    row = addresses.create(scope, site=Site(None, REGION))
    ip = row.public_ip or ""
    key = a_key("bank", cidrs=(ip,))
    session.add(key)
    session.commit()
    with pytest.raises(Conflict, match="the key bank"):
        addresses.release(scope, row.id, typed=ip)
    session.delete(key)
    session.commit()
    addresses.release(scope, row.id, typed=ip)


def test_of_many_functions_that_need_an_address_the_first_are_named(offline: CloudScope) -> None:
    session, network, key = offline.session, a_network(), a_key()
    address = an_address(network)
    mine = (a_function(network, key, f"fun-{n:03}") for n in range(2 * NAMED_MAX))
    add(session, network, key, address, *mine)
    with pytest.raises(Conflict) as refused:
        addresses.release(offline, address.id, typed=address.public_ip or "")
    assert len(refused.value.links) == NAMED_MAX
    assert "the function fun-000, the function fun-001" in refused.value.detail
    assert refused.value.detail.endswith(" and more.")


def nat_gateway(clients: Clients, address: Address) -> str:
    """Something of the account's that uses the address."""
    ec2 = clients.ec2(REGION)
    subnet = ec2.describe_subnets()["Subnets"][0]["SubnetId"]
    made = ec2.create_nat_gateway(SubnetId=subnet, AllocationId=address.allocation_id or "")
    return made["NatGateway"]["NatGatewayId"]


def test_a_release_that_aws_refuses_is_not_repeated_later(
    scope: CloudScope, session: Session, cloud: Cloud, clients: Clients
) -> None:
    used, lost = (addresses.create(scope, site=Site(None, REGION)) for _ in range(2))
    nat = nat_gateway(clients, used)
    typed = used.public_ip or ""
    with pytest.raises(EgretError, match="is in use"):
        addresses.release(scope, used.id, typed=typed)
    assert used.status is AddressStatus.FREE
    used.status = AddressStatus.RELEASING  # a crash cut the release short, before AWS refused it
    session.commit()
    clients.ec2(REGION).release_address(AllocationId=lost.allocation_id or "")
    compare_with_aws(scope, Site(None, REGION))
    assert (used.status, lost.status) == (AddressStatus.FREE, AddressStatus.LOST)
    clients.ec2(REGION).delete_nat_gateway(NatGatewayId=nat)
    compare_with_aws(scope, Site(None, REGION))
    assert cloud.addresses.find(REGION, used.id)
    for address in (used, lost):
        ip = address.public_ip or ""
        addresses.release(scope, address.id, typed=ip)


@on_either_database
def test_an_address_that_a_network_has_just_been_given_is_not_released(
    scope: CloudScope, session: Session, engine: Engine
) -> None:
    row = addresses.create(scope, site=Site(None, REGION))
    with Session(engine) as other:
        network = a_network("quicker", region=REGION)
        other.add(network)
        other.flush()
        pool.reserve(other, network, NewNetwork(name="any", region=REGION, addresses=[row.id]))
        other.commit()
    assert row.status is AddressStatus.FREE, "what it has read before"
    typed = row.public_ip or ""
    with pytest.raises(Conflict, match="needed by the network quicker"):
        addresses.release(scope, row.id, typed=typed)
    row.network_id = row.position = None
    session.commit()
    addresses.release(scope, row.id, typed=typed)


@pytest.mark.parametrize("region", ["", "us-west-2", "not a region"])
def test_no_address_is_allocated_in_a_region_that_is_not_offered(
    scope: CloudScope, session: Session, region: str
) -> None:
    with pytest.raises(Invalid, match="not offered"):
        addresses.create(scope, site=Site(None, region))
    with pytest.raises(Invalid, match="not offered"):
        adoption.adopt(scope, site=Site(None, region), wanted="203.0.113.1")
    assert addresses.page(session).rows == []


def test_an_address_that_aws_refuses_leaves_no_row(scripted: CloudScope, aws: ScriptedAws) -> None:
    aws.answers |= NOTHING_USED
    aws.answers["AllocateAddress"] = refusal("AddressLimitExceeded", "too many")
    with pytest.raises(QuotaExceeded):
        addresses.create(scripted, site=Site(None, REGION))
    assert addresses.page(scripted.session).rows == []


def test_an_address_for_which_there_is_no_room_is_not_asked_for(
    scripted: CloudScope, aws: ScriptedAws
) -> None:
    aws.answers |= NOTHING_USED
    under_way = [Address(region=REGION), Address(region=REGION)]
    add(scripted.session, *under_way)
    with pytest.raises(QuotaExceeded, match="2 pending"):
        addresses.create(scripted, site=Site(None, REGION))
    assert len(addresses.page(scripted.session).rows) == len(under_way)
    assert not aws.calls("AllocateAddress")


def test_an_address_whose_answer_was_lost_keeps_its_row_to_be_found_by(
    scripted: CloudScope, aws: ScriptedAws
) -> None:
    aws.answers |= NOTHING_USED
    with pytest.raises(EgretError):
        addresses.create(scripted, site=Site(None, REGION))
    (kept,) = addresses.page(scripted.session).rows
    assert kept.address.status is AddressStatus.ALLOCATING


def test_a_lost_address_is_renamed_here_only(offline: CloudScope) -> None:
    row = an_address(status=AddressStatus.LOST)
    add(offline.session, row)
    addresses.rename(offline, row.id, name="gone")
    assert row.name == "gone"


def test_only_a_lost_address_is_recovered(offline: CloudScope) -> None:
    row = an_address()
    add(offline.session, row)
    with pytest.raises(Conflict, match="is not lost"):
        addresses.recover(offline, row.id)


def test_a_lost_address_does_not_take_the_place_that_a_network_under_way_needs(
    scripted: CloudScope, aws: ScriptedAws
) -> None:
    aws.answers |= NOTHING_USED
    lost = an_address(status=AddressStatus.LOST)
    network = a_network(status=Status.REQUESTED)
    wanted = [
        an_address(network, "", allocation_id=None, position=n, status=AddressStatus.ALLOCATING)
        for n in range(2)
    ]
    add(scripted.session, lost, network, *wanted)
    with pytest.raises(QuotaExceeded, match="2 of 2"):
        addresses.recover(scripted, lost.id)
    assert not aws.calls("AllocateAddress")


@pytest.mark.parametrize("typed", ["", "203.0.113.8", "yes"])
def test_an_address_is_released_only_when_it_is_typed(offline: CloudScope, typed: str) -> None:
    row = an_address()
    add(offline.session, row)
    with pytest.raises(Invalid, match="Nothing was released"):
        addresses.release(offline, row.id, typed=typed)
    assert row.status is AddressStatus.FREE


def test_a_release_is_refused_with_all_that_needs_the_address(offline: CloudScope) -> None:
    function = add_function(offline.session)
    (row,) = addresses.of_network(offline.session, function.network_id)
    named = "the network net, the function fun, the key key"
    with pytest.raises(Conflict, match=f"needed by {named}"):
        addresses.release(offline, row.id, typed=row.public_ip or "")


def test_a_key_with_a_range_around_an_address_does_not_keep_it(
    scripted: CloudScope, aws: ScriptedAws
) -> None:
    row = an_address(ip="203.0.113.7")
    add(scripted.session, row, a_key(cidrs=("203.0.113.0/24",)))
    aws.answers["ReleaseAddress"] = {}
    addresses.release(scripted, row.id, typed="203.0.113.7")
    assert addresses.page(scripted.session).rows == []


def test_a_release_that_aws_did_not_answer_goes_on_later(offline: CloudScope) -> None:
    row = an_address()
    add(offline.session, row)
    with pytest.raises(EgretError):
        addresses.release(offline, row.id, typed=row.public_ip or "")
    assert row.status is AddressStatus.RELEASING
