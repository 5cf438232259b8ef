"""Keys: checked and compared by what they claim; a secret is in no row, whatever goes wrong."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import Engine
from sqlmodel import Session, select

from tests.clouds import boto_session, connected
from tests.portal import partner_key, revoke
from tests.postgresql import on_either_database
from tests.services.rows import IP, a_key, a_network, add, add_function, an_address
from tests.services.scripted import ScriptedAws, refusal
from tests.tokens import mint
from webapp.aws.clients import Clients
from webapp.aws.errors import AwsError
from webapp.aws.tags import tags_of
from webapp.errors import Conflict, Invalid, NotFound
from webapp.models import AuditEvent, Function, Key, KeyVersion, NewKey, NewVersion
from webapp.sandbox.launcher import Sandbox
from webapp.scope import CloudScope
from webapp.services import keys
from webapp.services.keys.lifecycle import FINGERPRINT_CHARS
from webapp.settings import Settings

ARN = "arn:of:the:secret"
KMS_KEY = "arn:aws:kms:eu-central-1:000000000000:key/1"


@pytest.fixture
def vault(aws: ScriptedAws) -> ScriptedAws:
    """A Secrets Manager with one secret at most, and the foundation's KMS key."""
    stages: dict[str, list[str]] = {}

    def put(request: Any) -> dict[str, str]:
        stages.update({version: ["AWSPREVIOUS"] for version in stages})
        stages[request["ClientRequestToken"]] = ["AWSCURRENT"]
        return {"ARN": ARN, "VersionId": request["ClientRequestToken"]}

    def describe(_: object) -> Mapping[str, Any]:
        missing = refusal("ResourceNotFoundException", "no such secret")
        return {"ARN": ARN, "VersionIdsToStages": stages} if stages else missing

    aws.show_stack("CREATE_COMPLETE", KeyArn=KMS_KEY)
    aws.answers |= {
        "CreateSecret": put,
        "PutSecretValue": put,
        "DescribeSecret": describe,
        "DeleteSecret": {},
        "RestoreSecret": {},
    }
    return aws


def test_a_key_goes_to_secrets_manager_and_its_claims_stay(
    scripted: CloudScope, vault: ScriptedAws
) -> None:
    token = mint(cidrs=[IP])
    key = keys.create(scripted, NewKey(name="bank", secret=f' "{token}" ', note="theirs"))
    (request,) = vault.calls("CreateSecret")
    assert (request["SecretString"], request["KmsKeyId"]) == (token, KMS_KEY)
    assert (key.secret_arn, key.claims["cidrs"], key.note) == (ARN, [IP], "theirs")
    assert len(key.fingerprint) == FINGERPRINT_CHARS
    (version,) = keys.detail(scripted.session, "bank").versions
    assert (version.id, version.stage) == (request["ClientRequestToken"], "AWSCURRENT")


@pytest.mark.usefixtures("vault")
def test_a_new_version_changes_the_claims_and_the_stages(scripted: CloudScope) -> None:
    keys.create(scripted, NewKey(name="bank", secret=mint()))
    key = keys.add_version(scripted, "bank", NewVersion(secret=mint(cidrs=["198.51.100.1"])))
    assert key.claims["cidrs"] == ["198.51.100.1"]
    newest, oldest = keys.detail(scripted.session, "bank").versions
    assert (newest.stage, oldest.stage) == ("AWSCURRENT", "AWSPREVIOUS")


@pytest.mark.usefixtures("vault")
def test_no_row_holds_the_secret(scripted: CloudScope) -> None:
    token = mint()
    new = NewKey(name="bank", secret=token)
    keys.create(scripted, new)
    tables = (Key, KeyVersion, AuditEvent)
    rows = [row.model_dump() for table in tables for row in scripted.session.exec(select(table))]
    assert len(rows) == len(tables)
    assert token not in str(rows)
    assert token not in repr(new)


# --- Validation -------------------------------------------------------------------------------


def test_all_fields_that_break_a_rule_are_reported_before_aws_is_asked(
    offline: CloudScope,
) -> None:
    new = NewKey(name="A", secret="no token", environment="Über")
    with pytest.raises(Invalid) as refused:
        keys.create(offline, new)
    assert set(refused.value.errors) == {"name", "secret", "environment"}


def test_a_name_that_is_taken_is_refused_before_the_secret_is_sent(offline: CloudScope) -> None:
    add(offline.session, a_key("bank"))
    with pytest.raises(Conflict) as refused:
        keys.create(offline, NewKey(name="bank", secret=mint()))
    assert refused.value.code == "name_taken"


def test_a_new_version_must_be_a_key_too(offline: CloudScope) -> None:
    add(offline.session, a_key("bank"))
    with pytest.raises(Invalid):
        keys.add_version(offline, "bank", NewVersion(secret="no token"))


