"""Who asks: each request must be signed by Signature Version 4 with a key that exists.

The signature is in the header or in the query (a presigned request); it is computed anew, of the
body too. What is refused is refused with the codes of AWS.
"""

import datetime as dt
import uuid
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote

from ministack import app as ministack
from ministack.core import iam_actions, iam_evaluator, router
from ministack.core.iam_evaluator import (
    AmbiguousAccessKeyError,
    AuthError,
    ResolvedCredential,
)
from ministack.core.responses import get_account_id, set_request_account_id
from ministack.core.sigv4 import presigned_request_is_expired

Answer = tuple[int, dict[str, str], bytes]
Query = Mapping[str, list[str]]

MISSING = AuthError("MissingAuthenticationToken", "Missing Authentication Token")
UNKNOWN = AuthError(
    "UnrecognizedClientException", "The security token included in the request is invalid."
)
EXPIRED = AuthError("RequestExpired", "Request has expired.")
PRESIGNED_FOR_S = "900"


def install() -> None:
    """No key is taken for root: neither the account's number nor the one of the environment.

    Only ministack itself asks without a key. EC2 has a code of its own for a wrong clock.
    """
    iam_evaluator.is_root_access_key = lambda key: not key
    expired = ("RequestExpired", 400, "Request has expired.")
    for code in ("RequestTimeTooSkewed", "RequestExpired"):
        iam_actions._EC2_FAILURES[code] = expired
    _check_data_plane_only()


def authenticate(
    scope: Mapping[str, Any], headers: Mapping[str, str], query: Query, body: bytes
) -> ResolvedCredential | AuthError:
    """The credential that signed the request, or why AWS refuses it.

    What is looked up from here on is of its account.
    """
    raw_path = scope.get("raw_path") or quote(scope["path"]).encode()
    iam_evaluator.pin_signed_request(
        scope["method"], raw_path.decode("latin-1"), query, scope["headers"]
    )
    iam_evaluator.pin_signed_body(body)
    key_id = router.extract_access_key_id(headers, query)
    try:
        set_request_account_id(ministack._request_account_scope(key_id))
    except AmbiguousAccessKeyError:
        return UNKNOWN
    is_signed = bool(headers.get("authorization")) or "X-Amz-Signature" in query
    checked = iam_evaluator.authenticate(key_id, get_account_id()) if is_signed else MISSING
    if isinstance(checked, ResolvedCredential) and _is_expired(query):
        return EXPIRED
    return checked or MISSING


def refusal(
    scope: Mapping[str, Any], headers: Mapping[str, str], query: Query, failure: AuthError
) -> Answer:
    """The answer to a request that is refused for whom it comes from, as its service words it."""
    service = router.detect_service(scope["method"], scope["path"], headers, query)
    refused: Answer = ministack._credential_failure(
        service, "", str(uuid.uuid4()), failure, headers
    )
    return refused


def _is_expired(query: Query) -> bool:
    """Of a presigned request: the time that it is good for is over."""
    if "X-Amz-Signature" not in query:
        return False
    signed_at, seconds = query["X-Amz-Date"][0], query.get("X-Amz-Expires", [PRESIGNED_FOR_S])[0]
    try:
        return bool(presigned_request_is_expired(signed_at, seconds, now=dt.datetime.now(dt.UTC)))
    except ValueError:
        return True


def _check_data_plane_only() -> None:
    """ministack's own check stays for functions' endpoints, which do not come through here."""
    enforce: Callable[..., Any] = iam_evaluator.enforce

    def enforce_for_endpoints(key_id: str, action: str, *rest: Any, **named: Any) -> Any:
        if not action.startswith("execute-api:"):
            return None
        return enforce(key_id, action, *rest, **named)

    iam_evaluator.enforce = enforce_for_endpoints
