"""The tags that a resource has, which conditions on `aws:ResourceTag` ask for."""

from typing import Any

from ministack.services import apigateway_v1, ec2, iam, tagging

KINDS_OF_APIS = {
    "restapis": lambda: apigateway_v1._rest_apis,
    "apikeys": lambda: apigateway_v1._api_keys,
    "usageplans": lambda: apigateway_v1._usage_plans,
}


def tags_of(arn: str) -> dict[str, str]:
    """By the resource's ARN; what belongs to a REST API has the API's. {} for what has none."""
    parts = arn.split(":", 5)
    if len(parts) < 6:
        return {}
    service, resource = parts[2], parts[5]
    if service == "ec2":
        return as_map(ec2._tags.get(resource.rpartition("/")[2]))
    if service == "iam":
        role = iam._roles.get(resource.rpartition("/")[2]) if resource.startswith("role/") else None
        return as_map((role or {}).get("Tags"))
    if service == "apigateway":
        kind, _, rest = resource.strip("/").partition("/")
        store = KINDS_OF_APIS.get(kind)
        found = store().get(rest.partition("/")[0]) if store else None
        return dict((found or {}).get("tags") or {})
    return tagging.resource_tags(arn) or {}


def as_map(tags: Any) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in tags or []}
