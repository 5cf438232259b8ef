"""Who made a network interface, by its description, and how it is got rid of.

AWS's services make interfaces in a person's VPC and refuse to let anyone else delete them; what
goes away is what they belong to. EC2 has no field that names it: each service writes a description
of its own. (VPC user guide, "Requester-managed network interfaces"; the descriptions are those
that the services are seen to write.)
"""

import re
from typing import Any

from webapp.aws.lambda_interfaces import DETACHED, function_names

_RULES = (
    (r"ELB (?:app|net|gwy)/([^/]+)", "Delete the load balancer {0}."),
    (r"ELB (\S+)", "Delete the load balancer {0}."),
    (r"VPC Endpoint Interface (vpce-\w+)", "Delete the VPC endpoint {0}."),
    (r"Interface for NAT Gateway (nat-\w+)", "Delete the NAT gateway {0}."),
    (r".*Transit Gateway Attachment (tgw-attach-\w+)", "Delete the attachment {0}."),
    (r"EFS mount target for (fs-\w+)", "Delete the mount target of {0} in this VPC."),
    (r"EC2 Instance Connect Endpoint.*?(eice-\w+)", "Delete the endpoint {0}."),
    (r"RDSNetworkInterface", "Delete the RDS database in this VPC, or move it to another one."),
    (r"ElastiCache (\S+)", "Delete the cache {0}, or move it to another VPC."),
    (r"Amazon EKS (\S+)", "Delete the EKS cluster {0}."),
    (r"arn:[\w-]+:ecs:", "Stop the ECS task or service that runs in this VPC."),
    (r".*directory (d-\w+)", "Delete the directory {0}."),
    (r"Route 53 Resolver: (\S+)", "Delete the Resolver endpoint {0}."),
)


def remedy_for_interface(raw: Any) -> str:
    """One sentence about the interface, as DescribeNetworkInterfaces gave it."""
    interface_id, description = raw["NetworkInterfaceId"], raw.get("Description", "")
    if names := function_names(description):
        return _remedy_for_lambda(raw, names[0])
    for pattern, remedy in _RULES:
        if found := re.match(pattern, description):
            return remedy.format(*found.groups())
    if instance := (raw.get("Attachment") or {}).get("InstanceId"):
        return f"Terminate the instance {instance}, or move it to another VPC."
    if raw.get("RequesterManaged"):
        owner = raw.get("RequesterId") or "an AWS service"
        return f"Delete what {owner} uses {interface_id} for; AWS then deletes the interface."
    if raw.get("Status") != DETACHED:
        return f"Detach {interface_id}, then delete it."
    return f"Delete the network interface {interface_id}."


def _remedy_for_lambda(raw: Any, function: str) -> str:
    if raw.get("Status") == DETACHED:
        return f"Delete the network interface {raw['NetworkInterfaceId']}; Lambda left it behind."
    return (
        f"Delete the Lambda function {function}, or take it out of the VPC, if it still exists: "
        f"AWS removes the interface {raw['NetworkInterfaceId']} 20 to 45 minutes later."
    )
