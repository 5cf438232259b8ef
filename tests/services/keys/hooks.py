"""Something that happens right before a call to Secrets Manager."""

from collections.abc import Callable

from tests.clouds import boto_session, connected
from tests.locks import watched
from webapp.aws.clients import Clients
from webapp.db import give_back
from webapp.scope import CloudScope


def hooked(scope: CloudScope, clients: Clients, call: str, hook: Callable[..., None]) -> CloudScope:
    """The same scope, with something that happens right before a call to AWS."""
    boto = watched(boto_session())
    boto.events.register(f"before-call.secrets-manager.{call}", hook)
    endpoint = clients.secretsmanager(scope.settings.home_region).meta.endpoint_url
    cloud = connected(Clients(endpoint, boto, before_call=give_back))
    return CloudScope(scope.session, "tests", cloud, scope.settings)
