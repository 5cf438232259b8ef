"""Accounts: a role is connected only if it keeps out whoever lacks the external id."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.services.rows import a_network, add
from tests.services.scripted import NO_STACK, ScriptedAws, refusal
from webapp.errors import Conflict, Invalid
from webapp.models import Account, AccountStatus, Connection, Lease, NewAccount, Site
from webapp.scope import CloudScope
from webapp.services import accounts

OWN_NUMBER, NUMBER = "111122223333", "444455556666"
ARN = f"arn:aws:iam::{NUMBER}:role/dashboard-for-egret"
REFUSED = refusal("AccessDenied", "not authorized to perform: sts:AssumeRole", status=403)
IDENTITY = {"Account": OWN_NUMBER, "Arn": f"arn:aws:iam::{OWN_NUMBER}:user/dashboard"}


@pytest.fixture
def own(aws: ScriptedAws, scripted: CloudScope) -> CloudScope:
    aws.answers |= {
        "GetCallerIdentity": IDENTITY,
        "DescribeAddresses": {"Addresses": []},
        "DescribeStacks": NO_STACK,
    }
    return scripted


@pytest.fixture
def shop(own: CloudScope) -> Account:
    return accounts.add(own, NewAccount(name="shop", number=NUMBER))


def session_of(number: str) -> dict[str, Any]:
    """STS's answer: a session of the role of that account."""
    until = datetime.now(UTC) + timedelta(hours=1)
    made = {"AccessKeyId": "ASIA", "SecretAccessKey": "x", "SessionToken": "t", "Expiration": until}
    arn = f"arn:aws:sts::{number}:assumed-role/dashboard-for-egret/Egret"
    return {"Credentials": made, "AssumedRoleUser": {"Arn": arn, "AssumedRoleId": "AROA:Egret"}}


def trusting(aws: ScriptedAws, *good: str | None, number: str = NUMBER) -> None:
    """The role is given for these external ids; "*" stands for any, None for none at all."""

    def answer(asked: Any) -> Any:
        given = asked.get("ExternalId")
        lets_in = given in good or (given is not None and "*" in good)
        return session_of(number) if lets_in else REFUSED

    aws.answers["AssumeRole"] = answer


def test_an_account_that_is_added_has_a_role_to_make_and_an_external_id(shop: Account) -> None:
    assert (shop.status, shop.role_arn) == (AccountStatus.PENDING, ARN)
    assert len(shop.external_id) == 43, "256 bits in base64"


def test_each_account_has_an_external_id_of_its_own(own: CloudScope, shop: Account) -> None:
    other = accounts.add(own, NewAccount(name="other", number="777788889999"))
    assert other.external_id != shop.external_id


@pytest.mark.parametrize(
    ("name", "number", "field"),
    [
        ("own", NUMBER, "name"),
        ("Shop", NUMBER, "name"),
        ("shop", "12345", "number"),
        ("shop", "４４４４５５５５６６６６", "number"),  # noqa: RUF001 - full-width digits
        ("shop", OWN_NUMBER, "number"),
    ],
)
def test_what_cannot_be_an_account_is_refused_at_its_field(
    own: CloudScope, name: str, number: str, field: str
) -> None:
    with pytest.raises(Invalid) as refused:
        accounts.add(own, NewAccount(name=name, number=number))
    assert list(refused.value.errors) == [field]


@pytest.mark.usefixtures("shop")
@pytest.mark.parametrize(
    ("name", "number", "field"),
    [("shop", "777788889999", "name"), ("other", NUMBER, "number")],
)
def test_no_account_is_there_twice(own: CloudScope, name: str, number: str, field: str) -> None:
    with pytest.raises(Conflict) as refused:
        accounts.add(own, NewAccount(name=name, number=number))
    assert list(refused.value.errors) == [field]


def test_a_role_that_only_the_external_id_opens_is_connected(
    own: CloudScope, aws: ScriptedAws, shop: Account
) -> None:
    trusting(aws, shop.external_id)
    assert accounts.connect(own, "shop").status is AccountStatus.CONNECTED
    tried = [call.get("ExternalId") for call in aws.calls("AssumeRole")]
    assert (tried[0], tried[1]) == (shop.external_id, None)
    assert tried[2] not in (None, shop.external_id)
    due = own.session.get(Lease, f"region:{Site(shop.id, own.settings.home_region)}")
    assert due is not None, "its rounds begin"


