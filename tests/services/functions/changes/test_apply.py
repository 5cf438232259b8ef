"""Changes of functions on an AWS by a script: begun, refused, put back and deployed again."""

from collections.abc import Iterator
from io import BytesIO
from typing import Any

import pytest
from sqlalchemy import event
from sqlmodel import Session, select

from tests.services.functions.changes.deploying import OUTPUTS, sent, settle, show_change_set
from tests.services.rows import a_key, a_network, add, add_function, an_address
from tests.services.scripted import STACK_ID, ScriptedAws, refusal
from webapp.errors import Conflict, EgretError, Invalid
from webapp.models import (
    Access,
    AuditEvent,
    FetchSchedule,
    Function,
    FunctionChange,
    FunctionRevision,
    Lease,
    Network,
    RevisionStatus,
    Status,
)
from webapp.scope import CloudScope
from webapp.services import functions, keys, networks
from webapp.services.functions.revisions import rows as revisions

SETTINGS = {"location": "32000006", "limit": 10, "ranking": "clans"}
SECRET = "arn:aws:secretsmanager:eu-central-1:000000000000:secret:egret/key/"
PLACE = {"PrivateSubnetIds": "subnet-1", "SecurityGroupId": "sg-1"}
OTHER_PLACE = {"PrivateSubnetIds": "subnet-2", "SecurityGroupId": "sg-2"}


@pytest.fixture
def function(scripted: CloudScope, aws: ScriptedAws) -> Iterator[Function]:
    """Ready, as it was created."""
    function = add_function(
        scripted.session,
        settings=SETTINGS,
        stack_id=STACK_ID,
        outputs=OUTPUTS | {"SubnetIds": "subnet-1"},
    )
    scripted.session.get_one(Network, function.network_id).outputs = PLACE
    keys.get(scripted.session, "key").secret_arn = f"{SECRET}key"
    scripted.session.commit()
    aws.show_stack("CREATE_COMPLETE", **OUTPUTS)
    aws.answers["UpdateStack"] = {"StackId": STACK_ID}
    aws.answers["Invoke"] = lambda _: {"Payload": BytesIO(b'{"statusCode": 200, "body": "{}"}')}
    yield function


def change(scope: CloudScope, **wanted: Any) -> list[str]:
    """The fields that the change is of."""
    planned = functions.change(scope, "fun", FunctionChange(**wanted))
    return [each.field for each in planned.differences]


def statuses(scope: CloudScope) -> dict[int, RevisionStatus]:
    return {row.number: row.status for row in scope.session.exec(select(FunctionRevision))}


def test_a_change_is_pending_until_aws_has_made_it_and_then_is_what_the_function_is(
    scripted: CloudScope, aws: ScriptedAws, function: Function
) -> None:
    wanted = {"settings": {"limit": 25}, "memory_mb": 512, "access": Access.IAM}
    assert change(scripted, **wanted) == ["access", "memory_mb", "settings.limit"]
    assert (function.status, function.memory_mb, function.revision) == (Status.UPDATING, 256, 1)
    assert (sent(aws)["MemoryMb"], sent(aws)["Access"]) == ("512", "iam")
    settle(scripted, aws, "UPDATE_COMPLETE")
    assert (function.status, function.memory_mb, function.revision) == (Status.READY, 512, 2)
    assert function.settings == SETTINGS | {"limit": 25}
    assert statuses(scripted) == {2: RevisionStatus.LIVE}
    assert aws.calls("Invoke")


def test_what_is_to_be_done_is_never_committed_without_a_lease(
    scripted: CloudScope, aws: ScriptedAws, function: Function
) -> None:
    lost: list[bool] = []

    @event.listens_for(scripted.session, "before_commit")
    def look(session: Session) -> None:
        leased = session.exec(select(Lease)).first()
        lost.append(function.status is Status.UPDATING and leased is None)

    change(scripted, memory_mb=512)
    settle(scripted, aws, "UPDATE_COMPLETE")
    change(scripted, memory_mb=256)
    settle(scripted, aws, "UPDATE_COMPLETE")
    functions.deploy_again(scripted, "fun", 2)
    assert function.status is Status.UPDATING
    assert lost and not any(lost)


