"""Secrets: stored under Egret's KMS key, versioned, and deleted so that it can be undone."""

import uuid
from collections.abc import Iterator
from typing import Any

import pytest

from tests.aws.deployment import deployed
from tests.sandbox.lab import Lab, unique
from webapp.aws.clients import Clients
from webapp.aws.cloudformation.templates import foundation_plan
from webapp.aws.errors import AwsError
from webapp.aws.secrets import CURRENT, PREVIOUS, Secret, Secrets

REGION = "ca-central-1"
TAGS = {"egret:managed": "true"}


@pytest.fixture(scope="module")
def kms_key_arn(clients: Clients) -> Iterator[str]:
    lab = Lab(clients, REGION)
    yield deployed(lab, foundation_plan(REGION, prefix=unique("lab"))).outputs["KeyArn"]
    lab.clean_up()


@pytest.fixture
def secrets(clients: Clients) -> Secrets:
    return Secrets(clients)


def token() -> str:
    return str(uuid.uuid4())


def test_a_secret_has_its_key_tags_and_versions(
    secrets: Secrets, clients: Clients, kms_key_arn: str
) -> None:
    name, first, second = unique("lab/key"), token(), token()
    arn = secrets.create(REGION, name, "one", token=first, kms_key_arn=kms_key_arn, tags=TAGS)
    assert secrets.find(REGION, name) == Secret(arn, {first: CURRENT})
    described = clients.secretsmanager(REGION).describe_secret(SecretId=arn)
    assert described["KmsKeyId"] == kms_key_arn
    assert described["Tags"] == [{"Key": "egret:managed", "Value": "true"}]
    secrets.put(REGION, arn, "two", token=second)
    assert secrets.find(REGION, arn) == Secret(arn, {second: CURRENT, first: PREVIOUS})
    secrets.make_current(REGION, arn, first, instead_of=second)
    assert secrets.find(REGION, arn) == Secret(arn, {first: CURRENT, second: PREVIOUS})
    secrets.delete(REGION, arn)


def test_a_request_that_is_repeated_is_done_once(secrets: Secrets, kms_key_arn: str) -> None:
    """And the same token for something else is refused."""
    name, first, second = unique("lab/key"), token(), token()
    keywords: Any = {"kms_key_arn": kms_key_arn, "tags": TAGS}
    arn = secrets.create(REGION, name, "one", token=first, **keywords)
    assert secrets.create(REGION, name, "one", token=first, **keywords) == arn
    for _ in range(2):
        secrets.put(REGION, arn, "two", token=second)
    assert secrets.find(REGION, arn) == Secret(arn, {second: CURRENT, first: PREVIOUS})
    with pytest.raises(AwsError, match="ResourceExistsException"):
        secrets.put(REGION, arn, "three", token=second)
    with pytest.raises(AwsError, match="ResourceExistsException"):
        secrets.create(REGION, name, "four", token=token(), **keywords)
    with pytest.raises(AwsError, match="InvalidParameterException"):
        secrets.put(REGION, arn, "five", token="x" * 31 + "?" * 40)
    secrets.delete(REGION, arn)


def test_a_deletion_can_be_undone_and_both_can_be_repeated(
    secrets: Secrets, kms_key_arn: str
) -> None:
    name = unique("lab/key")
    arn = secrets.create(REGION, name, "one", token=token(), kms_key_arn=kms_key_arn, tags=TAGS)
    for _ in range(2):
        secrets.delete(REGION, arn)
    found = secrets.find(REGION, arn)
    assert found
    assert found.is_being_deleted
    with pytest.raises(AwsError, match="storing a version"):
        secrets.put(REGION, arn, "two", token=token())
    for _ in range(2):
        secrets.restore(REGION, arn)
    secrets.put(REGION, arn, "two", token=token())
    secrets.delete(REGION, arn)


def test_a_secret_that_was_never_made_is_not_found_and_deleting_it_does_no_harm(
    secrets: Secrets,
) -> None:
    arn = "arn:aws:secretsmanager:ca-central-1:1:secret:never-made"
    assert secrets.find(REGION, arn) is None
    secrets.delete(REGION, arn)
    secrets.restore(REGION, arn)