@pytest.mark.parametrize("opened", [None, "*"])
def test_a_role_that_opens_without_it_or_with_another_one_is_refused(
    own: CloudScope, aws: ScriptedAws, shop: Account, opened: str | None
) -> None:
    trusting(aws, shop.external_id, opened)
    with pytest.raises(Conflict, match="confused deputy") as refused:
        accounts.connect(own, "shop")
    assert refused.value.code == "works_without_external_id"
    assert "https://docs.aws.amazon.com/" in refused.value.detail
    assert "sts:ExternalId" in refused.value.remedy
    assert accounts.get(own.session, "shop").status is AccountStatus.PENDING


def test_a_role_that_was_good_and_now_opens_to_all_is_not_connected_any_more(
    own: CloudScope, aws: ScriptedAws, shop: Account
) -> None:
    trusting(aws, shop.external_id)
    accounts.connect(own, "shop")
    trusting(aws, "*", None)
    with pytest.raises(Conflict, match="confused deputy"):
        accounts.connect(own, "shop")
    assert accounts.get(own.session, "shop").status is AccountStatus.PENDING


def test_another_role_that_is_refused_leaves_the_account_connected(
    own: CloudScope, aws: ScriptedAws, shop: Account
) -> None:
    trusting(aws, shop.external_id)
    accounts.connect(own, "shop")
    trusting(aws)
    with pytest.raises(Conflict, match="does not let Egret assume"):
        accounts.connect(own, "shop", Connection(role_arn=f"{ARN}-mistyped"))
    kept = accounts.get(own.session, "shop")
    assert (kept.status, kept.role_arn) == (AccountStatus.CONNECTED, ARN)


@pytest.mark.usefixtures("shop")
def test_a_role_that_does_not_open_at_all_says_what_to_check(
    own: CloudScope, aws: ScriptedAws
) -> None:
    trusting(aws)
    with pytest.raises(Conflict, match="does not let Egret assume") as refused:
        accounts.connect(own, "shop")
    assert (refused.value.code, len(aws.calls("AssumeRole"))) == ("role_refused", 1)


def test_a_session_of_another_account_is_refused(
    own: CloudScope, aws: ScriptedAws, shop: Account
) -> None:
    trusting(aws, shop.external_id, number="777788889999")
    with pytest.raises(Conflict, match="is of the account 777788889999"):
        accounts.connect(own, "shop")


def test_a_role_without_its_policies_is_refused(
    own: CloudScope, aws: ScriptedAws, shop: Account
) -> None:
    trusting(aws, shop.external_id)
    aws.answers["DescribeAddresses"] = refusal(
        "UnauthorizedOperation", "not authorized to perform: ec2:DescribeAddresses", status=403
    )
    with pytest.raises(Conflict, match="ec2:DescribeAddresses") as refused:
        accounts.connect(own, "shop")
    assert refused.value.code == "role_lacks_permissions"


@pytest.mark.usefixtures("shop")
@pytest.mark.parametrize(
    "arn",
    ["nothing", "arn:aws:iam::777788889999:role/x", "arn:aws-cn:iam::444455556666:role/x"],
)
def test_only_a_role_of_the_account_can_be_named(
    own: CloudScope, aws: ScriptedAws, arn: str
) -> None:
    with pytest.raises(Invalid) as refused:
        accounts.connect(own, "shop", Connection(role_arn=arn))
    assert list(refused.value.errors) == ["role_arn"]
    assert aws.calls("AssumeRole") == []


def test_another_role_can_be_named_and_is_kept_once_it_is_good(
    own: CloudScope, aws: ScriptedAws, shop: Account
) -> None:
    trusting(aws, shop.external_id)
    other = f"arn:aws:iam::{NUMBER}:role/teams/egret"
    accounts.connect(own, "shop", Connection(role_arn=other))
    assert accounts.get(own.session, "shop").role_arn == other


def test_an_account_with_anything_in_it_is_not_removed(own: CloudScope, shop: Account) -> None:
    network = a_network("theirs", account_id=shop.id)
    add(own.session, network)
    with pytest.raises(Conflict, match="has 1 network"):
        accounts.remove(own, "shop", typed="shop")
    own.session.delete(network)
    with pytest.raises(Invalid):
        accounts.remove(own, "shop", typed="another")
    accounts.remove(own, "shop", typed="shop")
    assert accounts.find(own.session, "shop") is None


def test_the_own_account_is_never_removed(own: CloudScope) -> None:
    with pytest.raises(Conflict, match="always there"):
        accounts.remove(own, "own", typed="own")
