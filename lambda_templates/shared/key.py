"""The partner's key: how it is read from Secrets Manager, and where a request carries it.

A boto3 client takes longer to make than all else that a new execution environment does. One call is
needed, so one request is signed and sent:
https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_GetSecretValue.html
"""

import http.client
import json
import re
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from lambda_templates.shared.answers import Problem, Request
from lambda_templates.shared.signing import Signer

SECRET_TIMEOUT_S = 3
SECRET_ATTEMPTS = 2
SECRET_TOTAL_S = SECRET_ATTEMPTS * 2 * SECRET_TIMEOUT_S  # for the connection and for the answer
SECRET_MAX_BYTES = 256 * 1024
KEY_SHAPE = r"[!-~]+(?: [!-~]+)?"
"""Printable ASCII, with a space after a scheme. Otherwise http.client would quote the key in its
error."""
SHOWN_KEY_MIN_CHARS = 8
"""A shorter key may be part of an answer by chance."""
DNS_SUFFIXES = {"aws-cn": "amazonaws.com.cn", "aws-eusc": "amazonaws.eu"}
"""By partition; all others that Egret works in have amazonaws.com."""


@dataclass(frozen=True)
class Key:
    """One version of the key. Its value is not in its repr, so it gets into no log."""

    value: str
    version: str

    def __repr__(self) -> str:
        return f"Key(version={self.version!r})"


class Secret:
    """The secret with the key. `env` has its ARN, the credentials and, elsewhere, the endpoint."""

    def __init__(self, env: Mapping[str, str], opener: urllib.request.OpenerDirector) -> None:
        self._opener, self._arn = opener, env["KEY_SECRET_ARN"]
        _, partition, _, region, *_ = self._arn.split(":")
        self._signer = Signer(env, "secretsmanager", region)
        suffix = DNS_SUFFIXES.get(partition, "amazonaws.com")
        self.url = (
            env.get("AWS_ENDPOINT_URL_SECRETSMANAGER")
            or env.get("AWS_ENDPOINT_URL")
            or f"https://secretsmanager.{region}.{suffix}"
        )

    def read(self) -> Key:
        """The current version. Raises Problem."""
        found = self._value()
        value = found.get("SecretString") or ""
        if not re.fullmatch(KEY_SHAPE, value):
            raise Problem(502, "key_unreadable", "The secret does not hold a key.")
        return Key(value, found["VersionId"])

    def _value(self) -> dict[str, Any]:
        """What Secrets Manager answers. A failure that may pass is tried again."""
        why = ""
        for _ in range(SECRET_ATTEMPTS):
            try:
                status, found = self._ask()
            except (OSError, ValueError, http.client.HTTPException) as error:
                why = type(error).__name__
                continue
            if status == 200:
                return found
            why = re.sub(r".*#|\W", "", str(found.get("__type", status)))
            if status < 500 and "Throttl" not in why:
                break
        raise Problem(502, "key_unreadable", f"The key could not be read: {why}")

    def _ask(self) -> tuple[int, dict[str, Any]]:
        headers = {
            "Content-Type": "application/x-amz-json-1.1",
            "X-Amz-Target": "secretsmanager.GetSecretValue",
        }
        url, body = f"{self.url}/", json.dumps({"SecretId": self._arn}).encode()
        signed = self._signer.headers(url, headers, body, datetime.now(UTC))
        request = urllib.request.Request(url, body, signed, method="POST")
        with self._opener.open(request, timeout=SECRET_TIMEOUT_S) as response:
            found = json.loads(response.read(SECRET_MAX_BYTES))
            return response.status, found if isinstance(found, dict) else {}


def is_shown(key: Key, body: bytes) -> bool:
    """Whether an answer has the key in it: as it is, as in a URL, or as JSON may write it."""
    value = key.value.rpartition(" ")[2]  # without its scheme
    if len(value) < SHOWN_KEY_MIN_CHARS:
        return False
    quoted, in_json = quote(value, safe=""), json.dumps(value)[1:-1]
    low = re.sub("%..", lambda escape: escape[0].lower(), quoted)
    forms = {value, quoted, low, quote(value), in_json, in_json.replace("/", "\\/")}
    return any(form.encode() in body for form in forms)


def with_key(request: Request, key: Key, sent_as: str) -> Request:
    """The request with the key: `sent_as` is "bearer", "header X-Api-Key" or "query api_key"."""
    place, _, name = sent_as.partition(" ")
    if place == "query":
        mark = "&" if "?" in request.path else "?"
        added = f"{mark}{quote(name, safe='')}={quote(key.value, safe='')}"
        return replace(request, path=request.path + added)
    header = {name: key.value} if place == "header" else {"Authorization": f"Bearer {key.value}"}
    return replace(request, headers={**request.headers, **header})
