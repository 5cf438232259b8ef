"""Change sets: resources behind a false condition are left out, and some changes replace nothing.

ministack compares the templates as they are written. A resource whose condition becomes true would
be shown as changed instead of added. Which properties change in place is from the CloudFormation
template reference.
"""

from collections.abc import Callable
from typing import Any

from ministack.services.cloudformation import changesets, engine, stacks

Template = dict[str, Any]
CHANGED_IN_PLACE = frozenset(
    {("AWS::EC2::Route", "NatGatewayId"), ("AWS::EC2::VPCEndpoint", "RouteTableIds")}
)


def install() -> None:
    resolve: Callable[..., Template] = changesets._resolve_props_for_diff
    recreation: Callable[[str, str], str] = stacks._property_recreation

    def resolve_present(template: Template, params: Template, *rest: Any) -> Template:
        resolved = resolve(template, params, *rest)
        holds = engine._evaluate_conditions(template, params) if template else {}
        present = {
            logical_id: resource
            for logical_id, resource in resolved.get("Resources", {}).items()
            if holds.get(resource.get("Condition"), True)
        }
        return {**resolved, "Resources": present}

    def documented(resource_type: str, name: str) -> str:
        in_place = (resource_type, name) in CHANGED_IN_PLACE
        return "Never" if in_place else recreation(resource_type, name)

    changesets._resolve_props_for_diff = resolve_present
    stacks._property_recreation = documented
