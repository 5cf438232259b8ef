"""API keys and usage plans of API Gateway, where ministack accepts what AWS refuses.

What is counted (GetUsage, and the quota of a day in UTC) is kept in the plan itself, so that it
outlives a restart. Sources: the API reference of Amazon API Gateway and its page of quotas.
"""

import json
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

from ministack.services import apigateway_v1 as gateway

PLANS_MAX = 300
KEYS_MAX = 10_000
USED = "_used"
"""In a plan, beside what AWS has: the calls of each key on each day."""
PATH_OF_USAGE = ("usageplans", "", "usage")
DAYS_MAX = 90
OK = 200
NUMBERS: dict[tuple[str, str], Callable[[Any], float]] = {
    ("throttle", "rateLimit"): float,
    ("throttle", "burstLimit"): int,
    ("quota", "limit"): int,
    ("quota", "offset"): int,
}

Answer = tuple[int, dict[str, str], bytes]
Query = dict[str, Any]


def install() -> None:
    gateway._GATEWAY_RESPONSE_ERROR_TYPES |= {
        "INVALID_API_KEY": "ForbiddenException",
        "QUOTA_EXCEEDED": "LimitExceededException",
    }
    _check_what_is_made()
    _change_as_aws()
    _count_calls()
    _name_the_caller()


def _check_what_is_made() -> None:
    create_key, create_plan = gateway._create_api_key, gateway._create_usage_plan

    def created_key(asked: dict[str, Any]) -> Answer:
        if len(gateway._api_keys.values()) >= KEYS_MAX:
            return _limit("API keys")
        value = asked.get("value")
        if value and any(key["value"] == value for key in gateway._api_keys.values()):
            return _error("ConflictException", "API Key already exists", 409)
        answer: Answer = create_key(asked)
        return answer

    def created_plan(asked: dict[str, Any]) -> Answer:
        if len(gateway._usage_plans.values()) >= PLANS_MAX:
            return _limit("usage plans")
        for each in asked.get("apiStages") or []:
            if not _is_stage(each.get("apiId"), each.get("stage")):
                return _error("BadRequestException", "Invalid API Stage specified", 400)
        answer: Answer = create_plan(_with_numbers(asked))
        return answer

    gateway._create_api_key, gateway._create_usage_plan = created_key, created_plan


def _change_as_aws() -> None:
    update, delete = gateway._update_usage_plan, gateway._delete_usage_plan
    delete_key, delete_stage = gateway._delete_api_key, gateway._delete_stage
    add_key, list_keys = gateway._create_usage_plan_key, gateway._get_api_keys

    def listed_keys(query: Query) -> Answer:
        answer: Answer = list_keys(query)
        if gateway._qp(query, "includeValues") == "true" or answer[0] != OK:
            return answer
        said = json.loads(answer[2])
        return _answer(said | {"item": [_without(each, "value") for each in said["item"]]})

    def updated(plan_id: str, asked: dict[str, Any]) -> Answer:
        plan, operations = gateway._usage_plans.get(plan_id), asked.get("patchOperations", [])
        if plan is None:
            answer: Answer = update(plan_id, asked)
            return answer
        for each in operations:
            if each.get("path") == "/apiStages" and not _change_stages(plan, each):
                return _error("BadRequestException", "Invalid API Stage specified", 400)
        others = [each for each in operations if each.get("path") != "/apiStages"]
        update(plan_id, {"patchOperations": others})
        plan.update(_with_numbers(plan))
        return _answer(plan)

    def deleted(plan_id: str) -> Answer:
        stages = (gateway._usage_plans.get(plan_id) or {}).get("apiStages")
        if stages:
            named = f"{stages[0]['apiId']}:{stages[0]['stage']}"
            message = f"Cannot delete Usage Plan {plan_id} because there are API Stages associated "
            return _error("BadRequestException", f"{message}with it, including {named}", 400)
        answer: Answer = delete(plan_id)
        return answer

    def added_key(plan_id: str, asked: dict[str, Any]) -> Answer:
        if asked.get("keyId") not in gateway._api_keys:
            return _error("NotFoundException", "Invalid API Key identifier specified", 404)
        if asked["keyId"] in (gateway._usage_plan_keys.get(plan_id) or {}):
            message = f"Usage Plan {plan_id} is already associated with API Key {asked['keyId']}"
            return _error("ConflictException", message, 409)
        answer: Answer = add_key(plan_id, asked)
        return answer

    def deleted_key(key_id: str) -> Answer:
        for keys in gateway._usage_plan_keys.values():
            keys.pop(key_id, None)
        answer: Answer = delete_key(key_id)
        return answer

    def deleted_stage(api_id: str, stage: str) -> Answer:
        for plan in gateway._usage_plans.values():
            plan["apiStages"] = [
                each
                for each in plan.get("apiStages") or []
                if (each.get("apiId"), each.get("stage")) != (api_id, stage)
            ]
        answer: Answer = delete_stage(api_id, stage)
        return answer

    gateway._update_usage_plan, gateway._delete_usage_plan = updated, deleted
    gateway._delete_api_key, gateway._delete_stage = deleted_key, deleted_stage
    gateway._create_usage_plan_key, gateway._get_api_keys = added_key, listed_keys


