"""Stack drift of a network's resources: only whether they still exist.

ministack has no drift detection for types of EC2. Properties are not compared, as for some types of
ministack's own; Egret compares routes and associations itself.
"""

from collections.abc import Callable
from typing import Any

from ministack.services import ec2
from ministack.services.cloudformation import drift

DELETED_STATES = ("deleting", "deleted")


def install() -> None:
    stores: dict[str, Callable[[], Any]] = {
        "AWS::EC2::VPC": lambda: ec2._vpcs,
        "AWS::EC2::Subnet": lambda: ec2._subnets,
        "AWS::EC2::RouteTable": lambda: ec2._route_tables,
        "AWS::EC2::InternetGateway": lambda: ec2._internet_gateways,
        "AWS::EC2::SecurityGroup": lambda: ec2._security_groups,
        "AWS::EC2::NatGateway": lambda: ec2._nat_gateways,
    }
    for resource_type, store in stores.items():
        drift._DRIFT_READERS[resource_type] = (_reader(store), frozenset())


def _reader(store: Callable[[], Any]) -> Callable[[str, Any], dict[str, Any] | None]:
    def read(physical_id: str, _properties: Any) -> dict[str, Any] | None:
        found = store().get(physical_id)
        return None if found is None or found.get("State") in DELETED_STATES else {}

    return read