def test_an_update_that_aws_rolls_back_leaves_what_is_live_and_says_why(
    scripted: CloudScope, aws: ScriptedAws, function: Function
) -> None:
    change(scripted, memory_mb=512)
    settle(scripted, aws, "UPDATE_ROLLBACK_COMPLETE", reason="no room")
    assert (function.status, function.memory_mb, function.revision) == (Status.READY, 256, 1)
    assert "no room" in function.reason
    failed = revisions.get(scripted.session, function, 2)
    assert (failed.status, failed.reason) == (RevisionStatus.FAILED, "no room")
    assert function.next_network_id is None

    functions.retry(scripted, "fun")
    assert sent(aws)["MemoryMb"] == "512"
    settle(scripted, aws, "UPDATE_COMPLETE")
    assert (function.memory_mb, function.revision, function.reason) == (512, 3, "")


def test_an_update_that_aws_refuses_to_begin_leaves_the_function_ready(
    scripted: CloudScope, aws: ScriptedAws, function: Function
) -> None:
    aws.answers["UpdateStack"] = refusal("ValidationError", "Template format error")
    change(scripted, memory_mb=512)
    assert (function.status, function.revision) == (Status.READY, 1)
    assert "Template format error" in function.reason
    assert statuses(scripted) == {2: RevisionStatus.FAILED}


def test_without_a_difference_nothing_is_done(
    scripted: CloudScope, aws: ScriptedAws, function: Function
) -> None:
    assert change(scripted, settings={"limit": "10"}, network="net", memory_mb=256) == []
    assert function.status is Status.READY
    assert (aws.calls("UpdateStack"), statuses(scripted)) == ([], {})
    assert scripted.session.exec(select(AuditEvent)).all() == []


def test_environment_and_schedule_change_without_a_deployment(
    scripted: CloudScope, aws: ScriptedAws, function: Function
) -> None:
    wanted = {"environment": "prod", "schedule": FetchSchedule(every_minutes=15)}
    assert change(scripted, **wanted) == ["environment", "schedule"]
    assert (function.environment, function.every_minutes) == ("prod", 15)
    assert change(scripted, schedule=None) == ["schedule"]
    assert function.every_minutes is None
    assert (aws.calls("UpdateStack"), function.status) == ([], Status.READY)


@pytest.mark.usefixtures("function")
def test_a_second_change_is_refused_while_one_is_under_way(
    scripted: CloudScope,
) -> None:
    change(scripted, memory_mb=512)
    with pytest.raises(Conflict, match="A change of it is under way") as refused:
        change(scripted, memory_mb=1024)
    assert refused.value.code == "change_under_way"
    assert statuses(scripted) == {2: RevisionStatus.PENDING}


def another_place(scope: CloudScope, *, region: str = "eu-central-1") -> Network:
    """Another ready network, with an address of its own."""
    network = a_network("other", region=region, cidr="10.9.0.0/16", outputs=OTHER_PLACE)
    add(scope.session, network, an_address(network, "203.0.113.9"))
    return network


def test_a_function_moves_to_another_network_with_a_key_that_allows_its_address(
    scripted: CloudScope, aws: ScriptedAws, function: Function
) -> None:
    another_place(scripted)
    with pytest.raises(Conflict, match=r"does not allow 203\.0\.113\.9") as refused:
        change(scripted, network="other")
    assert refused.value.code == "key_does_not_match"
    add(scripted.session, a_key("both", cidrs=("203.0.113.9",), secret_arn=f"{SECRET}both"))
    with pytest.raises(Conflict, match=r"does not allow 203\.0\.113\.7"):
        change(scripted, key="both")
    assert change(scripted, network="other", key="both") == ["network", "key"]
    assert (sent(aws)["SubnetIds"], sent(aws)["SecretArn"]) == ("subnet-2", f"{SECRET}both")

    for name in ("net", "other"):
        with pytest.raises(Conflict):
            networks.delete(scripted, name, typed=name)
        assert networks.functions_in(scripted.session, networks.get(scripted.session, name))
    for name in ("key", "both"):
        with pytest.raises(Conflict):
            keys.delete(scripted, name, typed=name)

    settle(scripted, aws, "UPDATE_COMPLETE")
    assert networks.functions_in(scripted.session, networks.get(scripted.session, "net")) == []
    assert [each.id for each in keys.detail(scripted.session, "both").functions] == [function.id]


