"""Accounts on their pages and by the API: added, connected, chosen, removed."""

from typing import Any

import pytest
from fastapi import FastAPI
from sqlmodel import Session, select

from tests.routes.people import bearer
from tests.services.accounts.test_details import an_account
from tests.services.accounts.test_lifecycle import ARN, IDENTITY, NUMBER, trusting
from tests.services.rows import a_key, a_network, add, an_address
from tests.services.scripted import NO_STACK, ScriptedAws, refusal
from webapp.models import Account, AccountStatus, Role

API = "/api/v1"
CLAIMS = {"kind": "key", "scopes": [], "tier": "", "issued_at": "", "cidrs": ["203.0.113.99"]}


@pytest.fixture
def own(aws: ScriptedAws) -> ScriptedAws:
    aws.answers |= {
        "GetCallerIdentity": IDENTITY,
        "DescribeAddresses": {"Addresses": []},
        "DescribeStacks": NO_STACK,
    }
    return aws


@pytest.fixture
def shop(session: Session) -> Account:
    """Connected, with a network, its address and a key."""
    shop = an_account()
    add(session, shop)
    network = a_network("theirs", account_id=shop.id)
    key = a_key("their-key", account_id=shop.id, claims=CLAIMS)
    add(session, network, key)
    add(session, an_address(network, "203.0.113.99", account_id=shop.id))
    return shop


def test_an_account_is_added_and_connected_on_its_pages(
    signed_in: Any, own: ScriptedAws, session: Session
) -> None:
    added = signed_in.post("/accounts", data={"name": "shop", "number": NUMBER})
    account = session.get_one(Account, session.exec(_ids()).one())
    assert account.external_id in added.text
    assert "egret accounts role" in added.text
    assert "sts:ExternalId" in added.text
    trusting(own, account.external_id, None)
    refused = signed_in.post("/accounts/shop/connection", data={"role_arn": ARN})
    assert (refused.status_code, "confused deputy" in refused.text) == (422, True)
    trusting(own, account.external_id)
    connected = signed_in.post("/accounts/shop/connection", data={"role_arn": ARN})
    assert "shop is connected." in connected.text
    wrong = signed_in.post("/accounts/shop/removal", data={"confirm": "another"})
    assert wrong.status_code == 422
    removed = signed_in.post("/accounts/shop/removal", data={"confirm": "shop"})
    assert "shop was removed." in removed.text
    assert session.exec(_ids()).all() == []


def _ids() -> Any:
    return select(Account.id)


@pytest.mark.usefixtures("own", "shop")
def test_a_removal_that_is_refused_says_that_and_what_is_in_the_account(signed_in: Any) -> None:
    refused = signed_in.post("/accounts/shop/removal", data={"confirm": "shop"})
    assert refused.status_code == 422
    assert "The account was not removed." in refused.text
    assert "1 network, 1 key, 1 address" in refused.text


def test_a_form_that_is_refused_comes_back_filled_in(signed_in: Any, own: ScriptedAws) -> None:
    answer = signed_in.post("/accounts", data={"name": "shop", "number": "12"})
    assert answer.status_code == 422
    assert 'value="shop"' in answer.text
    assert "has 12 digits" in answer.text
    assert own.calls("AssumeRole") == []


@pytest.mark.usefixtures("own")
def test_an_account_is_added_and_removed_by_the_api(client: Any, app: FastAPI) -> None:
    headers = bearer(app)
    added = client.post(f"{API}/accounts", json={"name": "shop", "number": NUMBER}, headers=headers)
    assert (added.status_code, added.headers["location"]) == (201, f"{API}/accounts/shop")
    assert (added.json()["status"], added.json()["role_arn"]) == ("pending", ARN)
    setup = client.get(f"{API}/accounts/shop/setup", headers=headers).json()
    assert setup["trust"]["Statement"][0]["Principal"] == {"AWS": IDENTITY["Arn"]}
    assert setup["attached"] == ["egret-dashboard", "egret-cloudformation"]
    names = [
        each["name"] for each in client.get(f"{API}/accounts", headers=headers).json()["items"]
    ]
    assert names == ["own", "shop"]
    assert client.delete(f"{API}/accounts/shop", headers=headers).status_code == 204
    assert client.get(f"{API}/accounts/shop", headers=headers).status_code == 404


