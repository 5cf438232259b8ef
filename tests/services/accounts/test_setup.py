"""What an account's administrator is told to make."""

import shlex

from typer.testing import CliRunner

from tests.services.accounts.test_details import an_account
from tests.services.scripted import ScriptedAws
from webapp.aws.policy import Place, all_of
from webapp.cli import app
from webapp.scope import CloudScope
from webapp.services import accounts

OWN, NUMBER = "111122223333", "444455556666"


def told(aws: ScriptedAws, scope: CloudScope, arn: str) -> accounts.Setup:
    aws.answers["GetCallerIdentity"] = {"Account": OWN, "Arn": arn}
    return accounts.setup_of(scope, an_account())


def test_the_trust_policy_names_the_dashboard_and_demands_the_external_id(
    aws: ScriptedAws, scripted: CloudScope
) -> None:
    (statement,) = told(aws, scripted, f"arn:aws:iam::{OWN}:user/me").trust["Statement"]
    assert statement["Principal"] == {"AWS": f"arn:aws:iam::{OWN}:user/me"}
    assert statement["Condition"] == {"StringEquals": {"sts:ExternalId": "an-external-id"}}


def test_of_a_session_the_trust_policy_names_the_role(
    aws: ScriptedAws, scripted: CloudScope
) -> None:
    setup = told(aws, scripted, f"arn:aws:sts::{OWN}:assumed-role/egret/i-0abc")
    assert setup.trust["Statement"][0]["Principal"] == {"AWS": f"arn:aws:iam::{OWN}:role/egret"}


def test_the_policies_are_those_of_the_dashboard_for_that_account(
    aws: ScriptedAws, scripted: CloudScope
) -> None:
    setup = told(aws, scripted, f"arn:aws:iam::{OWN}:user/me")
    expected = all_of(Place(NUMBER), elsewhere=True)
    assert setup.policies == {f"egret-{name}": document for name, document in expected.items()}
    assert setup.attached == ["egret-dashboard", "egret-cloudformation"]
    assert OWN not in str(setup.policies)


def test_the_command_prints_the_same(aws: ScriptedAws, scripted: CloudScope) -> None:
    setup = told(aws, scripted, f"arn:aws:iam::{OWN}:user/me")
    words = shlex.split(setup.command)
    assert words[-1] == "--apply"
    printed = CliRunner().invoke(app, words[1:-1]).stdout
    assert setup.trust_text.splitlines()[1].strip() in printed
    assert f"arn:aws:iam::{NUMBER}:role/dashboard-for-egret" not in printed
    assert f"{NUMBER}:policy/egret-boundary" in printed
