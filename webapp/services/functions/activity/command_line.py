"""A command line that calls the endpoint of a function."""

from webapp.models import Access, Function


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
