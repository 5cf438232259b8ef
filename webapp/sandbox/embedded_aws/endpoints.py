"""VPC endpoints: the filters to find them. A VPC's are not those of all others."""

from ministack.services import ec2

from webapp.sandbox.embedded_aws.actions import Answer, Params, action, found, xml

FILTERED = {
    "service-name": "ServiceName",
    "vpc-endpoint-id": "VpcEndpointId",
    "vpc-endpoint-state": "State",
    "vpc-endpoint-type": "VpcEndpointType",
    "vpc-id": "VpcId",
}


def install() -> None:
    ec2._ACTION_MAP["DescribeVpcEndpoints"] = action(_describe)


def _describe(params: Params) -> Answer:
    listed = found(params, ec2._vpc_endpoints, "VpcEndpointId", FILTERED)
    items = "".join(map(ec2._vpce_fields_xml, listed))
    return xml("DescribeVpcEndpoints", f"<vpcEndpointSet>{items}</vpcEndpointSet>")
