"""KMS: an alias that somebody else has is found, and refused to the foundation as on AWS."""

import pytest

from tests.clouds import connected
from tests.sandbox.lab import Lab, unique
from webapp.aws.clients import Clients
from webapp.aws.cloudformation.templates import foundation_plan
from webapp.aws.kms import Kms
from webapp.errors import Conflict
from webapp.services.engine import foundation
from webapp.settings import Settings

REGION = "ca-central-1"


def test_an_alias_of_somebody_else_fails_the_foundation_which_leaves_no_key(
    clients: Clients,
) -> None:
    kms, lab, prefix = clients.kms(REGION), Lab(clients, REGION), unique("lab")
    assert not Kms(clients).key_behind(REGION, f"alias/{prefix}")
    theirs = kms.create_key()["KeyMetadata"]["KeyId"]
    kms.create_alias(AliasName=f"alias/{prefix}", TargetKeyId=theirs)
    assert Kms(clients).key_behind(REGION, f"alias/{prefix}") == theirs
    stack_id = lab.stacks.create(foundation_plan(REGION, prefix=prefix), token=unique("token"))
    assert lab.settled(stack_id).status == "ROLLBACK_COMPLETE"
    assert "already exists" in lab.failures(stack_id)[0].reason
    events = lab.stacks.events(REGION, stack_id)
    (made,) = {e.physical_id for e in events if e.logical_id == "Key" and e.physical_id}
    assert kms.describe_key(KeyId=made)["KeyMetadata"]["KeyState"] == "PendingDeletion"
    settings = Settings(name_prefix=prefix, regions=REGION)
    with pytest.raises(Conflict, match=f"alias/{prefix} belongs to another KMS key.*{theirs}"):
        foundation.kms_key_arn(connected(clients), settings)
    kms.delete_alias(AliasName=f"alias/{prefix}")
    lab.clean_up()
