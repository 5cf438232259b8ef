"""Sites: a region of an account, and how leases and people name it."""

import pytest

from webapp.models import OWN, Account, Nat, Network, Site, shown_as

NAMES = {"3f9c1a7be204": "shop"}


@pytest.mark.parametrize(
    ("site", "text", "shown"),
    [
        (Site(None, "eu-central-1"), "eu-central-1", "eu-central-1"),
        (Site("3f9c1a7be204", "us-east-1"), "us-east-1 3f9c1a7be204", "us-east-1 (shop)"),
    ],
)
def test_a_site_is_named_by_its_region_and_by_another_account(
    site: Site, text: str, shown: str
) -> None:
    assert str(site) == text
    assert Site.parse(text) == site
    assert site.shown(NAMES) == shown


def test_what_has_no_account_is_in_the_own_one() -> None:
    shop = Account(name="shop", number="1" * 12, role_arn="", external_id="x")
    own = Network(name="a", region="r", cidr="10.0.0.0/16", availability_zones=1, nat=Nat.SINGLE)
    theirs = own.model_copy(update={"account_id": shop.id})
    theirs.account = shop
    assert (own.account_name, own.where, own.site) == (OWN, "r", Site(None, "r"))
    assert (theirs.account_name, theirs.where) == ("shop", "r (shop)")
    assert (shown_as(NAMES, None), shown_as(NAMES, "3f9c1a7be204")) == (OWN, "shop")
