"""Each site by itself: what one account has, asks for or is refused, is none of another's."""

from typing import Any

import pytest
from sqlalchemy import Engine
from sqlmodel import Session, select

from tests.services.accounts.test_details import an_account
from tests.services.accounts.test_lifecycle import session_of
from tests.services.rows import a_key, a_network, add, an_address
from tests.services.scripted import NOTHING_USED, ScriptedAws, refusal
from webapp import rounds
from webapp.aws.errors import AccessDenied
from webapp.aws.quotas import VPCS, Quota
from webapp.errors import Conflict
from webapp.models import Account, Address, AddressStatus, Lease, NewNetwork, Site, Status
from webapp.scope import CloudScope
from webapp.services import accounts, keys, names
from webapp.services.addresses import capacity, pool
from webapp.services.addresses.capacity import Reading
from webapp.services.engine import leases
from webapp.services.networks import cidrs

REGION = "eu-central-1"
OWN = Site(None, REGION)


@pytest.fixture
def shop(scripted: CloudScope, aws: ScriptedAws) -> Account:
    """With the same addresses and ranges as the own account."""
    account = an_account(external_id="of-sites")
    add(scripted.session, account)
    aws.answers["AssumeRole"] = session_of(account.number)
    return account


def sites_due(session: Session) -> set[str]:
    return {resource.partition(":")[2] for resource in session.exec(select(Lease.resource))}


def test_each_region_of_a_connected_account_has_its_round(
    scripted: CloudScope, shop: Account
) -> None:
    rounds.start(scripted.session, scripted.settings)
    assert {REGION, f"{REGION} {shop.id}"} <= sites_due(scripted.session)
    assert len(sites_due(scripted.session)) == 2 * len(scripted.settings.region_names)


def test_a_round_asks_its_account_and_changes_only_what_is_there(
    scripted: CloudScope, aws: ScriptedAws, shop: Account, engine: Engine
) -> None:
    session = scripted.session
    own, theirs = an_address(ip="203.0.113.1"), an_address(ip="203.0.113.2", account_id=shop.id)
    add(session, own, theirs)
    leases.make_due(session, f"{rounds.NOUN}:{Site(shop.id, REGION)}")
    session.commit()
    aws.answers["DescribeAddresses"] = {"Addresses": []}
    handlers = {rounds.NOUN: rounds.handler(scripted.own, scripted.settings)}
    assert leases.run_one(engine, handlers)
    assert [call["RoleArn"] for call in aws.calls("AssumeRole")] in ([], [shop.role_arn])
    session.expire_all()
    assert (own.status, theirs.status) == (AddressStatus.FREE, AddressStatus.LOST)


def test_the_round_of_an_account_that_was_removed_ends(
    scripted: CloudScope, engine: Engine
) -> None:
    leases.make_due(scripted.session, f"{rounds.NOUN}:{Site('gone', REGION)}")
    scripted.session.commit()
    assert leases.run_one(engine, {rounds.NOUN: rounds.handler(scripted.own, scripted.settings)})
    assert sites_due(scripted.session) == set()


def test_what_is_under_way_in_one_account_takes_no_room_in_another(
    scripted: CloudScope, shop: Account
) -> None:
    made: dict[str, Any] = {"status": Status.CREATING, "account_id": shop.id}
    add(scripted.session, a_network("theirs", **made))

    def under_way(site: Site) -> int:
        quota = Quota(VPCS, REGION, 0, 5, "", frozenset())
        reading = Reading(site, [quota])
        (found,) = capacity.fill(scripted.session, scripted.settings, reading)
        return found.under_way

    assert (under_way(OWN), under_way(Site(shop.id, REGION))) == (0, 1)


def test_a_range_is_free_that_a_network_of_another_account_has(
    scripted: CloudScope, shop: Account
) -> None:
    add(scripted.session, a_network("theirs", cidr="10.7.0.0/16", account_id=shop.id))
    assert cidrs.of_rows(scripted.session, OWN) == []
    assert cidrs.of_rows(scripted.session, Site(shop.id, REGION)) == ["10.7.0.0/16"]


def test_a_free_address_serves_networks_of_its_account_alone(
    scripted: CloudScope, shop: Account
) -> None:
    theirs = an_address(account_id=shop.id)
    add(scripted.session, theirs)
    new = NewNetwork(name="new", region=REGION, addresses=[theirs.id])
    assert pool.chosen(scripted.session, new, Site(shop.id, REGION)) == [theirs]
    with pytest.raises(Conflict, match="of this account"):
        pool.chosen(scripted.session, new, OWN)
    assert pool.free(scripted.session, OWN) == []


def test_new_addresses_of_a_network_are_in_its_account(scripted: CloudScope, shop: Account) -> None:
    network = a_network("theirs", account_id=shop.id)
    new = NewNetwork(name="theirs", region=REGION, availability_zones=1)
    names.add_named(scripted.session, network)
    (address,) = pool.reserve(scripted.session, network, new)
    pool.reserve_more(scripted.session, network, 1)
    scripted.session.commit()
    found = scripted.session.exec(select(Address).where(Address.network_id == network.id)).all()
    assert {each.account_id for each in found} == {shop.id}
    assert len(found) == 2
    assert address.region == REGION


def test_keys_are_matched_with_networks_of_their_account(
    scripted: CloudScope, shop: Account
) -> None:
    own, theirs = a_key("own-key"), a_key("their-key", account_id=shop.id)
    network = a_network("theirs", account_id=shop.id)
    add(scripted.session, own, theirs, network)
    assert [each.key.name for each in keys.match_all(scripted.session, network).rows] == [
        "their-key"
    ]
    assert keys.detail(scripted.session, "own-key").matches.rows == []


def test_a_role_that_is_refused_is_told_where_something_is_asked_of_the_account(
    scripted: CloudScope, aws: ScriptedAws
) -> None:
    """Nothing is asked of the own account in its place."""
    account = an_account("gone", number="1" * 12, external_id="of-no-role")
    add(scripted.session, account)
    aws.answers |= NOTHING_USED | {"AssumeRole": refusal("AccessDenied", "no", status=403)}
    site = accounts.site_for(scripted.session, "gone", REGION)
    with pytest.raises(AccessDenied, match="of the account gone"):
        scripted.cloud_of(site).addresses.list_all(REGION)
    assert aws.calls("DescribeAddresses") == []
