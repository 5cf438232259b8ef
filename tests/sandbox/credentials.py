"""The running sandbox's credentials, where boto3 finds them: each sandbox has its own."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from typing import Any

from tests import plain_http
from tests.clouds import session_with
from webapp.aws.apply_policies import apply, place_of
from webapp.aws.clients import Clients
from webapp.aws.policy import Place, all_of
from webapp.sandbox.launcher import ACCOUNT, Info, Sandbox

BOUNDARY = "EGRET_PERMISSIONS_BOUNDARY_ARN"


@contextmanager
def credentials_of(sandbox: Sandbox) -> Iterator[None]:
    """In the environment until the end of the block, so that every boto3 session has them."""
    variables = _variables(sandbox.info)
    before = {name: os.environ[name] for name in variables}
    os.environ |= variables
    yield
    os.environ |= before


def clients_of(info: Info) -> Clients:
    """Clients for one sandbox of several."""
    return Clients(
        info.aws_endpoint,
        session_with(info.access_key_id, info.secret_access_key),
    )


def environment_of(sandbox: Sandbox, prefix: str) -> dict[str, str]:
    """For a dashboard with a prefix of its own: an IAM user with the policies for that prefix."""
    clients, place = iam_of(sandbox.info), Place(ACCOUNT, prefix=prefix)
    name = f"dashboard-of-{prefix}"
    documents = all_of(place)
    with suppress(clients.exceptions.EntityAlreadyExistsException):
        clients.create_user(UserName=name)
        for each in documents:
            made = clients.create_policy(
                PolicyName=f"{prefix}-{each}", PolicyDocument=json.dumps(documents[each])
            )
            if each != "boundary":
                clients.attach_user_policy(UserName=name, PolicyArn=made["Policy"]["Arn"])
    key = clients.create_access_key(UserName=name)["AccessKey"]
    return {
        "AWS_ACCESS_KEY_ID": key["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"],
        BOUNDARY: place.boundary_arn,
    }


def environment_with_service_role(sandbox: Sandbox, prefix: str) -> dict[str, str]:
    """For a dashboard as `egret policy --apply --service-role` leads to it."""
    info, name = sandbox.info, f"caller-of-{prefix}"
    clients, iam = clients_of(info), iam_of(info)
    place = place_of(clients, info.region, Place(prefix=prefix))
    for _ in apply(clients, info.region, place, service_role=True):
        pass
    iam.create_user(UserName=name)
    iam.attach_user_policy(UserName=name, PolicyArn=place.policy_arn("dashboard"))
    key = iam.create_access_key(UserName=name)["AccessKey"]
    return {
        "EGRET_NAME_PREFIX": prefix,
        "AWS_ACCESS_KEY_ID": key["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"],
        BOUNDARY: place.boundary_arn,
        "EGRET_SERVICE_ROLE_ARN": place.service_role_arn,
    }


def decisions_of(info: Info, name: str) -> set[tuple[str, bool]]:
    """What IAM decided for principals with that name: each action, and whether it is allowed."""
    user = (info.access_key_id, info.secret_access_key)
    made = (
        plain_http.get(f"{info.aws_endpoint}/_egret/decisions", auth=user).raise_for_status().json()
    )
    return {(action, is_allowed) for who, action, is_allowed in made if name in who}


@cache
def iam_of(info: Info) -> Any:
    """IAM, as the administrator."""
    session: Any = session_with(info.access_key_id, info.secret_access_key)
    return session.client("iam", region_name=info.region, endpoint_url=info.aws_endpoint)


def put_switches(info: Info, switches: list[dict[str, Any]]) -> None:
    """Make the embedded AWS fail as the switches say; an empty list switches all off."""
    user = (info.access_key_id, info.secret_access_key)
    url = f"{info.aws_endpoint}/_egret/switches"
    plain_http.put(url, json=switches, auth=user).raise_for_status()


def _variables(info: Info) -> dict[str, str]:
    return {
        "AWS_ACCESS_KEY_ID": info.access_key_id,
        "AWS_SECRET_ACCESS_KEY": info.secret_access_key,
    }
