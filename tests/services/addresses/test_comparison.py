"""The comparison with AWS: what is lost is seen, and what a crash cut short is finished."""

from dataclasses import replace

import pytest
from sqlalchemy import Engine
from sqlmodel import Session

from tests.clouds import boto_session, connected
from tests.services.rows import add, ago, an_address
from tests.services.scripted import ScriptedAws, refusal
from webapp.aws import Cloud
from webapp.aws.clients import Clients
from webapp.errors import EgretError
from webapp.models import Address, AddressStatus, Site
from webapp.sandbox.launcher import Sandbox
from webapp.scope import CloudScope
from webapp.services import addresses
from webapp.services.addresses.comparison import ALLOCATION_TIMEOUT_S, compare_with_aws

REGION = "eu-west-1"


def test_an_address_released_outside_egret_is_lost_and_recovered(
    scope: CloudScope, clients: Clients
) -> None:
    row = addresses.create(scope, site=Site(None, REGION))
    ip, first = row.public_ip or "", row.allocation_id or ""
    clients.ec2(REGION).release_address(AllocationId=first)
    compare_with_aws(scope, Site(None, REGION))
    assert (row.status, row.monthly_cost_usd) == (AddressStatus.LOST, 0)
    addresses.recover(scope, row.id)
    assert (row.status, row.public_ip) == (AddressStatus.FREE, ip)
    assert row.allocation_id != first
    compare_with_aws(scope, Site(None, REGION))
    assert row.status is AddressStatus.FREE
    addresses.release(scope, row.id, typed=ip)


def test_a_release_that_a_crash_cut_short_is_finished(
    scope: CloudScope, session: Session, cloud: Cloud
) -> None:
    row = addresses.create(scope, site=Site(None, REGION))
    row.status = AddressStatus.RELEASING
    session.commit()
    compare_with_aws(scope, Site(None, REGION))
    assert addresses.page(session).rows == []
    assert cloud.addresses.find(REGION, row.id) is None


def test_an_address_allocated_during_the_comparison_is_not_lost(
    scope: CloudScope, session: Session, engine: Engine, sandbox: Sandbox
) -> None:
    made: list[str] = []

    def allocate(**_: object) -> None:
        if not made:
            with Session(engine) as other:
                address = addresses.create(replace(scope, session=other), site=Site(None, REGION))
                made.append(address.id)

    boto = boto_session(REGION)
    boto.events.register("after-call.ec2.DescribeAddresses", allocate)
    slow = connected(Clients(sandbox.info.aws_endpoint, boto))
    add(session, Address(region=REGION))  # there is something to compare
    compare_with_aws(replace(scope, own=slow), Site(None, REGION))
    row = addresses.get(session, made[0])
    assert row.status is AddressStatus.FREE
    addresses.release(scope, row.id, typed=row.public_ip or "")


def test_aws_is_not_asked_where_there_are_no_addresses(
    scripted: CloudScope, aws: ScriptedAws
) -> None:
    add(scripted.session, an_address())
    compare_with_aws(scripted, Site(None, REGION))
    assert not aws.asked


@pytest.mark.parametrize(("age_s", "is_kept"), [(0, True), (ALLOCATION_TIMEOUT_S + 1, False)])
def test_a_row_whose_allocation_never_came_goes_after_a_while(
    scripted: CloudScope, aws: ScriptedAws, age_s: float, is_kept: bool
) -> None:
    add(scripted.session, Address(region=REGION, created_at=ago(age_s)))
    aws.answers["DescribeAddresses"] = {"Addresses": []}
    compare_with_aws(scripted, Site(None, REGION))
    assert bool(addresses.page(scripted.session).rows) is is_kept


def test_one_address_that_aws_refuses_does_not_hold_up_the_others(
    scripted: CloudScope, aws: ScriptedAws
) -> None:
    releasing = an_address(ip="203.0.113.1", region=REGION, status=AddressStatus.RELEASING)
    lost = an_address(ip="203.0.113.2", region=REGION)
    add(scripted.session, releasing, lost)
    there = {"AllocationId": releasing.allocation_id, "PublicIp": releasing.public_ip}
    aws.answers |= {
        "DescribeAddresses": {"Addresses": [there]},
        "ReleaseAddress": refusal("InvalidIPAddress.InUse", "used"),
    }
    compare_with_aws(scripted, Site(None, REGION))
    assert (releasing.status, lost.status) == (AddressStatus.FREE, AddressStatus.LOST)


def test_a_lost_address_whose_release_aws_refuses_is_lost_and_not_free(
    scripted: CloudScope, aws: ScriptedAws
) -> None:
    row = an_address(region=REGION, status=AddressStatus.LOST)
    add(scripted.session, row)
    aws.answers |= {
        "DescribeAddresses": {"Addresses": []},
        "ReleaseAddress": refusal("InvalidIPAddress.InUse", "used"),
    }
    with pytest.raises(EgretError):
        addresses.release(scripted, row.id, typed=row.public_ip or "")
    assert row.status is AddressStatus.LOST
    row.status = AddressStatus.RELEASING  # a crash cut it short
    scripted.session.commit()
    compare_with_aws(scripted, Site(None, REGION))
    assert row.status is AddressStatus.LOST


def test_nothing_is_taken_for_lost_while_aws_does_not_answer(offline: CloudScope) -> None:
    row = an_address(region=REGION)
    add(offline.session, row)
    with pytest.raises(EgretError):
        compare_with_aws(offline, Site(None, REGION))
    assert row.status is AddressStatus.FREE
