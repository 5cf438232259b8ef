"""Adapters as the dashboard connects them, for tests."""

from webapp.aws import Cloud
from webapp.aws.clients import Clients

PREFIX = "egret"
POLL_S = 2.0


def connected(clients: Clients, *, poll_s: float = POLL_S) -> Cloud:
    """With the default prefix: tests tell their resources apart by name."""
    return Cloud.connect(clients, prefix=PREFIX, poll_s=poll_s)
