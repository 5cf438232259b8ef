"""Who may call a function's endpoint with the access `iam`, in the words of API Gateway.

ministack checks the signature and the policies for the method's ARN. What it lacks: a signature
counts only for API Gateway and the API's region, and a refusal by policies names the ARN with the
account's last digits and has the headers that the API gives all its refusals.
"""

import json
import uuid
from dataclasses import dataclass
from typing import Any

from ministack import app
from ministack.core.arn import execute_api_arn
from ministack.services import apigateway_v1

INVOKE, SERVICE = "execute-api:Invoke", "execute-api"
DENIED = "is not authorized to perform"
SHOWN_DIGITS = 4

Answer = tuple[int, dict[str, str], bytes]
Headers = dict[str, str]
Query = dict[str, list[str]]


def install() -> None:
    enforce = app._enforce_execute_api

    def enforced(*asked: Any, **named: Any) -> Answer | None:
        api_id, stage, method, path, headers, query = asked
        answer: Answer | None = enforce(*asked, **named)
        where = apigateway_v1.find_api_scope(api_id)
        kind = apigateway_v1.method_authorization_type(api_id, stage, method, path)
        is_authenticated = not answer or DENIED in answer[2].decode()
        if not where or kind != "AWS_IAM" or not is_authenticated:
            return answer
        account, region = where
        told = _Told(api_id, stage, headers, query)
        wrong = _wrong_scope(region, headers, query)
        if wrong:
            return told.as_error("INVALID_SIGNATURE", wrong, "InvalidSignatureException")
        if not answer:
            return None
        arn = execute_api_arn(region, _masked(account), api_id, stage, method, path)
        return told.as_error("ACCESS_DENIED", _naming(arn, answer[2]))

    app._enforce_execute_api = enforced


@dataclass(frozen=True)
class _Told:
    """Who is told, in the way that the API's stage tells its errors."""

    api_id: str
    stage: str
    headers: Headers
    query: Query

    def as_error(self, kind: str, message: str, error_type: str | None = None) -> Answer:
        request = {
            "api_id": self.api_id,
            "stage_name": self.stage,
            "stage": apigateway_v1.stages_for_api(self.api_id)[self.stage],
            "headers": self.headers,
            "query_params": self.query,
            "path_params": {},
            "resource_path": "",
            "request_id": str(uuid.uuid4()),
        }
        error = apigateway_v1._GatewayError(kind, message, error_type)
        with apigateway_v1.request_scope(*apigateway_v1.find_api_scope(self.api_id)):
            answer: Answer = apigateway_v1._gateway_error_response(error, request)
        return answer


def _wrong_scope(region: str, headers: Headers, query: Query) -> str:
    """What is wrong with what the signature is for; '' for nothing, or no signature."""
    signed = headers.get("authorization", "").partition("Credential=")[2].partition(",")[0]
    parts = (signed or query.get("X-Amz-Credential", [""])[0]).split("/")
    if len(parts) != len(("key", "date", "region", "service", "aws4_request")):
        return ""
    if parts[3] != SERVICE:
        return f"Credential should be scoped to correct service: '{SERVICE}'. "
    if parts[2] != region:
        return f"Credential should be scoped to a valid region, not '{parts[2]}'. "
    return ""


def _naming(arn: str, body: bytes) -> str:
    """The refusal with the ARN after the action."""
    message: str = json.loads(body)["message"]
    return message.replace(INVOKE, f"{INVOKE} on resource: {arn}", 1)


def _masked(account: str) -> str:
    return account[-SHOWN_DIGITS:].rjust(len(account), "*")
