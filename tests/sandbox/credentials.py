"""The running sandbox's credentials, where boto3 finds them: each sandbox has its own."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import boto3
import httpx

from webapp.aws.clients import Clients
from webapp.sandbox.launcher import Info, Sandbox


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
