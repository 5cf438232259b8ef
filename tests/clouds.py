"""Adapters as the dashboard connects them, for tests."""

from collections.abc import Mapping

import boto3
import botocore.session

from webapp.aws import Cloud
from webapp.aws.clients import Clients
from webapp.aws.sessions import share_models

PREFIX = "egret"
POLL_S = 2.0
FROM_ENVIRONMENT: Mapping[str, str] = {}


def boto_session(
    region: str | None = None, user: Mapping[str, str] = FROM_ENVIRONMENT
) -> boto3.Session:
    """For hooks of its own, or with the keys of a user in variables as AWS's tools have them."""
    key_id, secret = (user.get(f"AWS_{name}") for name in ("ACCESS_KEY_ID", "SECRET_ACCESS_KEY"))
    return session_with(key_id, secret, region=region)


def session_with(
    key_id: str | None, secret: str | None, token: str | None = None, region: str | None = None
) -> boto3.Session:
    """It shares the services' models with all others: reading them takes 0.1 s for each."""
    core = botocore.session.get_session()
    share_models(core)
    return boto3.Session(key_id, secret, token, region, core)


def connected(clients: Clients, *, poll_s: float = POLL_S) -> Cloud:
    """With the default prefix: tests tell their resources apart by name."""
    return Cloud.connect(clients, prefix=PREFIX, poll_s=poll_s)
