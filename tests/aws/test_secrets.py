"""Secrets: stored under Egret's KMS key, versioned, and deleted so that it can be undone."""

from collections.abc import Iterator

import pytest

from tests.aws.deployment import deployed
from tests.sandbox.lab import Lab, unique
from webapp.aws.clients import Clients
from webapp.aws.cloudformation.templates import foundation_plan
from webapp.aws.errors import AwsError
from webapp.aws.secrets import CURRENT, Secrets, Version

REGION = "ca-central-1"
TAGS = {"egret:managed": "true"}


@pytest.fixture(scope="module")
def kms_key_arn(clients: Clients) -> Iterator[str]:
    lab = Lab(clients, REGION)
    yield deployed(lab, foundation_plan(REGION, prefix=unique("lab"))).outputs["KeyArn"]
    lab.clean_up()


def test_a_secret_has_its_key_tags_and_versions(clients: Clients, kms_key_arn: str) -> None:
    secrets, name = Secrets(clients), unique("lab/key")
    arn, first = secrets.create(REGION, name, "one", kms_key_arn=kms_key_arn, tags=TAGS)
    assert secrets.versions(REGION, arn) == [Version(first, CURRENT)]
    described = clients.secretsmanager(REGION).describe_secret(SecretId=arn)
    assert described["KmsKeyId"] == kms_key_arn
    assert described["Tags"] == [{"Key": "egret:managed", "Value": "true"}]
    second = secrets.put(REGION, arn, "two")
    found = secrets.versions(REGION, arn)
    assert set(found) == {Version(second, CURRENT), Version(first, "AWSPREVIOUS")}
    secrets.delete(REGION, arn)


def test_a_deletion_can_be_undone_and_repeated(clients: Clients, kms_key_arn: str) -> None:
    secrets, name = Secrets(clients), unique("lab/key")
    arn, _ = secrets.create(REGION, name, "one", kms_key_arn=kms_key_arn, tags=TAGS)
    secrets.delete(REGION, arn)
    with pytest.raises(AwsError, match="storing a version"):
        secrets.put(REGION, arn, "two")
    secrets.restore(REGION, arn)
    assert secrets.put(REGION, arn, "two")
    secrets.delete(REGION, arn)


def test_deleting_a_secret_that_was_never_made_does_no_harm(clients: Clients) -> None:
    Secrets(clients).delete(REGION, "arn:aws:secretsmanager:ca-central-1:1:secret:never-made")
