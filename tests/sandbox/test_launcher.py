"""A kill of one child or of all: operations continue, and nothing is created twice."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.dashboard import wait_for
from tests.sandbox.credentials import clients_of
from tests.sandbox.lab import Lab, egress, unique
from webapp.aws.cloudformation.stacks import Phase
from webapp.errors import Conflict, NotFound, Unavailable
from webapp.sandbox.folder import LOG_KEPT_BYTES, LOG_MAX_BYTES
from webapp.sandbox.launcher import Info, Sandbox, read_info
from webapp.sandbox.partner.hosts import endpoints
from webapp.services.functions.images import PNG_SIGNATURE, Images
from webapp.settings import Settings

REGION = "eu-central-1"
BADGE_HOST = "api-assets.clashofclans.com"
PACE_S = 0.25
SAVED_S = 2.0
START_TIMEOUT_S = 30.0
PARENT = """
import sys, time
from pathlib import Path
from webapp.sandbox.launcher import Sandbox
running = Sandbox.start(Path(sys.argv[1]), pace_s=0, address_quota=5)
time.sleep(600)
"""
ASKING_PARENT = """
import os, subprocess, sys
from pathlib import Path
from webapp.sandbox.launcher import Sandbox
ASK = "import boto3; print(boto3.Session().client('ec2').describe_availability_zones()" \
      "['AvailabilityZones'][0]['RegionName'])"
with Sandbox.start(Path(sys.argv[1]), pace_s=0, address_quota=5) as running:
    environment = os.environ | running.environment()
    sys.exit(subprocess.run([sys.executable, "-c", ASK], env=environment).returncode)
"""
NOWHERE = "http://127.0.0.1:9"


def start(folder: Path, pace_s: float) -> Sandbox:
    return Sandbox.start(folder, pace_s=pace_s, address_quota=5)


def test_a_stack_operation_continues_after_the_embedded_aws_was_killed(tmp_path: Path) -> None:
    with start(tmp_path, PACE_S) as running:
        lab = Lab(clients_of(running.info), REGION)
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
        lab = Lab(clients_of(again.info), REGION)
        assert lab.settled(stack_id).phase is Phase.DONE
        ec2 = lab.clients.ec2(REGION)
        vpcs = [v for v in ec2.describe_vpcs()["Vpcs"] if v["CidrBlock"] == "10.50.0.0/16"]
        assert len(vpcs) == 1
        assert len(ec2.describe_nat_gateways()["NatGateways"]) == 1
        assert len(ec2.describe_addresses()["Addresses"]) == 1
        told = [(e.logical_id, e.status) for e in lab.stacks.events(REGION, stack_id)]
        assert len(told) == len(set(told))


def test_the_state_is_private_and_survives_a_restart(tmp_path: Path) -> None:
    with start(tmp_path, 0) as running:
        lab = Lab(clients_of(running.info), REGION)
        ip = lab.address(lab.allocate())
        assert read_info(tmp_path) == running.info
        with pytest.raises(Conflict):
            start(tmp_path, 0)
        endpoint = running.info.aws_endpoint
    with pytest.raises(NotFound):
        read_info(tmp_path)
    kept = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert kept
    assert not [path for path in kept if path.stat().st_mode & 0o077]
    with start(tmp_path, 0) as again:
        assert again.info.aws_endpoint == endpoint
        ec2 = clients_of(again.info).ec2(REGION)
        assert [a["PublicIp"] for a in ec2.describe_addresses()["Addresses"]] == [ip]


def test_the_children_of_a_killed_parent_end_and_the_next_start_waits_for_them(
    tmp_path: Path,
) -> None:
    before = killed_sandbox(tmp_path)
    with pytest.raises(NotFound):
        read_info(tmp_path)
    with start(tmp_path, 0) as again:
        assert again.info == before


def test_checking_the_children_keeps_the_end_of_a_log_that_is_too_long(sandbox: Sandbox) -> None:
    file = sandbox.folder / "nat.log"
    with file.open("a") as log:
        log.write("x" * LOG_MAX_BYTES + "the end")
    sandbox.check()
    assert file.stat().st_size == LOG_KEPT_BYTES
    assert file.read_text().endswith("the end")


def test_a_public_folder_becomes_private_and_an_unreadable_list_of_ports_is_replaced(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    folder = tmp_path / "open"
    folder.mkdir(mode=0o755)
    (folder / "ports.json").write_text('{"nat": ')
    with start(folder, 0) as running:
        assert folder.stat().st_mode & 0o077 == 0
        assert running.info.aws_endpoint != sandbox.info.aws_endpoint


def test_a_child_that_ends_is_named_with_the_end_of_its_log(tmp_path: Path) -> None:
    with start(tmp_path, 0) as running:
        running.check()
        with (tmp_path / "partner.log").open("a") as log:
            log.write("the last words\n")
        running.children["partner"].kill()
        running.children["partner"].wait()
        with pytest.raises(Unavailable, match=r"partner ended: .*the last words"):
            running.check()


def test_no_variable_of_the_parent_leads_out_of_the_sandbox(tmp_path: Path) -> None:
    elsewhere = {
        "HTTP_PROXY": NOWHERE,
        "http_proxy": NOWHERE,
        "AWS_PROFILE": "somebody-elses",
        "AWS_DEFAULT_PROFILE": "somebody-elses",
        "AWS_SESSION_TOKEN": "somebody-elses",
        "AWS_ENDPOINT_URL_EC2": NOWHERE,
        "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true",
    }
    done = subprocess.run(
        [sys.executable, "-c", ASKING_PARENT, str(tmp_path)],
        env=os.environ | elsewhere,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.stdout.strip(), done.returncode) == (REGION, 0), done.stderr


def killed_sandbox(folder: Path) -> Info:
    """The info of a sandbox whose parent was just killed."""
    with subprocess.Popen([sys.executable, "-c", PARENT, str(folder)]) as parent:
        try:
            wait_for((folder / "sandbox.json").exists, START_TIMEOUT_S)
            return read_info(folder)
        finally:
            parent.kill()


def test_the_dashboard_gets_pictures_from_the_sandbox(sandbox: Sandbox, settings: Settings) -> None:
    """Of all that is on this machine, it may call this one place."""
    origins = endpoints(sandbox.info.partner_url, sandbox.info.portal_url)
    images = Images(settings.model_copy(update={"endpoints": origins}))
    assert images.get(BADGE_HOST, "badges/70/abcdefgh.png").startswith(PNG_SIGNATURE)
