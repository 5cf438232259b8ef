"""Service Quotas, which ministack lacks: the limits that this embedded EC2 enforces."""

import json
from collections.abc import Mapping
from typing import Any

from ministack import app
from ministack.core.router import SERVICE_PATTERNS

from webapp.sandbox.embedded_aws.checks import ENDPOINTS_PER_VPC

NAME = "servicequotas"
TARGET = "ServiceQuotasV20190624"


def install(address_quota: int, network_quota: int) -> None:
    limits = {
        "L-0263D0A3": address_quota,
        "L-F678F1CE": network_quota,
        "L-A4707A72": network_quota,
        "L-FE5A380F": network_quota,
        "L-1B52E74A": ENDPOINTS_PER_VPC * network_quota,
    }

    async def handle(
        _method: str, _path: str, _headers: Mapping[str, str], body: bytes, _query: object
    ) -> tuple[int, dict[str, str], bytes]:
        code = json.loads(body)["QuotaCode"]
        if code not in limits:
            return _answer(400, {"__type": "NoSuchResourceException", "message": "No such quota"})
        return _answer(200, {"Quota": {"QuotaCode": code, "Value": float(limits[code])}})

    SERVICE_PATTERNS[NAME] = {"target_prefixes": [TARGET]}
    app.SERVICE_HANDLERS[NAME] = handle


def _answer(status: int, content: dict[str, Any]) -> tuple[int, dict[str, str], bytes]:
    return status, {"Content-Type": "application/x-amz-json-1.1"}, json.dumps(content).encode()