def test_without_secrets_manager_there_is_no_key(scripted: CloudScope, vault: ScriptedAws) -> None:
    vault.answers["CreateSecret"] = refusal("LimitExceededException", "too many secrets")
    with pytest.raises(AwsError, match="too many secrets"):
        keys.create(scripted, NewKey(name="bank", secret=mint()))
    assert keys.page(scripted.session).rows == []


# --- Matching ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cidrs", "allowed", "missing"),
    [
        (("203.0.113.7", "203.0.113.8"), ["203.0.113.7", "203.0.113.8"], []),
        (("203.0.113.0/24",), ["203.0.113.7", "203.0.113.8"], []),
        (("203.0.113.7",), ["203.0.113.7"], ["203.0.113.8"]),
        (("198.51.100.1",), [], ["203.0.113.7", "203.0.113.8"]),
    ],
)
def test_a_key_matches_a_network_when_it_allows_all_of_its_addresses(
    session: Session, cidrs: tuple[str, ...], allowed: list[str], missing: list[str]
) -> None:
    network, key = a_network(), a_key(cidrs=cidrs)
    used = [an_address(network, f"203.0.113.{n}", position=n - 7) for n in (7, 8)]
    add(session, network, key, *used)
    match = keys.match(session, key, network)
    assert (match.allowed, match.missing, match.ok) == (allowed, missing, not missing)
    assert match.paste == "203.0.113.7\n203.0.113.8"
    assert keys.match_all(session, network).rows == [match]
    assert keys.detail(session, "key").matches.rows == [match]


def test_a_network_without_an_address_is_matched_by_no_key(session: Session) -> None:
    network, key = a_network(), a_key(cidrs=("0.0.0.0/0",))
    add(session, network, key)
    assert not keys.match(session, key, network).ok


def test_keys_are_listed_by_name_with_the_functions_that_use_them(session: Session) -> None:
    function = add_function(session)
    add(session, a_key("another"))
    listed = {detail.key.name: detail.functions for detail in keys.details_page(session).rows}
    named = {name: [user.name for user in users] for name, users in listed.items()}
    assert list(named.items()) == [("another", []), ("key", [function.name])]


def test_an_unknown_key_is_not_found(session: Session) -> None:
    for ask in (keys.get, keys.detail):
        with pytest.raises(NotFound):
            ask(session, "none")


# --- Deleting ---------------------------------------------------------------------------------


def test_a_key_goes_with_its_versions_and_its_secret_is_scheduled_for_deletion(
    scripted: CloudScope, vault: ScriptedAws
) -> None:
    keys.create(scripted, NewKey(name="bank", secret=mint()))
    keys.delete(scripted, "bank", typed="bank")
    (request,) = vault.calls("DeleteSecret")
    assert request["RecoveryWindowInDays"] > 0
    assert keys.page(scripted.session).rows == []
    assert scripted.session.exec(select(KeyVersion)).all() == []


def test_a_key_in_use_and_a_wrong_name_keep_the_key(offline: CloudScope) -> None:
    add_function(offline.session)
    add(offline.session, a_key("unused"))
    with pytest.raises(Conflict, match="is used by: fun"):
        keys.delete(offline, "key", typed="key")
    with pytest.raises(Invalid, match="Nothing was deleted"):
        keys.delete(offline, "unused", typed="key")


@on_either_database
def test_a_key_that_a_function_was_just_created_with_is_kept(
    session: Session, engine: Engine, sandbox: Sandbox, clients: Clients, settings: Settings
) -> None:
    """The function comes while the secret is being deleted."""
    network = a_network("slow")
    add(session, network)

    def make_function(**_: object) -> None:
        with Session(engine) as other:
            key = keys.get(other, "slow")
            row = Function(name="f", template="t", network_id=network.id, key_id=key.id)
            other.add(row)
            other.commit()

    boto = boto_session(settings.home_region)
    boto.events.register("before-call.secrets-manager.DeleteSecret", make_function)
    racing = connected(Clients(sandbox.info.aws_endpoint, boto))
    scope = CloudScope(session, "tests", racing, settings)
    secret = partner_key(sandbox, ["203.0.113.9"])
    key = keys.create(scope, NewKey(name="slow", secret=secret))
    with pytest.raises(Conflict, match="used by: f"):
        keys.delete(scope, "slow", typed="slow")
    manager = clients.secretsmanager(settings.home_region)
    assert "DeletedDate" not in manager.describe_secret(SecretId=key.secret_arn)
    assert keys.get(session, "slow").id == key.id
    manager.delete_secret(SecretId=key.secret_arn)
    revoke(sandbox, secret)


def test_a_secret_has_the_tags_of_the_settings(scripted: CloudScope, vault: ScriptedAws) -> None:
    settings = scripted.settings.model_copy(update={"tags": {"team": "pay"}})
    keys.create(replace(scripted, settings=settings), NewKey(name="bank", secret=mint()))
    (request,) = vault.calls("CreateSecret")
    assert tags_of(request) == {"team": "pay", "egret:managed": "true", "egret:key": "bank"}
