"""`egret policy --apply`: makes the policies in the account, and nothing the second time."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from tests.sandbox.lab import unique
from tests.services.scripted import ScriptedAws, refusal
from webapp import cli
from webapp.aws.apply_policies import CHANGED, LEFT, MADE, VERSIONS_MAX, apply, place_of
from webapp.aws.clients import Clients
from webapp.aws.errors import AccessDenied, AwsError, NotReached
from webapp.aws.policy import Place, all_of, trust
from webapp.sandbox.launcher import Sandbox

REGION = "eu-central-1"
ACCOUNT = "000000000000"
CALLER = {"Account": ACCOUNT, "Arn": f"arn:aws:iam::{ACCOUNT}:user/admin", "UserId": "AIDA"}


@pytest.fixture
def place(clients: Clients) -> Iterator[Place]:
    """With a prefix of its own, in the embedded AWS; what was made is deleted afterwards."""
    found = place_of(clients, REGION, Place(prefix=unique("p")))
    yield found
    remove(clients.iam(REGION), found)


def remove(iam: Any, place: Place) -> None:
    role, attached = place.service_role_arn.rpartition("/")[2], place.policy_arn("cloudformation")
    roles = [each["RoleName"] for each in iam.list_roles()["Roles"]]
    if role in roles:
        iam.detach_role_policy(RoleName=role, PolicyArn=attached)
        iam.delete_role(RoleName=role)
    for name in all_of(place):
        arn = place.policy_arn(name)
        for version in versions(iam, arn):
            if not version["IsDefaultVersion"]:
                iam.delete_policy_version(PolicyArn=arn, VersionId=version["VersionId"])
        iam.delete_policy(PolicyArn=arn)


def versions(iam: Any, arn: str) -> list[Any]:
    found: list[Any] = iam.list_policy_versions(PolicyArn=arn)["Versions"]
    return found


def in_force(iam: Any, arn: str) -> Any:
    (version,) = [each for each in versions(iam, arn) if each["IsDefaultVersion"]]
    found = iam.get_policy_version(PolicyArn=arn, VersionId=version["VersionId"])
    return found["PolicyVersion"]["Document"]


def test_the_set_is_made_once_and_follows_what_differs(clients: Clients, place: Place) -> None:
    iam = clients.iam(REGION)
    names = list(all_of(place))
    first = dict(apply(clients, REGION, place))
    assert first == {place.policy_arn(name): MADE for name in names}
    assert set(dict(apply(clients, REGION, place)).values()) == {LEFT}
    for name, document in all_of(place).items():
        assert in_force(iam, place.policy_arn(name)) == document
    changed = dict(apply(clients, REGION, place, service_role=True))
    assert changed == {
        place.policy_arn("dashboard"): CHANGED,
        place.policy_arn("cloudformation"): LEFT,
        place.policy_arn("boundary"): LEFT,
        place.service_role_arn: MADE,
    }
    assert set(dict(apply(clients, REGION, place, service_role=True)).values()) == {LEFT}
    role = place.service_role_arn.rpartition("/")[2]
    attached = iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"]
    assert [each["PolicyArn"] for each in attached] == [place.policy_arn("cloudformation")]


def test_the_role_of_another_account_is_made_with_its_trust_and_policies(
    clients: Clients, place: Place
) -> None:
    iam, trusting = clients.iam(REGION), trust(CALLER["Arn"], "an external id")
    made = dict(apply(clients, REGION, place, trusting=trusting))
    assert made[place.account_role_arn] == MADE
    assert set(dict(apply(clients, REGION, place, trusting=trusting)).values()) == {LEFT}
    assert "sts:AssumeRole" not in str(in_force(iam, place.policy_arn("dashboard")))
    name = place.account_role_arn.rpartition("/")[2]
    assert iam.get_role(RoleName=name)["Role"]["AssumeRolePolicyDocument"] == trusting
    for policy in ("dashboard", "cloudformation"):
        iam.detach_role_policy(RoleName=name, PolicyArn=place.policy_arn(policy))
    iam.delete_role(RoleName=name)


def test_a_policy_with_as_many_versions_as_iam_keeps_loses_the_oldest(
    clients: Clients, place: Place
) -> None:
    iam, arn = clients.iam(REGION), place.policy_arn("boundary")
    assert len(list(apply(clients, REGION, place))) == 3
    for number in range(2, VERSIONS_MAX + 1):
        seen = {"Effect": "Allow", "Action": "s3:ListBucket", "Resource": "*", "Sid": f"S{number}"}
        foreign = json.dumps({"Version": "2012-10-17", "Statement": [seen]})
        iam.create_policy_version(PolicyArn=arn, PolicyDocument=foreign, SetAsDefault=number == 2)
    assert dict(apply(clients, REGION, place))[arn] == CHANGED
    assert in_force(iam, arn) == all_of(place)["boundary"]
    kept = {each["VersionId"] for each in versions(iam, arn)}
    assert kept == {"v2", "v3", "v4", "v5", "v6"}, "v2 was in force"


def test_with_a_boundary_of_the_accounts_own_egrets_is_not_made(aws: ScriptedAws) -> None:
    boundary = f"arn:aws:iam::{ACCOUNT}:policy/company"
    place = Place(ACCOUNT, boundary=boundary)
    assert [arn.rpartition("-")[2] for arn, _ in apply(aws.clients, REGION, place)] == [
        "dashboard",
        "cloudformation",
    ]


def test_a_role_that_somebody_changed_is_put_right(aws: ScriptedAws) -> None:
    aws.answers["GetRole"] = {"Role": {"AssumeRolePolicyDocument": '{"Statement": []}'}}
    place = Place(ACCOUNT)
    done = dict(apply(aws.clients, REGION, place, service_role=True))
    assert done[place.service_role_arn] == CHANGED
    (trusted,) = aws.calls("UpdateAssumeRolePolicy")
    assert "cloudformation.amazonaws.com" in trusted["PolicyDocument"]
    (attached,) = aws.calls("AttachRolePolicy")
    assert attached["PolicyArn"] == place.policy_arn("cloudformation")


# --- What AWS refuses ---------------------------------------------------------------------------


@pytest.fixture
def aws() -> ScriptedAws:
    """An account without any policies and roles, and credentials that may make them."""
    made, none = ScriptedAws(), refusal("NoSuchEntity", "there is none", status=404)
    made.answers |= {
        "GetCallerIdentity": CALLER,
        "ListPolicyVersions": none,
        "CreatePolicy": {},
        "GetRole": none,
        "CreateRole": {},
        "UpdateAssumeRolePolicy": {},
        "ListAttachedRolePolicies": {"AttachedPolicies": []},
        "AttachRolePolicy": {},
    }
    return made


@pytest.mark.parametrize(
    ("code", "kind", "remedy"),
    [
        ("AccessDenied", AccessDenied, "credentials of an administrator"),
        ("MalformedPolicyDocument", AwsError, "fix it. Then run it again."),
        ("ExpiredToken", AccessDenied, "Then run it again."),
        ("Throttling", NotReached, "Try again in a minute."),
    ],
)
def test_a_refusal_says_what_to_do(
    aws: ScriptedAws, code: str, kind: type[AwsError], remedy: str
) -> None:
    aws.answers["CreatePolicy"] = refusal(code, "no")
    with pytest.raises(kind, match=f"making the policy egret-dashboard .* {code}") as raised:
        list(apply(aws.clients, REGION, Place(ACCOUNT)))
    assert remedy in raised.value.remedy
    assert "automatically" not in raised.value.remedy


def test_what_cannot_be_asked_for_an_identity_is_told(aws: ScriptedAws) -> None:
    answer: Mapping[str, Any] = refusal("AccessDenied", "no")
    aws.answers["GetCallerIdentity"] = answer
    with pytest.raises(AccessDenied, match="whose credentials"):
        place_of(aws.clients, REGION, Place())


# --- The command --------------------------------------------------------------------------------


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> list[str]:
    with pytest.raises(SystemExit):
        cli.main(["policy", "--apply", *arguments])
    printed = capsys.readouterr()
    return (printed.out + printed.err).splitlines()


def test_the_command_says_what_it_did_and_how_to_use_it(
    sandbox: Sandbox,
    place: Place,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", sandbox.info.aws_endpoint)
    (line,) = run(capsys, "--account", "111122223333")
    assert line.startswith(f"egret: These credentials belong to the account {place.account}")
    (line,) = run(capsys, "dashboard")
    assert "not 'dashboard' alone" in line
    arguments = ("--prefix", place.prefix, "--account", place.account, "--service-role")
    first = run(capsys, *arguments)
    assert [each.split(": ")[0] for each in first[:4]] == [MADE] * 4
    assert f"EGRET_PERMISSIONS_BOUNDARY_ARN={place.boundary_arn}" in first
    assert f"EGRET_SERVICE_ROLE_ARN={place.service_role_arn}" in first
    again = run(capsys, *arguments)
    assert [each.split(": ")[0] for each in again[:4]] == [LEFT] * 4
    assert again[4:] == first[4:]
