"""Calling a function: run it now, read its log, call its endpoint."""

from sqlmodel import Session

from webapp.aws import Cloud
from webapp.aws.functions import Log
from webapp.aws.invocations import Invocation
from webapp.models import Access, Function
from webapp.services.functions.details import get, network_of
from webapp.services.functions.previews import lambda_name


def invoke(session: Session, cloud: Cloud, name: str) -> Invocation:
    """Run it now. Gives what the function returned; nothing is cached."""
    function = get(session, name)
    return cloud.functions.invoke(network_of(session, function).region, lambda_name(function))


def logs(session: Session, cloud: Cloud, name: str) -> Log:
    """The newest lines of its log."""
    function = get(session, name)
    return cloud.functions.logs(network_of(session, function).region, lambda_name(function))


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
