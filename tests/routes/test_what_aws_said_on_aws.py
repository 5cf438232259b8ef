"""What AWS says in the events of real stacks has its advice on the page and in the API.

Each of the recorded messages is sent by a resource that fails in a stack of its own, on the
embedded AWS; `test_what_aws_said` has the same for what only a script of answers can send.
"""

from collections.abc import Iterator
from html import unescape
from typing import Any

import pytest
from sqlmodel import Session

from tests.databases import prepare
from tests.inside import DirectClient
from tests.routes.conftest import HOST
from tests.routes.people import bearer, sign_in
from tests.routes.test_what_aws_said import ECHO, SAID, rows
from tests.sandbox.credentials import put_switches
from tests.sandbox.lab import Lab, unique, vpc
from webapp.aws import Cloud
from webapp.aws.clients import Clients
from webapp.main import create_app
from webapp.models import Function, Network, Status
from webapp.sandbox.launcher import REGION, Sandbox
from webapp.services.engine import leases
from webapp.services.functions.operation import FunctionOperation
from webapp.services.networks.operation import NetworkOperation
from webapp.settings import Settings

FAILING = "Failing"
ANY_TYPE = "AWS::EC2::VPC"


@pytest.fixture
def lab(sandbox: Sandbox, clients: Clients) -> Iterator[Lab]:
    """Nothing fails any more after it."""
    made = Lab(clients, REGION)
    yield made
    put_switches(sandbox.info, [])
    made.clean_up()


def resource(said: Any) -> dict[str, Any]:
    """It is not made where it fails at that."""
    if said["deleting"]:
        return {FAILING: vpc()["Vpc"]}
    kind = said["type"].replace("*", "RestApi") or ANY_TYPE
    return {FAILING: {"Type": kind, "Properties": {}}}


def failed(lab: Lab, plan: Any, row: Network | Function) -> str:
    """A stack whose creation or, after that, deletion has failed in the row's operation."""
    deleting = row.status is Status.DELETING
    stack_id = lab.stacks.create(plan, token=unique("made") if deleting else row.operation_id)
    lab.made.append(stack_id)
    lab.settled(stack_id)
    if deleting:
        lab.stacks.delete(REGION, stack_id, token=row.operation_id)
        lab.settled(stack_id)
    return stack_id


def test_each_message_shows_its_advice_on_the_page_and_in_the_api(
    settings: Settings, session: Session, cloud: Cloud, lab: Lab, sandbox: Sandbox
) -> None:
    prepare(settings)
    app = create_app(settings, cloud)
    plans = [lab.plan(resource(said)) for said in SAID]
    switches = [
        {
            "stack": plan.name,
            "resource": FAILING,
            "when": "delete" if said["deleting"] else "create",
            "reason": said["message"],
        }
        for plan, said in zip(plans, SAID, strict=True)
    ]
    put_switches(sandbox.info, switches)
    browser = DirectClient(app, base_url=HOST)
    sign_in(browser, app)
    for number, (plan, said) in enumerate(zip(plans, SAID, strict=True)):
        row = rows(session, number, said)
        row.stack_id = failed(lab, plan, row)
        session.commit()
        work = leases.begin(session, row.owner)
        assert work is not None
        kind: Any = NetworkOperation if isinstance(row, Network) else FunctionOperation
        kind(work, row, cloud, settings).advance()
        assert row.status is Status.FAILED, (said, row.reason)
        path = f"/{row.noun}s/{row.name}"
        shown: Any = browser.get(f"/api/v1{path}", headers=bearer(app)).json()
        page = " ".join(unescape(browser.get(path).text).split())
        for word in said["words"]:
            assert word in shown["remedy"], (said, shown)
            assert word in page, said
        assert said["message"] in shown["reason"]
        assert ECHO not in shown["reason"]
    app.state.parts.engine.dispose()
