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
        ("ec2", "L-0263D0A3"): address_quota,
        ("vpc", "L-F678F1CE"): network_quota,
        ("vpc", "L-A4707A72"): network_quota,
        ("vpc", "L-FE5A380F"): network_quota,
        ("vpc", "L-1B52E74A"): ENDPOINTS_PER_VPC * network_quota,
    }

    async def handle(
        _method: str, _path: str, _headers: Mapping[str, str], body: bytes, _query: object
    ) -> tuple[int, dict[str, str], bytes]:
        asked = json.loads(body)
        quotas = [
            {"ServiceCode": service, "QuotaCode": code, "Value": float(limit)}
            for (service, code), limit in limits.items()
            if service == asked.get("ServiceCode") and code == asked.get("QuotaCode", code)
        ]
        if "QuotaCode" not in asked:
            return _answer(200, {"Quotas": quotas})
        if not quotas:
            return _answer(400, {"__type": "NoSuchResourceException", "message": "No such quota"})
        return _answer(200, {"Quota": quotas[0]})

    SERVICE_PATTERNS[NAME] = {"target_prefixes": [TARGET]}
    app.SERVICE_HANDLERS[NAME] = handle


def _answer(status: int, content: dict[str, Any]) -> tuple[int, dict[str, str], bytes]:
    return status, {"Content-Type": "application/x-amz-json-1.1"}, json.dumps(content).encode()
