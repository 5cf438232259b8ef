"""Callers of an endpoint: an API key of API Gateway in a usage plan with its limits, for each.

Keys and usage plans are found by their names, which differ for each caller. Requests that have no
client token are sent without retries, so nothing is made twice. A change takes some seconds to
reach every server of API Gateway.

Source: the API reference of Amazon API Gateway (CreateApiKey, CreateUsagePlan, GetUsage …).
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from botocore.exceptions import ClientError

from webapp.aws.clients import Clients
from webapp.aws.errors import QuotaExceeded, aws_errors, code_of, ignoring
from webapp.aws.partitions import console_url

PAGE_MAX = 500
"""The most that API Gateway lists at once; an account has 300 usage plans by default."""
LIMIT_EXCEEDED = "LimitExceededException"
NOT_FOUND = frozenset({"NotFoundException"})
DEFAULT_QUOTAS = "An account has 300 usage plans and 10,000 API keys per region by default"


@dataclass(frozen=True)
class CallLimits:
    """Calls per second, calls at once beyond that, and calls per day in UTC."""

    rate: float
    burst: int
    quota: int


@dataclass(frozen=True)
class ApiKey:
    """`value` is what a caller sends as `x-api-key`."""

    id: str
    value: str = field(repr=False)


class Callers:
    def __init__(self, clients: Clients) -> None:
        self._clients = clients

    def create_plan(
        self,
        region: str,
        name: str,
        limits: CallLimits,
        *,
        endpoint: tuple[str, str],
        tags: Mapping[str, str],
    ) -> str:
        """A usage plan for one endpoint, which is a REST API's id and its stage. Gives its id."""
        api_id, stage = endpoint
        with _errors("creating a usage plan", region, "usage plans"):
            client = self._clients.apigateway_without_retries(region)
            return client.create_usage_plan(
                name=name,
                apiStages=[{"apiId": api_id, "stage": stage}],
                throttle={"rateLimit": limits.rate, "burstLimit": limits.burst},
                quota={"limit": limits.quota, "period": "DAY"},
                tags=dict(tags),
            )["id"]

    def create_key(self, region: str, name: str, *, tags: Mapping[str, str]) -> ApiKey:
        """A key that opens nothing until it is admitted."""
        with _errors("creating an API key", region, "API keys"):
            client = self._clients.apigateway_without_retries(region)
            made = client.create_api_key(name=name, enabled=True, tags=dict(tags))
        return ApiKey(made["id"], made["value"])

    def admit(self, region: str, plan_id: str, key_id: str) -> None:
        """From now on the key opens the plan's endpoint."""
        with aws_errors("adding an API key to its usage plan", region):
            self._clients.apigateway_without_retries(region).create_usage_plan_key(
                usagePlanId=plan_id, keyId=key_id, keyType="API_KEY"
            )

    def set_limits(self, region: str, plan_id: str, limits: CallLimits) -> None:
        values = {
            "/throttle/rateLimit": limits.rate,
            "/throttle/burstLimit": limits.burst,
            "/quota/limit": limits.quota,
        }
        operations: list[Any] = [
            {"op": "replace", "path": path, "value": str(value)} for path, value in values.items()
        ]
        with aws_errors("changing the limits of a caller", region):
            self._clients.apigateway(region).update_usage_plan(
                usagePlanId=plan_id, patchOperations=operations
            )

    def limits(self, region: str, plan_id: str) -> CallLimits | None:
        """None when there is no such plan."""
        client = self._clients.apigateway(region)
        with aws_errors("reading the limits of a caller", region):
            try:
                found = client.get_usage_plan(usagePlanId=plan_id)
            except client.exceptions.NotFoundException:
                return None
        throttle, quota = found.get("throttle", {}), found.get("quota", {})
        return CallLimits(
            rate=float(throttle.get("rateLimit", 0)),
            burst=int(throttle.get("burstLimit", 0)),
            quota=int(quota.get("limit", 0)),
        )

    def plan_ids(self, region: str, name: str) -> list[str]:
        """The usage plans of that name."""
        pages = self._clients.apigateway(region).get_paginator("get_usage_plans")
        with aws_errors("listing usage plans", region):
            return [
                plan["id"]
                for page in pages.paginate(PaginationConfig={"PageSize": PAGE_MAX})
                for plan in page["items"]
                if plan.get("name") == name
            ]

    def key_ids(self, region: str, name: str) -> list[str]:
        """The API keys of that name, the oldest first."""
        pages = self._clients.apigateway(region).get_paginator("get_api_keys")
        listing = pages.paginate(
            nameQuery=name, includeValues=False, PaginationConfig={"PageSize": PAGE_MAX}
        )
        with aws_errors("listing API keys", region):
            keys = [key for page in listing for key in page["items"] if key.get("name") == name]
        return [key["id"] for key in sorted(keys, key=lambda key: key["createdDate"])]

    def delete_key(self, region: str, key_id: str) -> None:
        """The key opens nothing any more. Harmless when there is none."""
        with aws_errors("deleting an API key", region), ignoring(NOT_FOUND):
            self._clients.apigateway(region).delete_api_key(apiKey=key_id)

    def delete_plan(self, region: str, plan_id: str) -> None:
        """Harmless when there is none. API Gateway first wants it taken off its endpoints, of which
        it may not know one any more."""
        client = self._clients.apigateway(region)
        doing = "deleting a usage plan"
        with aws_errors(doing, region), ignoring(NOT_FOUND):
            stages = client.get_usage_plan(usagePlanId=plan_id).get("apiStages", [])
            operations: list[Any] = [
                {"op": "remove", "path": "/apiStages", "value": f"{each['apiId']}:{each['stage']}"}
                for each in stages
            ]
            if operations:
                client.update_usage_plan(usagePlanId=plan_id, patchOperations=operations)
        with aws_errors(doing, region), ignoring(NOT_FOUND):
            client.delete_usage_plan(usagePlanId=plan_id)

    def usage(self, region: str, plan_id: str, first: date, last: date) -> dict[date, int]:
        """The calls of each day in UTC, of all keys that the plan had. API Gateway counts late."""
        with aws_errors("reading the usage of a caller", region):
            client = self._clients.apigateway_without_retries(region)  # a page waits for it
            found = client.get_usage(
                usagePlanId=plan_id, startDate=first.isoformat(), endDate=last.isoformat()
            )
        days = [first + timedelta(number) for number in range((last - first).days + 1)]
        calls = dict.fromkeys(days, 0)
        for counted in found.get("items", {}).values():
            for day, (used, *_) in zip(days, counted, strict=False):
                calls[day] += int(used)
        return calls


@contextmanager
def _errors(doing: str, region: str, what: str) -> Iterator[None]:
    """As AwsError; a quota with its page, where a higher one is requested."""
    with aws_errors(doing, region):
        try:
            yield
        except ClientError as error:
            if code_of(error) != LIMIT_EXCEEDED:
                raise
            page = f"{console_url(region)}/servicequotas/home/services/apigateway/quotas"
            raise QuotaExceeded(
                f"While {doing} in {region}, AWS answered that the account has no more {what}.",
                remedy=f"{DEFAULT_QUOTAS}; each caller uses one of each. Revoke callers that are "
                f"not needed, or request a higher quota at {page}.",
            ) from error