def _count_calls() -> None:
    """Of methods that need a key. A key that is sent to another method is not looked at."""
    handle, throttle = gateway.handle_request, gateway._check_throttle

    def within_quota(key: dict[str, Any] | None, api_id: str, stage: str) -> Any:
        today = datetime.now(UTC).date().isoformat()
        plans = gateway._usage_plans_for_key(key["id"], api_id, stage) if key else []
        for _, plan, _ in plans:
            used = plan.setdefault(USED, {}).setdefault(key["id"] if key else "", {})
            limit = (plan.get("quota") or {}).get("limit")
            if limit is not None and used.get(today, 0) >= limit:
                message = gateway._GATEWAY_ERROR_MESSAGES["QUOTA_EXCEEDED"]
                return gateway._gw_error("QUOTA_EXCEEDED", message)
            used[today] = used.get(today, 0) + 1
        return None

    def within_rate(*asked: Any) -> Any:
        *called, path, method, key = asked
        api_id = called[1]
        served = gateway._match_resource_tree(api_id, [part for part in path.split("/") if part])[0]
        methods = (served or {}).get("resourceMethods", {})
        declared = methods.get(method) or methods.get("ANY") or {}
        own = key if declared.get("apiKeyRequired") else None
        return throttle(*called, path, method, own)

    async def handled(method: str, path: str, headers: Any, body: bytes, query: Query) -> Answer:
        parts = path.strip("/").split("/")
        if method == "GET" and (parts[0], parts[-1]) == (PATH_OF_USAGE[0], PATH_OF_USAGE[2]):
            return _usage(parts[1], query)
        answer: Answer = await handle(method, path, headers, body, query)
        return answer

    gateway.handle_request, gateway._check_quota = handled, within_quota
    gateway._check_throttle = within_rate


def _name_the_caller() -> None:
    """Which key it was, for the function: only where the method needs one."""
    build = gateway._build_lambda_event_v1

    def built(*asked: Any, **named: Any) -> dict[str, Any]:
        event: dict[str, Any] = build(*asked, **named)
        resource, method, headers = asked[3], asked[5], asked[6]
        methods = resource.get("resourceMethods", {})
        declared = methods.get(method) or methods.get("ANY") or {}
        key = gateway._resolve_api_key(gateway._api_key_from_request(headers))
        if key and declared.get("apiKeyRequired"):
            identity = {"apiKey": key["value"], "apiKeyId": key["id"]}
            event["requestContext"]["identity"] |= identity
        return event

    gateway._build_lambda_event_v1 = built


def _usage(plan_id: str, query: Query) -> Answer:
    plan = gateway._usage_plans.get(plan_id)
    if plan is None:
        return _error("NotFoundException", "Invalid Usage Plan identifier specified", 404)
    first, last = (_day(gateway._qp(query, name)) for name in ("startDate", "endDate"))
    if not first or not last or not timedelta() <= last - first < timedelta(DAYS_MAX):
        return _error("BadRequestException", "Invalid date range specified", 400)
    days = [(first + timedelta(n)).isoformat() for n in range((last - first).days + 1)]
    limit = (plan.get("quota") or {}).get("limit", 0)
    items = {
        key_id: [[used.get(day, 0), limit - used.get(day, 0)] for day in days]
        for key_id, used in plan.get(USED, {}).items()
        if key_id == (gateway._qp(query, "keyId") or key_id)
    }
    said = {"usagePlanId": plan_id, "startDate": days[0], "endDate": days[-1], "values": items}
    return _answer(said)


def _change_stages(plan: dict[str, Any], operation: dict[str, str]) -> bool:
    api_id, _, stage = operation.get("value", "").partition(":")
    there = [
        each for each in plan["apiStages"] if (each["apiId"], each["stage"]) != (api_id, stage)
    ]
    is_there = len(there) < len(plan["apiStages"])
    if operation.get("op") == "remove":
        plan["apiStages"] = there
        return is_there
    plan["apiStages"] = [*there, {"apiId": api_id, "stage": stage}]
    return _is_stage(api_id, stage)


def _is_stage(api_id: Any, stage: Any) -> bool:
    return stage in (gateway._stages_v1.get(api_id) or {})


def _with_numbers(plan: dict[str, Any]) -> dict[str, Any]:
    """A patch has them as texts, and so may a template."""
    found = {kind: dict(plan.get(kind) or {}) for kind in ("throttle", "quota")}
    for (kind, name), number in NUMBERS.items():
        if name in found[kind]:
            found[kind][name] = number(found[kind][name])
    return plan | found


def _day(text: Any) -> date | None:
    try:
        return date.fromisoformat(str(text))
    except ValueError:
        return None


def _limit(what: str) -> Answer:
    return _error("LimitExceededException", f"Maximum number of {what} exceeded", 429)


def _error(code: str, message: str, status: int) -> Answer:
    answer: Answer = gateway._v1_error(code, message, status)
    return answer


def _answer(said: dict[str, Any]) -> Answer:
    return OK, {"Content-Type": "application/json"}, json.dumps(_without(said, USED)).encode()


def _without(said: dict[str, Any], left_out: str) -> dict[str, Any]:
    return {name: value for name, value in said.items() if name != left_out}
