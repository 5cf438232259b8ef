"""The running sandbox's credentials, where boto3 finds them: each sandbox has its own."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from typing import Any

import boto3
import httpx

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
        boto3.Session(
            aws_access_key_id=info.access_key_id, aws_secret_access_key=info.secret_access_key
        ),
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


@cache
def iam_of(info: Info) -> Any:
    """IAM, as the administrator."""
    session: Any = boto3.Session(
        aws_access_key_id=info.access_key_id, aws_secret_access_key=info.secret_access_key
    )
    return session.client("iam", region_name=info.region, endpoint_url=info.aws_endpoint)


def put_switches(info: Info, switches: list[dict[str, Any]]) -> None:
    """Make the embedded AWS fail as the switches say; an empty list switches all off."""
    user = (info.access_key_id, info.secret_access_key)
    url = f"{info.aws_endpoint}/_egret/switches"
    httpx.put(url, json=switches, auth=user).raise_for_status()


def _variables(info: Info) -> dict[str, str]:
    return {
        "AWS_ACCESS_KEY_ID": info.access_key_id,
        "AWS_SECRET_ACCESS_KEY": info.secret_access_key,
    }
