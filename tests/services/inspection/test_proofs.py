"""What is stored of a probe's answer. Lambda's answers are stubs."""

import pytest
from botocore.stub import Stubber
from sqlmodel import Session, select

from tests.services.test_lists import add_network
from webapp.aws import Cloud
from webapp.aws.clients import Clients
from webapp.aws.errors import QuotaExceeded
from webapp.models import Network, Proof
from webapp.services.inspection import proofs
from webapp.services.scope import CloudScope
from webapp.settings import Settings


def test_a_probe_that_lambda_had_no_room_for_says_nothing_about_the_network(
    session: Session, settings: Settings
) -> None:
    add_network(session, 0)
    network = session.exec(select(Network)).one()
    network.outputs = network.outputs | {"ProbeFunctionNames": "probe-1,probe-2"}
    session.commit()
    before = session.exec(select(Proof)).all()
    clients = Clients("http://127.0.0.1:9", attempts=1)
    scope = CloudScope(session, "tests", Cloud.connect(clients=clients), settings)
    with Stubber(clients.awslambda(network.region)) as stub:
        stub.add_client_error("invoke", "TooManyRequestsException", "Rate Exceeded.", 429)
        with pytest.raises(QuotaExceeded):
            proofs.prove(scope, network)
    session.rollback()
    assert session.exec(select(Proof)).all() == before
