"""Errors that people read: what can be dealt with on a page of the dashboard is linked."""

import ast
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from sqlmodel import Session

from tests.fast import thorough
from tests.routes.people import sign_in
from tests.services.rows import a_function, a_key, a_network, add, an_address
from tests.syntax import parsed
from webapp.models import AddressStatus, Network, Status

WITHOUT_PAGE = {
    "name_taken": "the form says it at its field",
    "address_not_suitable": "another address, of AWS",
    "address_associated": "a thing of AWS that uses it",
    "foundation_foreign": "a stack of AWS",
    "alias_taken": "a KMS key of AWS",
    "audit_chain_broken": "the command that verifies it says it, and no page",
    "caller_busy": "the page of the function's callers, where it was asked for",
}
Case = tuple[str, dict[str, str], str]
"""Where a form is sent, what is in it, and what is linked then."""
STORED = "_preview"
"""The function whose Conflict becomes the network's reason, not a page."""


@thorough("every conflict")
def test_every_conflict_links_where_it_can_be_dealt_with() -> None:
    """Who adds one says what it is about, or why there is nothing to link."""
    found = 0
    for path in Path("webapp/services").rglob("*.py"):
        for function in (n for n in ast.walk(parsed(path)) if isinstance(n, ast.FunctionDef)):
            for call in (n for n in ast.walk(function) if isinstance(n, ast.Call)):
                if not isinstance(call.func, ast.Name) or call.func.id != "Conflict":
                    continue
                given = {keyword.arg: keyword.value for keyword in call.keywords}
                code = getattr(given.get("code"), "value", "")
                linked = given.keys() & {"about", "link"}
                assert linked or code in WITHOUT_PAGE or function.name == STORED, (
                    f"{path}:{call.lineno}"
                )
                found += 1
    assert found > 30


@pytest.fixture
def network(session: Session, client: Any, app: FastAPI) -> Network:
    sign_in(client, app)
    stated = {"kind": "key", "scopes": ["clash"], "tier": "", "issued_at": ""}
    claims = stated | {"cidrs": ["198.51.100.1"]}
    settings = {"location": "32000006", "limit": 10}
    made, key = a_network("net"), a_key("key", claims=claims)
    add(session, made, an_address(made), key, a_function(made, key, settings=settings))
    return made


@pytest.mark.parametrize(
    ("state", "case"),
    [
        ({}, ("/networks/net/deletion", {"confirm": "net"}, "/functions/fun")),
        ({}, ("/networks/net/attempts", {}, "/networks/net")),
        ({"status": Status.PARKED}, ("/functions/fun/snapshots", {}, "/networks/net")),
        ({"change": {"preview": ["x"]}}, ("/networks/net/change/confirmation", {}, "/keys/key")),
        ({"status": Status.FAILED}, ("/networks/net/unparking", {}, "/networks/net")),
        ({"status": Status.PARKED}, ("/networks/net/proofs", {}, "/networks/net")),
        ({"status": Status.PARKED}, ("/networks/net/change", {"nat": "per_az"}, "/networks/net")),
    ],
)
def test_the_page_of_an_error_has_a_button_to_what_it_names(
    client: Any, session: Session, network: Network, state: dict[str, Any], case: Case
) -> None:
    path, form, href = case
    network.sqlmodel_update(state)
    add(session, network)
    answer = client.post(path, data=form)
    assert answer.status_code == 409, answer.text
    assert (
        f'<a class="button primary" href="{href}">Open {href.rpartition("/")[2]}</a>' in answer.text
    )
    assert client.get(href).status_code == 200


def test_a_protected_network_and_a_lost_address_are_linked_at_their_place(
    client: Any,
    session: Session,
) -> None:
    network = a_network("bank", protected=True, status=Status.PARKED)
    lost = an_address(network, status=AddressStatus.LOST)
    add(session, network, lost)
    sign_in(client, client.app)
    refused = client.post("/networks/bank/deletion", data={"confirm": "bank"}).text
    assert 'href="/networks/bank#deletion">Open its protection' in refused
    assert f'href="/addresses?from={lost.id}#address-{lost.id}">Open {lost.public_ip}' in (
        client.post("/networks/bank/unparking").text
    )
