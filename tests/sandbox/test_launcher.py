"""A kill of the embedded AWS in the middle of a stack: it goes on, and nothing is doubled."""

import signal
from pathlib import Path

import pytest

from tests.dashboard import wait_for
from tests.sandbox.lab import Lab, egress, unique
from webapp.aws.clients import Clients
from webapp.aws.stacks import Phase
from webapp.errors import Conflict, NotFound, Unavailable
from webapp.sandbox.launcher import Sandbox, read_info

REGION = "eu-central-1"
PACE_S = 0.25
SAVED_S = 2.0


def start(folder: Path, pace_s: float) -> Sandbox:
    return Sandbox.start(folder, pace_s=pace_s, address_quota=5)


def test_a_stack_goes_on_after_the_embedded_aws_was_killed(tmp_path: Path) -> None:
    with start(tmp_path, PACE_S) as running:
        lab = Lab(Clients(running.info.aws_endpoint), REGION)
        allocation = lab.allocate()
        stack_id = lab.create(egress(allocation), token=unique("token"))
        wait_for(lambda: len(lab.stacks.events(REGION, stack_id)) > 8, SAVED_S * 5)
        before = [event.id for event in lab.stacks.events(REGION, stack_id)]
        wait_for((tmp_path / "aws" / "state.json").exists, SAVED_S * 5)
        running.children["embedded_aws"].send_signal(signal.SIGKILL)
        running.children["embedded_aws"].wait()
        with pytest.raises(Unavailable):
            running.check()
    assert before
    with start(tmp_path, 0) as again:
        lab = Lab(Clients(again.info.aws_endpoint), REGION)
        assert lab.settled(stack_id).phase is Phase.DONE
        ec2 = lab.clients.ec2(REGION)
        vpcs = [v for v in ec2.describe_vpcs()["Vpcs"] if v["CidrBlock"] == "10.50.0.0/16"]
        assert len(vpcs) == 1
        assert len(ec2.describe_nat_gateways()["NatGateways"]) == 1
        assert len(ec2.describe_addresses()["Addresses"]) == 1
        told = [(e.logical_id, e.status) for e in lab.stacks.events(REGION, stack_id)]
        assert len(told) == len(set(told))


def test_what_a_sandbox_keeps_is_private_and_survives_a_restart(tmp_path: Path) -> None:
    with start(tmp_path, 0) as running:
        lab = Lab(Clients(running.info.aws_endpoint), REGION)
        ip = lab.address(lab.allocate())
        assert read_info(tmp_path) == running.info
        with pytest.raises(Conflict):
            start(tmp_path, 0)
        endpoint = running.info.aws_endpoint
    with pytest.raises(NotFound):
        read_info(tmp_path)
    kept = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert not [path for path in kept if path.stat().st_mode & 0o077]
    with start(tmp_path, 0) as again:
        assert again.info.aws_endpoint == endpoint
        ec2 = Clients(again.info.aws_endpoint).ec2(REGION)
        assert [a["PublicIp"] for a in ec2.describe_addresses()["Addresses"]] == [ip]
