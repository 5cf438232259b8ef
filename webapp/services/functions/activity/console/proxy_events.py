"""The event that API Gateway makes of a request, so that a function can be tried as it is called.

A REST API with a proxy integration, payload format 1.0:
https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html

Where API Gateway names the IAM user, it names Egret, which the request log shows as the caller.
There is no API key, and no caller's limits count.
"""

import re
import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from webapp.errors import Invalid
from webapp.models import Function, TriedRequest

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS")
PATH_MAX_CHARS = 2000
VALUES_MAX = 50
"""Of query parameters, and of headers."""
HEADER_NAME = re.compile(r"[A-Za-z0-9_-]{1,200}")
USER_AGENT = "Egret test console"
WHO_CALLS = {"userArn": "egret", "sourceIp": "127.0.0.1", "userAgent": USER_AGENT}
IDENTITY = (
    "cognitoIdentityPoolId",
    "accountId",
    "cognitoIdentityId",
    "caller",
    "accessKey",
    "cognitoAuthenticationType",
    "cognitoAuthenticationProvider",
    "user",
    "apiKey",
    "apiKeyId",
)


def proxy_event(function: Function, request: TriedRequest, *, at: datetime) -> dict[str, Any]:
    """Raises Invalid with the field that is wrong."""
    own_path = f"/{function.path}"
    request = request if request.path else request.model_copy(update={"path": own_path})
    _check(request)
    endpoint = urlsplit(function.endpoint_url or "")
    usual = {"Accept": "*/*", "Host": endpoint.netloc, "User-Agent": USER_AGENT}
    named = {name.lower() for name in request.headers}
    headers = {k: v for k, v in usual.items() if v and k.lower() not in named} | request.headers
    query = {k: [v] if isinstance(v, str) else v for k, v in request.query.items()}
    return {
        "resource": own_path,
        "path": request.path,
        "httpMethod": request.method,
        "headers": headers,
        "multiValueHeaders": {name: [value] for name, value in headers.items()},
        "queryStringParameters": _last(query),
        "multiValueQueryStringParameters": query or None,
        "pathParameters": None,
        "stageVariables": None,
        "requestContext": {
            "resourcePath": own_path,
            "httpMethod": request.method,
            "path": f"/{function.stage}{request.path}",
            "protocol": "HTTP/1.1",
            "stage": function.stage,
            "domainName": endpoint.netloc,
            "apiId": function.outputs.get("RestApiId", ""),
            "requestId": str(uuid.uuid4()),
            "requestTime": at.strftime("%d/%b/%Y:%H:%M:%S +0000"),
            "requestTimeEpoch": int(at.timestamp() * 1000),
            "identity": dict.fromkeys(IDENTITY) | WHO_CALLS,
        },
        "body": request.body or None,
        "isBase64Encoded": False,
    }


def _last(query: Mapping[str, list[str]]) -> dict[str, str] | None:
    return {name: values[-1] for name, values in query.items() if values} or None


def _check(request: TriedRequest) -> None:
    if request.method not in METHODS:
        raise Invalid(f"Choose one of: {', '.join(METHODS)}.", field="method")
    path = request.path
    if not path.startswith("/") or not path.isprintable() or set("?# ") & set(path):
        detail = "A path begins with / and has no blank, ? or #. The query is a separate field."
        raise Invalid(detail, field="path")
    if len(path) > PATH_MAX_CHARS:
        raise Invalid(f"The path is longer than {PATH_MAX_CHARS} characters.", field="path")
    for field, given in (("query", request.query), ("headers", request.headers)):
        if len(given) > VALUES_MAX:
            raise Invalid(f"At most {VALUES_MAX} values.", field=field)
    for name, value in request.headers.items():
        if not HEADER_NAME.fullmatch(name):
            detail = f"{name[:40] or 'An empty text'} is not a header name."
            raise Invalid(detail, field="headers")
        if "\n" in value or "\r" in value:
            raise Invalid(f"The value of {name} has more than one line.", field="headers")
