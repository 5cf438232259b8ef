"""VPC endpoints: the filters to find them. A VPC's are not those of all others."""

from ministack.services import ec2

from webapp.sandbox.embedded_aws.actions import Answer, Params, action, passes, xml

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
    ids = ec2._parse_member_list(params, "VpcEndpointId")
    filters = ec2._parse_filters(params)
    items = "".join(
        ec2._vpce_fields_xml(endpoint)
        for endpoint in ec2._vpc_endpoints.values()
        if (not ids or endpoint["VpcEndpointId"] in ids)
        and passes(endpoint, endpoint["VpcEndpointId"], FILTERED, filters)
    )
    return xml("DescribeVpcEndpoints", f"<vpcEndpointSet>{items}</vpcEndpointSet>")
