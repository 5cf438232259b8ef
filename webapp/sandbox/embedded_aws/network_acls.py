"""Network ACLs: each subnet is associated with one, at first with its VPC's default one.

ministack keeps the rules but no port ranges, and loses the subnet of an association. Here the id
of an association is derived from its subnet's id, so that default associations need not be stored.
"""

from typing import Any

from ministack.services import ec2

from webapp.sandbox.embedded_aws.actions import Answer, Ec2Error, Params, action, xml

Acl = dict[str, Any]
PREFIX = "aclassoc-"
ENTRY_ACTIONS = ("CreateNetworkAclEntry", "ReplaceNetworkAclEntry")


def install() -> None:
    for name in ENTRY_ACTIONS:
        ec2._ACTION_MAP[name] = action(_with_ports(ec2._ACTION_MAP[name]))
    ec2._network_acl_entry_xml = _entry_with_ports(ec2._network_acl_entry_xml)
    ec2._ACTION_MAP |= {
        "DescribeNetworkAcls": action(_describe(ec2._ACTION_MAP["DescribeNetworkAcls"])),
        "ReplaceNetworkAclAssociation": action(_associate),
        "DeleteNetworkAcl": action(_delete(ec2._ACTION_MAP["DeleteNetworkAcl"])),
    }


def _describe(run: Any) -> Any:
    def answer(params: Params) -> Answer:
        _update_associations()
        wanted = ec2._parse_filters(params).get("association.subnet-id")
        if not wanted:
            described: Answer = run(params)
            return described
        holding = [acl for acl in _all_acls() if _subnets(acl) & set(wanted)]
        ids = {f"NetworkAclId.{n}": [acl["NetworkAclId"]] for n, acl in enumerate(holding, 1)}
        described = run(params | (ids or {"NetworkAclId.1": ["none"]}))
        return described

    return answer


def _associate(params: Params) -> Answer:
    """Move the subnet of an association to another ACL."""
    old, acl_id = ec2._p(params, "AssociationId"), ec2._p(params, "NetworkAclId")
    acl = ec2._network_acls.get(acl_id)
    if acl is None:
        raise Ec2Error(
            "InvalidNetworkAclID.NotFound", f"The networkAcl ID '{acl_id}' does not exist"
        )
    _update_associations()
    subnet_id = f"subnet-{old.removeprefix(PREFIX)}"
    if not any(subnet_id in _subnets(each) for each in _all_acls()):
        raise Ec2Error(
            "InvalidAssociationID.NotFound", f"The association ID '{old}' does not exist"
        )
    for each in _all_acls():
        each["Associations"] = [a for a in each["Associations"] if a["SubnetId"] != subnet_id]
    acl["Associations"].append(_association(subnet_id))
    new = _association(subnet_id)["NetworkAclAssociationId"]
    return xml("ReplaceNetworkAclAssociation", f"<newAssociationId>{new}</newAssociationId>")


def _delete(run: Any) -> Any:
    def answer(params: Params) -> Answer:
        acl = ec2._network_acls.get(ec2._p(params, "NetworkAclId"))
        if acl and (acl["IsDefault"] or _subnets(acl)):
            raise Ec2Error(
                "DependencyViolation",
                f"The networkAcl '{acl['NetworkAclId']}' has dependencies and cannot be deleted.",
            )
        deleted: Answer = run(params)
        return deleted

    return answer


def _update_associations() -> None:
    """Remove deleted subnets, and associate new ones with the default ACL of their VPC."""
    defaults = {a["VpcId"]: a for a in _all_acls() if a["IsDefault"]}
    there = set(ec2._subnets)
    for acl in _all_acls():
        acl["Associations"] = [a for a in acl["Associations"] if a["SubnetId"] in there]
    held = {subnet for acl in _all_acls() for subnet in _subnets(acl)}
    for subnet_id, subnet in list(ec2._subnets.items()):
        if subnet_id not in held and subnet["VpcId"] in defaults:
            defaults[subnet["VpcId"]]["Associations"].append(_association(subnet_id))


def _all_acls() -> list[Acl]:
    return list(ec2._network_acls.values())


def _subnets(acl: Acl) -> set[str]:
    return {association["SubnetId"] for association in acl["Associations"]}


def _association(subnet_id: str) -> dict[str, str]:
    own = subnet_id.removeprefix("subnet-")
    return {"NetworkAclAssociationId": f"{PREFIX}{own}", "SubnetId": subnet_id}


def _with_ports(run: Any) -> Any:
    """ministack appends the new entry; its ports are added to it."""

    def answer(params: Params) -> Answer:
        made: Answer = run(params)
        acl = ec2._network_acls.get(ec2._p(params, "NetworkAclId"))
        first, last = ec2._p(params, "PortRange.From"), ec2._p(params, "PortRange.To")
        if acl and first and last:
            acl["Entries"][-1]["PortRange"] = {"From": int(first), "To": int(last)}
        return made

    return answer


def _entry_with_ports(run: Any) -> Any:
    def xml(entry: dict[str, Any]) -> str:
        plain: str = run(entry)
        ports = entry.get("PortRange")
        if not ports:
            return plain
        first, last = ports["From"], ports["To"]
        in_range = f"<portRange><from>{first}</from><to>{last}</to></portRange>"
        return plain.replace("</item>", f"{in_range}</item>")

    return xml
