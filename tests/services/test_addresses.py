"""Addresses: adopted, lost and had again, and released only when nothing depends on them."""

import boto3
import pytest
from sqlalchemy import Engine
from sqlmodel import Session

from webapp.aws import Cloud
from webapp.aws.clients import Clients
from webapp.errors import Conflict, Invalid
from webapp.models import Address, AddressStatus, Key
from webapp.sandbox.launcher import Sandbox
from webapp.services import addresses, adoption

REGION = "eu-west-1"


def test_an_address_of_the_account_is_adopted_by_its_id_or_by_itself(
    session: Session, cloud: Cloud, clients: Clients
) -> None:
    made = [clients.ec2(REGION).allocate_address(Domain="vpc") for _ in range(2)]
    for wanted in (made[0]["AllocationId"], made[1]["PublicIp"]):
        row = adoption.adopt(session, cloud, actor="tests", region=REGION, wanted=wanted)
        assert row.status is AddressStatus.FREE
        assert cloud.addresses.find(REGION, row.id)
        with pytest.raises(Conflict):
            adoption.adopt(session, cloud, actor="tests", region=REGION, wanted=wanted)
        typed = row.public_ip or ""
        addresses.release(session, cloud, row.id, actor="tests", typed=typed)
    with pytest.raises(Invalid):
        adoption.adopt(session, cloud, actor="tests", region=REGION, wanted="eipalloc-none")


def test_of_two_adoptions_in_the_same_moment_one_is_told_of_the_other(
    session: Session, engine: Engine, sandbox: Sandbox, clients: Clients
) -> None:
    theirs = clients.ec2(REGION).allocate_address(Domain="vpc")
    boto = boto3.Session(region_name=REGION)

    def adopt_first(**_: object) -> None:
        with Session(engine) as other:
            other.add(Address(region=REGION, allocation_id=theirs["AllocationId"]))
            other.commit()

    boto.events.register("before-call.ec2.CreateTags", adopt_first)
    racing = Cloud.connect(clients=Clients(sandbox.info.aws_endpoint, boto))
    with pytest.raises(Conflict, match="is here already"):
        adoption.adopt(session, racing, actor="tests", region=REGION, wanted=theirs["AllocationId"])
    (row,) = addresses.list_all(session)
    addresses.release(session, racing, row.address.id, actor="tests", typed=row.address.id)


def test_one_released_outside_is_lost_and_had_again(
    session: Session, cloud: Cloud, clients: Clients
) -> None:
    row = addresses.create(session, cloud, actor="tests", region=REGION)
    ip, first = row.public_ip or "", row.allocation_id or ""
    clients.ec2(REGION).release_address(AllocationId=first)
    addresses.look(session, cloud, REGION)
    assert (row.status, row.monthly_cost_usd) == (AddressStatus.LOST, 0)
    addresses.recover(session, cloud, row.id, actor="tests")
    assert (row.status, row.public_ip) == (AddressStatus.FREE, ip)
    assert row.allocation_id != first
    addresses.look(session, cloud, REGION)
    assert row.status is AddressStatus.FREE
    addresses.release(session, cloud, row.id, actor="tests", typed=ip)


def test_a_name_is_kept_here_and_in_aws_and_comes_along_when_it_is_adopted(
    session: Session, cloud: Cloud, clients: Clients
) -> None:
    row = addresses.create(session, cloud, actor="tests", region=REGION, name="the bank's")
    ec2, ids = clients.ec2(REGION), [row.allocation_id or ""]

    def tag() -> str:
        (found,) = ec2.describe_addresses(AllocationIds=ids)["Addresses"]
        return {t["Key"]: t["Value"] for t in found["Tags"]}["Name"]

    assert tag() == "egret the bank's"
    addresses.rename(session, cloud, row.id, actor="tests", name=" the supplier's ")
    assert (row.name, tag()) == ("the supplier's", "egret the supplier's")
    for wrong in ("x" * 61, "two\nlines"):
        with pytest.raises(Invalid):
            addresses.rename(session, cloud, row.id, actor="tests", name=wrong)
    session.rollback()
    session.delete(row)
    session.commit()
    again = adoption.adopt(session, cloud, actor="tests", region=REGION, wanted=ids[0])
    assert (again.name, tag()) == ("the supplier's", "egret the supplier's")
    addresses.release(session, cloud, again.id, actor="tests", typed=again.public_ip or "")


def test_one_that_somebody_else_has_by_now_is_gone(
    session: Session, cloud: Cloud, clients: Clients
) -> None:
    ec2 = clients.ec2(REGION)
    row = addresses.create(session, cloud, actor="tests", region=REGION)
    ip = row.public_ip or ""
    ec2.release_address(AllocationId=row.allocation_id or "")
    theirs = ec2.allocate_address(Domain="vpc", Address=ip)
    addresses.look(session, cloud, REGION)
    with pytest.raises(Conflict, match="cannot give"):
        addresses.recover(session, cloud, row.id, actor="tests")
    addresses.release(session, cloud, row.id, actor="tests", typed=ip)
    ec2.release_address(AllocationId=theirs["AllocationId"])


def test_a_key_that_names_an_address_keeps_it_from_release(session: Session, cloud: Cloud) -> None:
    row = addresses.create(session, cloud, actor="tests", region=REGION)
    ip = row.public_ip or ""
    key = Key(
        name="bank",
        partner="clash_of_clans",
        region=REGION,
        secret_arn="arn:of:a:secret",
        kms_key_arn="arn:of:a:kms:key",
        fingerprint="",
        claims={"cidrs": [ip]},
    )
    session.add(key)
    session.commit()
    with pytest.raises(Conflict, match="the key bank"):
        addresses.release(session, cloud, row.id, actor="tests", typed=ip)
    session.delete(key)
    session.commit()
    addresses.release(session, cloud, row.id, actor="tests", typed=ip)


def test_a_release_that_a_crash_cut_short_is_finished(session: Session, cloud: Cloud) -> None:
    row = addresses.create(session, cloud, actor="tests", region=REGION)
    row.status = AddressStatus.RELEASING
    session.commit()
    addresses.look(session, cloud, REGION)
    assert addresses.list_all(session) == []
    assert cloud.addresses.find(REGION, row.id) is None
