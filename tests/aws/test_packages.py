"""Code in S3: found by its name, uploaded whole, and harmless when that is done twice."""

import io

import pytest

from tests.clouds import connected
from tests.sandbox.lab import Lab, unique
from tests.services.scripted import ScriptedAws, refusal
from webapp.aws.clients import Clients
from webapp.aws.cloudformation.stacks import Phase
from webapp.aws.cloudformation.templates import foundation_name, foundation_plan
from webapp.aws.errors import AccessDenied, NotReached
from webapp.aws.packages import Packages
from webapp.services.engine import foundation
from webapp.settings import Settings

REGION = "ca-central-1"


@pytest.fixture
def aws() -> ScriptedAws:
    return ScriptedAws()


def test_a_foundation_that_exists_gets_the_bucket_and_keeps_its_key(clients: Clients) -> None:
    """As the version before made it; and the bucket takes a zip, twice."""
    lab, prefix = Lab(clients, REGION), unique("lab")
    made = lab.stacks.create(foundation_plan(REGION, prefix=prefix), token=unique("token"))
    before = lab.settled(made)
    packages, settings = Packages(clients, prefix), Settings(name_prefix=prefix, regions=REGION)
    assert not packages.has(REGION, "code/a.zip")
    token = unique("token")
    with pytest.raises(NotReached, match="is being created in ca-central-1"):
        foundation.code_bucket(connected(clients), settings, REGION, token=token)
    after = lab.settled(made)
    assert after.outputs == before.outputs | {"CodeBucket": packages.bucket(REGION)}
    bucket = foundation.code_bucket(connected(clients), settings, REGION, token=token)
    assert foundation.kms_key_arn(connected(clients), settings) == before.outputs["KeyArn"]
    for _ in range(2):
        packages.put(REGION, "code/a.zip", io.BytesIO(b"zip"))
        assert packages.has(REGION, "code/a.zip")
    s3 = clients.s3(REGION)
    assert s3.get_object(Bucket=bucket, Key="code/a.zip")["Body"].read() == b"zip"
    blocked = s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"]
    assert all(blocked.values())
    assert lab.deleted(made).phase is Phase.GONE
    assert packages.has(REGION, "code/a.zip"), "functions still need it"


def test_a_region_without_keys_gets_a_foundation_with_the_bucket_alone(clients: Clients) -> None:
    lab, prefix, token = Lab(clients, REGION), unique("lab"), unique("token")
    cloud, settings = connected(clients), Settings(name_prefix=prefix, regions="us-east-1")
    with pytest.raises(NotReached):
        foundation.code_bucket(cloud, settings, REGION, token=token)
    stack = lab.settled(foundation_name(prefix))
    bucket = foundation.code_bucket(cloud, settings, REGION, token=token)
    assert stack.outputs == {"CodeBucket": bucket}
    lab.deleted(stack.id)


def test_an_object_that_may_not_be_listed_is_not_there(aws: ScriptedAws) -> None:
    packages = Packages(aws.clients, "egret")
    aws.answers["HeadObject"] = refusal("403", "Forbidden", status=403)
    assert not packages.has(REGION, "code/a.zip")
    (asked,) = aws.calls("HeadObject")
    assert asked["Bucket"] == "egret-code-000000000000-ca-central-1"
    assert asked["ExpectedBucketOwner"] == "000000000000"
    aws.answers["HeadObject"] = refusal("500", status=500)
    with pytest.raises(NotReached):
        packages.has(REGION, "code/a.zip")


def test_an_upload_that_is_refused_says_what_egret_was_doing(aws: ScriptedAws) -> None:
    aws.answers["PutObject"] = refusal("AccessDenied", "not authorized: s3:PutObject", status=403)
    with pytest.raises(AccessDenied, match="uploading code to S3"):
        Packages(aws.clients, "egret").put(REGION, "code/a.zip", io.BytesIO(b"zip"))
