"""Change a function in place: deploy another revision, without interrupting calls.

A change is planned first: which revision it makes, and what is different in it. Nothing is stored
then, so that it can be shown and reviewed. Applying it stores the revision as pending, together
with the intent; `operation` deploys it. The environment and the schedule are Egret's own and
change at once, without a deployment.
"""

from dataclasses import dataclass

from sqlalchemy.orm.attributes import flag_modified
from sqlmodel import Session

from webapp.aws.cloudformation.change_sets import Change
from webapp.errors import Conflict
from webapp.models import (
    Function,
    FunctionChange,
    FunctionRevision,
    Key,
    Network,
    RevisionStatus,
    Status,
)
from webapp.models.base import new_id
from webapp.scope import CloudScope
from webapp.services import keys
from webapp.services.engine.intents import intend, retry_on_conflict
from webapp.services.functions import lifecycle
from webapp.services.functions.changes import fields, plan
from webapp.services.functions.changes.plan import Planned
from webapp.services.functions.details import get, network_of
from webapp.services.functions.operation import FunctionOperation, plan_of
from webapp.services.functions.packages import code_of_revision, located
from webapp.services.functions.revisions import rows as revisions

CALLERS_DEPEND_ON = frozenset(
    {
        "AWS::ApiGateway::RestApi",
        "AWS::ApiGateway::Stage",
        "AWS::Lambda::Alias",
        "AWS::Lambda::Function",
    }
)
"""Replacing or removing one of these would interrupt calls, or change the endpoint's address."""


@dataclass(frozen=True)
class Preview:
    """`stack` is what CloudFormation would do."""

    planned: Planned
    stack: list[Change]


@retry_on_conflict
def change(scope: CloudScope, name: str, wanted: FunctionChange) -> Planned:
    """Make the change: begin its deployment, if it needs one. Without a difference it does nothing.

    Raises Invalid with every field's error, and Conflict while another change is under way.
    """
    session, function = scope.session, get(scope.session, name)
    fields.check(function, wanted)
    with keys.claims_held(session, _key_of(session, function, wanted).id):
        function = get(session, name)
        planned = plan.of_change(session, function, wanted)
        fields.write_labels(function, wanted)
        if planned.differences:
            detail = ", ".join(each.field for each in planned.differences)
            _store(scope, planned, "change", detail)
    if planned.revision:
        FunctionOperation.begin(scope, function)
    session.commit()
    return planned


def preview(scope: CloudScope, name: str, wanted: FunctionChange) -> Preview:
    """What the change would do, here and in AWS. Nothing changes.

    Raises what `change` does, and Conflict for what would interrupt calls.
    """
    session, function = scope.session, get(scope.session, name)
    fields.check(function, wanted)
    planned = plan.of_change(session, function, wanted)
    return Preview(planned, _preview_stack(scope, planned))


@retry_on_conflict
def deploy_again(scope: CloudScope, name: str, number: int) -> Planned:
    """Roll back, or forward: deploy a copy of the revision `number`, with its code, as a new one.

    Raises Conflict when it is live already, or its network or key is gone or no longer fits.
    """
    session, function = scope.session, get(scope.session, name)
    earlier = revisions.get(session, function, number)
    with keys.claims_held(session, _key_of_revision(session, function, earlier).id):
        function = get(session, name)
        planned = plan.of_copy(session, function, revisions.get(session, function, number))
        _store(scope, planned, "roll back", f"to revision {number}")
    FunctionOperation.begin(scope, function)
    return planned


def retry(scope: CloudScope, name: str) -> Function:
    """Try again what failed; of a change that failed last, deploy its revision."""
    session, function = scope.session, get(scope.session, name)
    newest = revisions.newest_first(session, function, limit=1)
    failed = [each for each in newest if each.status is RevisionStatus.FAILED]
    if function.status is Status.READY and failed and failed[0].reason == function.reason:
        return deploy_again(scope, name, failed[0].number).function
    return lifecycle.retry(scope, name)


def _store(scope: CloudScope, planned: Planned, action: str, detail: str) -> None:
    """Into the session: the pending revision with the intent, and the audit trail. What begins the
    operation commits it, together with the lease."""
    session, function = scope.session, planned.function
    if planned.revision:
        revisions.add(session, function, planned.revision, actor=scope.actor)
        intend(function, Status.UPDATING)
        network = session.get_one(Network, planned.revision.network_id)
        flag_modified(network, "status")  # a deletion of it at the same moment now conflicts
    scope.record(action, function, detail)


def _preview_stack(scope: CloudScope, planned: Planned) -> list[Change]:
    function, revision = planned.function, planned.revision
    if revision is None or function.stack_id is None:
        return []
    region, cloud = network_of(scope.session, function).region, scope.cloud_of(function)
    code = located(cloud, code_of_revision(revision), region)
    wanted = plan_of(scope.session, cloud, scope.settings, revision, code)
    stack_id = function.stack_id
    scope.session.rollback()  # no connection is held while AWS computes the change set
    changes = cloud.stacks.preview(wanted, stack_id, name=f"preview-{new_id()}")
    harmful = [each for each in changes if each.harmful and each.resource_type in CALLERS_DEPEND_ON]
    if harmful:
        which = ", ".join(f"{each.logical_id} ({each.resource_type})" for each in harmful)
        raise Conflict(
            f"The change would replace {which}: calls would be interrupted.",
            code="would_interrupt",
            remedy="Create another function instead.",
            link=("/functions/new", "New function"),
        )
    return changes


def _key_of(session: Session, function: Function, wanted: FunctionChange) -> Key:
    return keys.get(session, wanted.key) if wanted.key else session.get_one(Key, function.key_id)


def _key_of_revision(session: Session, function: Function, revision: FunctionRevision) -> Key:
    key = session.get(Key, revision.key_id)
    if key is None:
        raise plan.gone(function, revision, f"key {revision.key}")
    return key
