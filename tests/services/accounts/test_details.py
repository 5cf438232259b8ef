"""Which account a thing is in, and what each has."""

from typing import Any

import pytest

from tests.services.rows import a_key, a_network, add, an_address
from tests.services.scripted import ScriptedAws
from webapp.errors import Invalid, NotFound
from webapp.models import Account, AccountStatus, Site
from webapp.scope import CloudScope
from webapp.services import accounts

REGION = "eu-central-1"


def an_account(name: str = "shop", **columns: Any) -> Account:
    usual: dict[str, Any] = {
        "number": "444455556666",
        "role_arn": "arn:aws:iam::444455556666:role/dashboard-for-egret",
        "external_id": "an-external-id",
        "status": AccountStatus.CONNECTED,
    }
    return Account(name=name, **usual | columns)


def test_each_account_is_listed_with_what_is_in_it(aws: ScriptedAws, scripted: CloudScope) -> None:
    aws.answers["GetCallerIdentity"] = {"Account": "1" * 12, "Arn": "arn:aws:iam::1:user/me"}
    shop = an_account()
    add(scripted.session, shop, a_network("own-net"), an_address())
    add(scripted.session, a_network("theirs", account_id=shop.id), a_key(account_id=shop.id))
    own, theirs = accounts.page(scripted).rows
    assert (own.name, own.number, own.has) == ("own", "1" * 12, {"network": 1, "address": 1})
    assert (theirs.name, theirs.has) == ("shop", {"network": 1, "key": 1})


def test_the_list_is_there_when_aws_is_not(offline: CloudScope) -> None:
    (own,) = accounts.page(offline).rows
    assert (own.number, own.connected) == ("", True)


def test_a_site_is_a_region_of_the_named_account(offline: CloudScope) -> None:
    shop = an_account()
    add(offline.session, shop)
    for name in ("", "own"):
        assert accounts.site_for(offline.session, name, REGION) == Site(None, REGION)
    assert accounts.site_for(offline.session, "shop", REGION) == Site(shop.id, REGION)
    with pytest.raises(Invalid, match="no account named") as refused:
        accounts.site_for(offline.session, "unknown", REGION)
    assert list(refused.value.errors) == ["account"]


def test_nothing_is_created_in_an_account_that_is_not_connected(offline: CloudScope) -> None:
    add(offline.session, an_account(status=AccountStatus.PENDING))
    with pytest.raises(Invalid, match="not connected yet"):
        accounts.site_for(offline.session, "shop", REGION)
    assert accounts.choices(offline.session) == []
    assert {site.account_id for site in accounts.sites(offline.session, offline.settings)} == {None}


def test_an_account_is_a_choice_once_it_is_connected(offline: CloudScope) -> None:
    shop = an_account()
    add(offline.session, shop)
    assert accounts.choices(offline.session) == ["own", "shop"]
    sites = accounts.sites(offline.session, offline.settings)
    assert Site(None, REGION) in sites
    assert Site(shop.id, REGION) in sites


def test_a_key_and_a_network_of_different_accounts_are_told_apart(offline: CloudScope) -> None:
    shop = an_account()
    add(offline.session, shop)
    network, key = a_network(account_id=shop.id), a_key()
    add(offline.session, network, key)
    with pytest.raises(Invalid, match="The key key is in the account own") as refused:
        accounts.check_same(offline.session, key, network)
    assert list(refused.value.errors) == ["key"]
    assert "of the account shop" in refused.value.remedy


def test_an_account_that_is_not_there_is_not_found(offline: CloudScope) -> None:
    with pytest.raises(NotFound, match="no account named gone"):
        accounts.get(offline.session, "gone")
    assert not accounts.exists(offline.session, Site("gone", REGION))
