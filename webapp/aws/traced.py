"""A span for each call to AWS, from the first try to the last, if traces are collected.

It says what OpenTelemetry's conventions for AWS's SDKs name, and none of the call's arguments:
https://opentelemetry.io/docs/specs/semconv/cloud-providers/aws-sdk/
"""

from typing import Any, Final

from webapp.aws.accounts import acting
from webapp.telemetry.tracing import Call, Tracing

SPAN: Final = "egret.span"
"""In the context of a call, which botocore hands to all handlers."""
FAILED_FROM: Final = 400


def attach(client: Any, tracing: Tracing) -> None:
    """Make each call of the client a span."""
    service, region = str(client.meta.service_model.service_id), str(client.meta.region_name)

    def begin(model: Any, context: dict[str, Any], **_: object) -> None:
        who = acting()
        about = {
            "rpc.system": "aws-api",
            "rpc.service": service,
            "rpc.method": str(model.name),
            "cloud.region": region,
        } | ({"cloud.account.id": who.number} if who else {})
        context[SPAN] = tracing.call(f"{service}/{model.name}", about)

    def end(parsed: dict[str, Any], context: dict[str, Any], **_: object) -> None:
        told = parsed.get("ResponseMetadata", {})
        found = {
            "aws.request_id": told.get("RequestId"),
            "http.response.status_code": told.get("HTTPStatusCode"),
            "http.request.resend_count": told.get("RetryAttempts"),
        }
        status = told.get("HTTPStatusCode") or 0
        code = parsed.get("Error", {}).get("Code") or (str(status) if status >= FAILED_FROM else "")
        _end(context, {name: value for name, value in found.items() if value}, str(code))

    def fail(exception: Exception, context: dict[str, Any], **_: object) -> None:
        _end(context, {}, type(exception).__name__)

    client.meta.events.register("before-call", begin)
    client.meta.events.register("after-call", end)
    client.meta.events.register("after-call-error", fail)


def _end(context: dict[str, Any], found: dict[str, Any], error: str) -> None:
    call: Call | None = context.pop(SPAN, None)
    if call:
        call.end(found, error=error)
