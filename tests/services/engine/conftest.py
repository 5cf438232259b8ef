"""A network that is being deleted, and the operation that does it."""

import pytest
from sqlmodel import Session

from tests.services.rows import a_network, add
from tests.services.scripted import STACK_ID, ScriptedAws
from webapp.models import Network, Status
from webapp.scope import CloudScope
from webapp.services.engine import leases
from webapp.services.networks.operation import NetworkOperation


@pytest.fixture
def network(session: Session) -> Network:
    made = a_network(status=Status.DELETING, stack_id=STACK_ID, outputs={"VpcId": "vpc-1"})
    add(session, made)
    return made


@pytest.fixture
def operation(scripted: CloudScope, network: Network, aws: ScriptedAws) -> NetworkOperation:
    work = leases.begin(scripted.session, network.owner)
    assert work is not None
    aws.answers |= {
        "DescribeStackEvents": {"StackEvents": []},
        "DescribeNetworkInterfaces": {"NetworkInterfaces": []},
        "DescribeStackResources": {"StackResources": []},
        "DeleteStack": {},
    }
    return NetworkOperation(work, network, scripted.own, scripted.settings)
