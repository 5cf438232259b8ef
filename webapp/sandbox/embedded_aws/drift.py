"""Stack drift of a network's resources: only whether they still exist.

ministack has no drift detection for types of EC2. Properties are not compared, as for some types of
ministack's own; Egret compares routes and associations itself. What is part of another resource is
taken to exist. Reading needs the caller's permissions: without one, the detection fails, as on AWS.
"""

from collections.abc import Callable
from typing import Any

from ministack.services import ec2
from ministack.services.cloudformation import drift

from webapp.sandbox.embedded_aws.iam.handlers import TABLE, Resource
from webapp.sandbox.embedded_aws.iam.permits import Permits

DELETED_STATES = ("deleting", "deleted")

Drift = dict[str, Any]


def install(permits: Permits) -> None:
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
    for resource_type in TABLE:
        drift._DRIFT_READERS.setdefault(resource_type, (lambda *_: {}, frozenset()))
    detect: Callable[..., Drift] = drift.detect_resource_drift

    def detect_what_may_be_read(stack: Drift, logical_id: str, record: Drift, at: str) -> Drift:
        resource = Resource(
            record["ResourceType"],
            "read",
            stack["StackName"],
            logical_id,
            record.get("Properties") or {},
            physical_id=record["PhysicalResourceId"],
        )
        try:
            permits.check(resource)
        except ValueError as refused:
            return _unknown(stack, resource, at, str(refused))
        return detect(stack, logical_id, record, at)

    drift.detect_resource_drift = detect_what_may_be_read


def _unknown(stack: Drift, resource: Resource, at: str, reason: str) -> Drift:
    return {
        "StackId": stack["StackId"],
        "LogicalResourceId": resource.logical_id,
        "PhysicalResourceId": resource.physical_id,
        "ResourceType": resource.type,
        "Timestamp": at,
        "StackResourceDriftStatus": "UNKNOWN",
        "DriftStatusReason": reason,
    }


def _reader(store: Callable[[], Any]) -> Callable[[str, Any], dict[str, Any] | None]:
    def read(physical_id: str, _properties: Any) -> dict[str, Any] | None:
        found = store().get(physical_id)
        return None if found is None or found.get("State") in DELETED_STATES else {}

    return read