@pytest.mark.usefixtures("function")
def test_a_network_in_another_region_is_refused_because_the_endpoint_would_change(
    scripted: CloudScope,
) -> None:
    another_place(scripted, region="eu-west-1")
    with pytest.raises(Conflict) as refused:
        change(scripted, network="other")
    assert (refused.value.code, list(refused.value.errors)) == ("other_region", ["network"])


def test_an_earlier_revision_is_deployed_again_as_a_new_one(
    scripted: CloudScope, aws: ScriptedAws, function: Function
) -> None:
    for limit in (20, 30):
        change(scripted, settings={"limit": limit})
        settle(scripted, aws, "UPDATE_COMPLETE")
    planned = functions.deploy_again(scripted, "fun", 2)
    assert [each.field for each in planned.differences] == ["settings.limit"]
    settle(scripted, aws, "UPDATE_COMPLETE")
    assert (function.revision, function.settings["limit"]) == (4, 20)
    assert revisions.get(scripted.session, function, 4).copy_of == 2
    with pytest.raises(Conflict, match="live already"):
        functions.deploy_again(scripted, "fun", 4)


@pytest.mark.parametrize("lacking", ["network", "key"])
def test_a_revision_whose_network_or_key_is_gone_is_not_deployed(
    scripted: CloudScope, aws: ScriptedAws, function: Function, lacking: str
) -> None:
    change(scripted, memory_mb=512)
    settle(scripted, aws, "UPDATE_COMPLETE")
    change(scripted, memory_mb=256)
    settle(scripted, aws, "UPDATE_COMPLETE")
    setattr(revisions.get(scripted.session, function, 2), f"{lacking}_id", "gone")
    scripted.session.commit()
    with pytest.raises(EgretError, match=f"needs the {lacking}") as refused:
        functions.deploy_again(scripted, "fun", 2)
    assert refused.value.code == "revision_needs_what_is_gone"


def test_a_revision_with_a_syntax_error_is_refused_with_its_line_and_nothing_is_deployed(
    scripted: CloudScope, aws: ScriptedAws, function: Function
) -> None:
    change(scripted, memory_mb=512)
    settle(scripted, aws, "UPDATE_COMPLETE")
    change(scripted, memory_mb=256)
    settle(scripted, aws, "UPDATE_COMPLETE")
    revisions.get(scripted.session, function, 2).code = "import os\ndef handler(:\n"
    scripted.session.commit()
    with pytest.raises(Invalid, match="line 2"):
        functions.deploy_again(scripted, "fun", 2)
    assert (function.status, function.revision) == (Status.READY, 3)


def test_trying_again_is_about_what_failed_last(
    scripted: CloudScope, aws: ScriptedAws, function: Function
) -> None:
    change(scripted, memory_mb=512)
    settle(scripted, aws, "UPDATE_ROLLBACK_COMPLETE", reason="no room")
    function.reason = "It could not follow its network."
    function.outputs = function.outputs | {"SubnetIds": "an older one"}
    scripted.session.commit()
    functions.retry(scripted, "fun")
    assert (function.status, sent(aws)["MemoryMb"]) == (Status.UPDATING, "256")
    settle(scripted, aws, "UPDATE_COMPLETE")
    with pytest.raises(Conflict, match="only a failed one"):
        functions.retry(scripted, "fun")


@pytest.mark.usefixtures("function")
def test_a_preview_says_what_cloudformation_would_do_and_changes_nothing(
    scripted: CloudScope, aws: ScriptedAws
) -> None:
    show_change_set(aws, ("Modify", "AWS::Lambda::Function", "False"))
    found = functions.preview(scripted, "fun", FunctionChange(memory_mb=512))
    assert [each.field for each in found.planned.differences] == ["memory_mb"]
    assert [each.resource_type for each in found.stack] == ["AWS::Lambda::Function"]
    assert (aws.calls("UpdateStack"), statuses(scripted)) == ([], {})
    show_change_set(aws, ("Modify", "AWS::ApiGateway::RestApi", "True"))
    with pytest.raises(Conflict, match="interrupted"):
        functions.preview(scripted, "fun", FunctionChange(memory_mb=512))
