"""The steps by which a function comes to be, follows its network, and goes; each may run twice."""

from functools import partial

from sqlmodel import Session

from webapp.aws import Cloud
from webapp.aws.cloudformation.stacks import Phase, Stack
from webapp.aws.cloudformation.templates import FunctionStack
from webapp.models import Function, Key, Network, Status
from webapp.services.engine import leases, teardown
from webapp.services.engine import stacks as stack_work
from webapp.services.engine.leases import Step, Work
from webapp.services.functions import previews
from webapp.services.functions.templates import get_template
from webapp.settings import Settings


def step(cloud: Cloud, settings: Settings) -> Step:
    """What the background loop does with a function that is due."""
    return stack_work.step(
        Function,
        {
            Status.REQUESTED: partial(_request, cloud, settings),
            Status.CREATING: partial(_create, cloud, settings),
            Status.UPDATING: partial(_update, cloud, settings),
            Status.DELETING: partial(_delete, cloud, settings),
        },
    )


def begin(session: Session, cloud: Cloud, settings: Settings, function: Function) -> None:
    """Commit the intent and take the first step at once; the background goes on with it."""
    work = leases.begin(session, function.owner, lease_s=settings.lease_s)
    if work:
        leases.attempt(work, step(cloud, settings))


def network_of(session: Session, function: Function) -> Network:
    return session.get_one(Network, function.network_id)


def lags(function: Function, network: Network) -> bool:
    """Whether it runs in fewer zones than its network has."""
    runs_in = function.outputs.get("SubnetIds", "")
    return bool(runs_in) and runs_in != network.outputs.get("PrivateSubnetIds")


def _request(cloud: Cloud, settings: Settings, work: Work, function: Function) -> None:
    network = network_of(work.session, function)
    key = work.session.get_one(Key, function.key_id)
    plan = _stack(settings, function, network, key).plan()
    stack_work.start(work, cloud, function, plan)


def _create(cloud: Cloud, settings: Settings, work: Work, function: Function) -> None:
    """Once it is ready, its first answer is fetched, so that the table is there to be seen; and a
    network that has grown meanwhile is followed."""
    network = network_of(work.session, function)
    region = network.region
    stack = stack_work.follow(work, cloud, function, region)
    if stack:
        _add_endpoint(settings, stack, region)
        stack_work.settle(work, function, stack, region)
        if function.status is Status.READY:
            previews.refresh(work.session, cloud, function, region=region)
            if lags(function, network):
                stack_work.request(function, Status.UPDATING)
                leases.schedule(work.session, function.owner)
                work.session.commit()


def _update(cloud: Cloud, settings: Settings, work: Work, function: Function) -> None:
    """Its network has grown: it runs in all zones from now on. It can be called all the while."""
    network = network_of(work.session, function)
    plan = _stack(settings, function, network, work.session.get_one(Key, function.key_id)).plan()
    stack = stack_work.change(work, cloud, function, plan)
    if stack:
        _add_endpoint(settings, stack, network.region)
        stack_work.settle_change(
            work, function, stack, network.region, reached=Status.READY, back=Status.READY
        )


def _add_endpoint(settings: Settings, stack: Stack, region: str) -> None:
    if stack.phase is Phase.DONE:
        stack.outputs["EndpointUrl"] = settings.execute_api_url.format(
            api=stack.outputs["RestApiId"], region=region, stage=stack.outputs["StageName"]
        )


def _delete(cloud: Cloud, settings: Settings, work: Work, function: Function) -> None:
    region = network_of(work.session, function).region
    name = FunctionStack.stack_name(settings.name_prefix, function.name)
    if teardown.delete(cloud, work, function, region=region, stack_name=name):
        stack_work.forget(work.session, function)
        work.finish()


def _stack(settings: Settings, function: Function, network: Network, key: Key) -> FunctionStack:
    template = get_template(function.template)
    return FunctionStack(
        prefix=settings.name_prefix,
        name=function.name,
        region=network.region,
        code=template.handler,
        subnet_ids=tuple(network.output_list("PrivateSubnetIds")),
        security_group_id=network.outputs["SecurityGroupId"],
        secret_arn=key.secret_arn,
        kms_key_arn=key.kms_key_arn,
        partner_url=settings.origin(template.partner_origin),
        echo_url=settings.echo_origins,
        settings=function.settings,
        memory_mb=template.memory_mb,
        timeout_s=template.timeout_s,
        access=function.access.value,
        cors_origins=tuple(function.cors_origins),
        permissions_boundary_arn=settings.permissions_boundary_arn,
    )
