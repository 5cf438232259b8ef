"""VPC endpoints in the embedded EC2 are found by what they are asked for."""

from typing import Any

import pytest

from tests.sandbox.lab import Lab, vpc

SERVICE = "com.amazonaws.x.s3"


@pytest.mark.parametrize(
    ("name", "own", "other"),
    [
        ("vpc-id", "", "vpc-other"),
        ("service-name", SERVICE, "com.amazonaws.x.sqs"),
        ("vpc-endpoint-type", "Gateway", "Interface"),
        ("vpc-endpoint-state", "avail*", "deleted"),
    ],
)
def test_an_endpoint_is_found_by_each_filter_and_no_other_is(
    lab: Lab, name: str, own: str, other: str
) -> None:
    ec2 = lab.clients.ec2(lab.region)
    vpc_id = lab.deployed(vpc(), {"Id": {"Ref": "Vpc"}}).outputs["Id"]
    made = ec2.create_vpc_endpoint(VpcId=vpc_id, ServiceName=SERVICE)["VpcEndpoint"]
    endpoint_id = made["VpcEndpointId"]

    def is_found(value: str) -> bool:
        filters: Any = [{"Name": name, "Values": [value]}]
        listed = ec2.describe_vpc_endpoints(Filters=filters)["VpcEndpoints"]
        return endpoint_id in [each["VpcEndpointId"] for each in listed]

    found = (is_found(own or vpc_id), is_found(other))
    ec2.delete_vpc_endpoints(VpcEndpointIds=[endpoint_id])
    assert found == (True, False)