def test_only_admins_see_external_ids(client: Any, app: FastAPI, session: Session) -> None:
    add(session, an_account())
    headers = bearer(app, Role.OPERATOR)
    for path in ("/accounts", "/accounts/shop", "/accounts/shop/setup"):
        answer = client.get(f"{API}{path}", headers=headers)
        assert (answer.status_code, "an-external-id" in answer.text) == (403, False)


@pytest.mark.usefixtures("shop")
def test_answers_and_pages_say_in_which_account_a_thing_is(
    client: Any, signed_in: Any, app: FastAPI
) -> None:
    headers = bearer(app)
    for path in ("networks/theirs", "keys/their-key"):
        assert client.get(f"{API}/{path}", headers=headers).json()["account"] == "shop"
    (address,) = client.get(f"{API}/addresses", headers=headers).json()["items"]
    assert address["account"] == "shop"
    for page in ("/networks", "/networks/theirs", "/addresses", "/keys", "/keys/their-key"):
        assert "(shop)" in signed_in.get(page).text, page


@pytest.mark.usefixtures("shop")
def test_forms_offer_the_accounts_that_are_connected(signed_in: Any, session: Session) -> None:
    for page in ("/networks/new", "/keys/new", "/addresses"):
        assert '<option value="shop"' in signed_in.get(page).text, page
    session.get_one(Account, session.exec(_ids()).one()).status = AccountStatus.PENDING
    session.commit()
    for page in ("/networks/new", "/keys/new", "/addresses"):
        assert 'name="account"' not in signed_in.get(page).text, page


def test_a_network_is_made_with_the_credentials_of_its_account(
    client: Any, app: FastAPI, own: ScriptedAws, shop: Account
) -> None:
    trusting(own, shop.external_id)
    own.answers["DescribeAvailabilityZones"] = refusal("UnauthorizedOperation", "no", status=403)
    body = {"name": "new-one", "region": "eu-central-1", "account": "shop"}
    refused = client.post(f"{API}/networks", json=body, headers=bearer(app))
    assert refused.status_code == 502
    (asked,) = own.calls("AssumeRole")
    assert asked["ExternalId"] == shop.external_id
    unknown = client.post(f"{API}/networks", json=body | {"account": "gone"}, headers=bearer(app))
    assert (unknown.status_code, list(unknown.json()["errors"])) == (422, ["account"])


def test_a_function_has_its_key_in_the_account_of_its_network(
    client: Any, app: FastAPI, session: Session, shop: Account
) -> None:
    add(session, a_key("own-key"))
    settings = {"location": "32000006", "limit": 10}
    body = {"name": "mixed", "template": "clash_rankings", "network": "theirs", "key": "own-key"}
    refused = client.post(
        f"{API}/functions", json=body | {"settings": settings}, headers=bearer(app)
    )
    assert (refused.status_code, refused.json()["code"]) == (422, "other_account")
    assert list(refused.json()["errors"]) == ["key"]
    assert f"in {shop.name}" in refused.json()["detail"]


def test_an_address_of_another_account_is_no_choice(
    client: Any, app: FastAPI, session: Session, shop: Account
) -> None:
    free = an_address(ip="203.0.113.98", account_id=shop.id)
    add(session, free)
    body = {"name": "new-one", "region": "eu-central-1", "addresses": [free.id]}
    refused = client.post(f"{API}/networks", json=body, headers=bearer(app))
    assert (refused.status_code, refused.json()["code"]) == (409, "address_not_free")


def test_orphans_are_looked_for_in_each_account_and_a_role_that_is_gone_is_named(
    client: Any, app: FastAPI, own: ScriptedAws, session: Session
) -> None:
    shop = an_account(external_id="of-a-role-that-is-gone")
    add(session, shop)
    trusting(own)
    unread = client.get(f"{API}/orphans", headers=bearer(app)).json()["unread"]
    why = unread["eu-central-1 (shop)"]
    assert f"does not let Egret assume {shop.role_arn} of the account shop" in why
