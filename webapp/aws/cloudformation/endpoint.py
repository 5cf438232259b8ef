"""The REST API's resources and methods in function.yaml: a path of any depth, with any methods.

A browser asks before it calls (the preflight), and every caller gets the same answer to that. Its
headers are those that browsers, fetch(), signing clients (AWS's SDKs, Amplify, aws4fetch) and
tracing libraries add. The star allows any other, but never Authorization. Chrome remembers the
answer for two hours at most. Where no origin is allowed the answer is a 403.
"""

import json
from dataclasses import dataclass
from typing import Any

PLACEHOLDER, METHODS = '  "@endpoint@": {}', '"@methods@"'
ROOT: Any = {"Fn::GetAtt": ["RestApi", "RootResourceId"]}
API = {"Ref": "RestApi"}
PREFLIGHT = "Preflight"
BELOW = "{proxy+}"
"""API Gateway's name for whatever comes below a path."""
PREFLIGHT_MAX_AGE_S = 7200
ALLOWED_HEADERS = (
    "accept,accept-language,amz-sdk-invocation-id,amz-sdk-request,amz-sdk-retry,authorization,b3,"
    "baggage,cache-control,content-language,content-type,if-match,if-modified-since,if-none-match,"
    "if-range,if-unmodified-since,newrelic,pragma,range,sentry-trace,traceparent,tracestate,"
    "user-agent,x-amz-api-version,x-amz-content-sha256,x-amz-date,x-amz-region-set,"
    "x-amz-security-token,x-amz-target,x-amz-user-agent,x-amzn-trace-id,x-api-key,x-b3-parentspanid,"
    "x-b3-sampled,x-b3-spanid,x-b3-traceid,x-correlation-id,x-datadog-origin,x-datadog-parent-id,"
    "x-datadog-sampling-priority,x-datadog-trace-id,x-request-id,x-requested-with,*"
)
INVOCATION = (
    "arn:${AWS::Partition}:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/${Live}"
    "/invocations"
)


@dataclass(frozen=True)
class Endpoint:
    """`methods` at `path`, and with `subpaths` below it as well.

    A template that has fewer methods than before goes on being called with the others until its
    next deployment: CloudFormation deletes them last. So its handler checks the method too.
    """

    path: str
    methods: tuple[str, ...]
    subpaths: bool = False

    def callable_as(self) -> str:
        """What follows the stage in the ARNs of its methods."""
        method = self.methods[0] if len(self.methods) == 1 else "*"
        return f"{method}/{self.path}{'*' if self.subpaths else ''}"

    def written_into(self, body: str) -> str:
        """The CloudFormation template with the resources; every JSON value is YAML too."""
        resources = self._resources()
        lines = "\n".join(f"  {name}: {_compact(made)}" for name, made in resources.items())
        methods = [name for name, made in resources.items() if made["Type"].endswith("Method")]
        return body.replace(PLACEHOLDER, lines).replace(METHODS, ", ".join(methods))

    def _resources(self) -> dict[str, Any]:
        made: dict[str, Any] = {}
        place = ROOT
        for number, part in enumerate(filter(None, self.path.split("/")), 1):
            made[f"Path{number}"] = _resource(place, part)
            place = {"Ref": f"Path{number}"}
        made |= self._methods(place, "")
        if self.subpaths:
            made["Below"] = _resource(place, BELOW)
            made |= self._methods({"Ref": "Below"}, "Below")
        return made

    def _methods(self, place: Any, suffix: str) -> dict[str, Any]:
        """The methods of one resource, by logical ids that end with the suffix."""
        made = {f"{name.capitalize()}{suffix}": _method(place, name) for name in self.methods}
        return made | {f"{PREFLIGHT}{suffix}": _preflight(place, self.methods)}


def _compact(made: Any) -> str:
    """Without blanks: a stack's room is the code's."""
    return json.dumps(made, separators=(",", ":"))


def _resource(parent: Any, part: str) -> dict[str, Any]:
    properties = {"RestApiId": API, "ParentId": parent, "PathPart": part}
    return {"Type": "AWS::ApiGateway::Resource", "Properties": properties}


def _method(place: Any, name: str) -> dict[str, Any]:
    properties = {
        "RestApiId": API,
        "ResourceId": place,
        "HttpMethod": name,
        "AuthorizationType": {"Fn::If": ["ByIam", "AWS_IAM", "NONE"]},
        "ApiKeyRequired": {"Fn::If": ["ByApiKey", True, False]},
        "Integration": {
            "Type": "AWS_PROXY",
            "IntegrationHttpMethod": "POST",
            "Uri": {"Fn::Sub": INVOCATION},
        },
    }
    return {"Type": "AWS::ApiGateway::Method", "Properties": properties}


def _preflight(place: Any, methods: tuple[str, ...]) -> dict[str, Any]:
    headers = {
        "Access-Control-Allow-Headers": {"Fn::Sub": "'${AllowedHeaders}'"},
        "Access-Control-Allow-Methods": f"'{','.join(methods)}'",
        "Access-Control-Allow-Origin": {"Fn::Sub": "'${CorsOrigin}'"},
        "Access-Control-Max-Age": f"'{PREFLIGHT_MAX_AGE_S}'",
    }
    properties = {
        "RestApiId": API,
        "ResourceId": place,
        "HttpMethod": "OPTIONS",
        "AuthorizationType": "NONE",
        "Integration": {
            "Type": "MOCK",
            "RequestTemplates": {"application/json": _if_cors(_status(204), _status(403))},
            "IntegrationResponses": _if_cors([_answer("204", headers)], [_answer("403", {})]),
        },
        "MethodResponses": _if_cors(
            [_answer("204", dict.fromkeys(headers, True))], [_answer("403", {})]
        ),
    }
    return {"Type": "AWS::ApiGateway::Method", "Properties": properties}


def _if_cors(then: Any, otherwise: Any) -> dict[str, Any]:
    return {"Fn::If": ["HasCors", then, otherwise]}


def _status(code: int) -> str:
    return json.dumps({"statusCode": code})


def _answer(status: str, headers: dict[str, Any]) -> dict[str, Any]:
    named = {f"method.response.header.{name}": value for name, value in headers.items()}
    return {"StatusCode": status, "ResponseParameters": named}
