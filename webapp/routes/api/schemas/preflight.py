"""What the API gives for a dry run."""

from pydantic import BaseModel

from webapp.services.networks.preflight import Check, Cost, Preflight, Verdict


class CheckOut(BaseModel):
    """`verdict`: ok, unknown or blocked. `used` and `limit` are those of a quota."""

    name: str
    verdict: Verdict
    detail: str
    remedy: str
    link: str
    used: int | None
    limit: int | None


class CostOut(BaseModel):
    traffic: str
    traffic_gb: int
    monthly_usd: float


class ResourceOut(BaseModel):
    logical_id: str
    resource_type: str


class PreflightOut(BaseModel):
    """`blocked`: a creation with these values would be refused, or would fail."""

    blocked: bool
    cidr: str
    zones: list[str]
    new_addresses: int
    checks: list[CheckOut]
    costs: list[CostOut]
    resources: list[ResourceOut]


def preflight_out(found: Preflight) -> PreflightOut:
    return PreflightOut(
        blocked=found.blocked,
        cidr=found.cidr,
        zones=found.zones,
        new_addresses=found.new_addresses,
        checks=[_check_out(check) for check in found.checks],
        costs=[_cost_out(cost) for cost in found.costs],
        resources=[
            ResourceOut(logical_id=logical_id, resource_type=resource_type)
            for logical_id, resource_type in found.resources.items()
        ],
    )


def _check_out(check: Check) -> CheckOut:
    return CheckOut(**vars(check))


def _cost_out(cost: Cost) -> CostOut:
    return CostOut(**vars(cost))
