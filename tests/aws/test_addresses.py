"""Addresses: found by their tag before they are allocated, so that none is allocated twice."""

from collections.abc import Iterator
from uuid import uuid4

import pytest

from tests.clouds import session_with
from tests.faults.proxy import Proxy, Rule
from webapp.aws.addresses import Addresses, Allocation
from webapp.aws.clients import Clients
from webapp.aws.errors import AwsError, NotReached, QuotaExceeded
from webapp.aws.tags import tags_of
from webapp.sandbox.launcher import Sandbox

REGION = "us-west-2"


@pytest.fixture
def addresses(clients: Clients) -> Addresses:
    return Addresses(clients, "adapters")


@pytest.fixture
def row_id() -> str:
    return uuid4().hex


@pytest.fixture
def held(addresses: Addresses, row_id: str) -> Iterator[Allocation]:
    made = addresses.ensure(REGION, row_id, name="shop")
    yield made
    addresses.release(REGION, made.allocation_id)


def test_an_address_has_the_tags_of_the_settings_and_of_its_network(
    clients: Clients, row_id: str
) -> None:
    addresses = Addresses(clients, "tagging", tags={"team": "pay"})
    made = addresses.ensure(REGION, row_id, name="shop", tags={"env": "x"})
    found = clients.ec2(REGION).describe_addresses(AllocationIds=[made.allocation_id])
    assert tags_of(found["Addresses"][0])["env"] == "x"
    addresses.tag(REGION, made.allocation_id, {"env": "y"})
    found = clients.ec2(REGION).describe_addresses(AllocationIds=[made.allocation_id])
    tags = tags_of(found["Addresses"][0])
    assert {"team": "pay", "env": "y", "egret:prefix": "tagging"}.items() <= tags.items()
    addresses.tag(REGION, made.allocation_id, {"team": "mine"})
    addresses.untag(REGION, made.allocation_id, {"team": "mine", "env": "y"})
    found = clients.ec2(REGION).describe_addresses(AllocationIds=[made.allocation_id])
    addresses.release(REGION, made.allocation_id)
    assert tags_of(found["Addresses"][0]) == {key: tags[key] for key in tags if key != "env"}
    addresses.tag(REGION, made.allocation_id, {"env": "z"})


def test_an_address_is_allocated_once(addresses: Addresses, row_id: str, held: Allocation) -> None:
    assert addresses.ensure(REGION, row_id, name="shop") == held
    assert addresses.find(REGION, row_id) == held
    assert addresses.find(REGION, uuid4().hex) is None
    assert (held.name, held.associated) == ("shop", False)


def test_one_whose_answer_was_lost_is_found_instead_of_allocated_again(
    addresses: Addresses, row_id: str, proxy: Proxy
) -> None:
    rule = proxy.add(Rule("AllocateAddress", "lose_answer", times=9))
    faulty = Addresses(Clients(proxy.url), "adapters")
    with pytest.raises(NotReached):
        faulty.ensure(REGION, row_id, name="shop")
    assert len(rule.at) == 1, "botocore must not repeat it"
    made = faulty.ensure(REGION, row_id, name="shop")
    assert proxy.calls["AllocateAddress"] == 1
    addresses.release(REGION, made.allocation_id)


def test_a_quota_that_is_reached_says_so(refusing: Clients, proxy: Proxy, row_id: str) -> None:
    proxy.add(Rule("AllocateAddress", "refuse", code="AddressLimitExceeded", message="No more"))
    with pytest.raises(QuotaExceeded, match="allocating an address"):
        Addresses(refusing, "adapters").ensure(REGION, row_id, name="shop")


def test_an_address_of_the_account_is_listed_renamed_and_adopted(
    addresses: Addresses, clients: Clients
) -> None:
    found = clients.ec2(REGION).allocate_address(Domain="vpc")
    allocation_id, row_id = found["AllocationId"], uuid4().hex
    listed = {a.allocation_id: a.name for a in addresses.list_all(REGION)}
    assert listed[allocation_id] == ""
    addresses.adopt(REGION, allocation_id, row_id, name="theirs")
    addresses.rename(REGION, allocation_id, "ours")
    adopted = addresses.find(REGION, row_id)
    assert adopted == Allocation(allocation_id, found["PublicIp"], associated=False, name="ours")
    addresses.release(REGION, allocation_id)


def test_an_address_that_is_gone_is_released_by_a_policy_that_asks_for_its_tag(
    sandbox: Sandbox, clients: Clients, row_id: str
) -> None:
    user, ec2 = sandbox.users.dashboard, clients.ec2(REGION)
    session = session_with(user.access_key_id, user.secret)
    ours = Addresses(Clients(sandbox.info.aws_endpoint, session), "egret")
    gone = ours.ensure(REGION, row_id, name="shop")
    ec2.release_address(AllocationId=gone.allocation_id)
    ours.untag(REGION, gone.allocation_id, {"team": "x"})
    ours.release(REGION, gone.allocation_id)
    theirs = ec2.allocate_address(Domain="vpc")["AllocationId"]
    with pytest.raises(AwsError, match="UnauthorizedOperation"):
        ours.release(REGION, theirs)
    ec2.release_address(AllocationId=theirs)


def test_a_released_address_can_be_recovered_and_released_again(
    addresses: Addresses, row_id: str
) -> None:
    first = addresses.ensure(REGION, row_id, name="shop")
    for _ in range(2):
        addresses.release(REGION, first.allocation_id)
    again = addresses.recover(REGION, row_id, first.public_ip, name="shop")
    assert again.public_ip == first.public_ip
    assert addresses.recover(REGION, row_id, first.public_ip, name="shop") == again
    with pytest.raises(AwsError, match=r"InvalidAddress\.NotFound"):
        addresses.recover(REGION, uuid4().hex, first.public_ip, name="shop")
    addresses.release(REGION, again.allocation_id)
