"""Calling the endpoint of a function: its API key, and a command line."""

from webapp.errors import Conflict
from webapp.models import Access, Function
from webapp.services.functions.details import get, network_of
from webapp.services.scope import CloudScope


def api_key(scope: CloudScope, name: str) -> str:
    """What callers of the endpoint send as `x-api-key`. It is not stored here."""
    function = get(scope.session, name)
    api_key_id = function.outputs.get("ApiKeyId", "")
    if function.access is not Access.API_KEY or not api_key_id:
        raise Conflict(
            f"The endpoint of {name} has no API key (access {function.access}).",
            remedy="Wait until the function is ready, if its access is api_key.",
            about=[function],
        )
    scope.record("read endpoint API key", function)
    scope.session.commit()
    region = network_of(scope.session, function).region
    return scope.cloud.functions.api_key(region, api_key_id)


def curl(function: Function, region: str) -> str:
    """A command line that calls the endpoint, to copy; '' while there is none. `region` is its own.

    Temporary credentials need their token. The header must be missing without one: curl would sign
    an empty one and not send it.
    """
    if not function.endpoint_url:
        return ""
    by_access = {
        Access.API_KEY: ' -H "x-api-key: $EGRET_API_KEY"',
        Access.IAM: f' --aws-sigv4 "aws:amz:{region}:execute-api"'
        ' --user "$AWS_ACCESS_KEY_ID:$AWS_SECRET_ACCESS_KEY"'
        ' ${AWS_SESSION_TOKEN:+"-Hx-amz-security-token: $AWS_SESSION_TOKEN"}',
        Access.OPEN: "",
    }
    return f"curl{by_access[function.access]} {function.endpoint_url}"
