"""VPC Block Public Access, which ministack lacks: a region's mode, and the exclusions from it.

The sandbox's NAT follows the same walk as the diagnosis, so a mode that blocks really stops calls.
"""

from typing import Any

from ministack.core.responses import get_account_id, get_region
from ministack.services import ec2

from webapp.sandbox.embedded_aws.actions import Answer, Ec2Error, Params, action, xml
from webapp.sandbox.embedded_aws.addresses import new_id

MODES = ("off", "block-bidirectional", "block-ingress")
EXCLUSION_MODES = ("allow-bidirectional", "allow-egress")
Regions = dict[str, dict[str, Any]]


class PublicAccess:
    """`regions` is saved with the state: region → its mode, and exclusions by their ids."""

    def __init__(self) -> None:
        self.regions: Regions = {}

    def install(self) -> None:
        name = "VpcBlockPublicAccess"
        ec2._ACTION_MAP |= {
            f"Describe{name}Options": action(lambda _p: self._options("Describe")),
            f"Modify{name}Options": action(self._modify),
            f"Create{name}Exclusion": action(self._exclude),
            f"Describe{name}Exclusions": action(lambda _p: self._exclusions()),
            f"Delete{name}Exclusion": action(self._include),
        }

    @property
    def _here(self) -> dict[str, Any]:
        return self.regions.setdefault(get_region(), {"mode": "off", "exclusions": {}})

    def _options(self, verb: str) -> Answer:
        inner = (
            f"<vpcBlockPublicAccessOptions><awsAccountId>{get_account_id()}</awsAccountId>"
            f"<awsRegion>{get_region()}</awsRegion><state>update-complete</state>"
            f"<internetGatewayBlockMode>{self._here['mode']}</internetGatewayBlockMode>"
            "<managedBy>account</managedBy><exclusionsAllowed>allowed</exclusionsAllowed>"
            "</vpcBlockPublicAccessOptions>"
        )
        return xml(f"{verb}VpcBlockPublicAccessOptions", inner)

    def _modify(self, params: Params) -> Answer:
        mode = ec2._p(params, "InternetGatewayBlockMode")
        if mode not in MODES:
            raise Ec2Error("InvalidParameterValue", f"The mode '{mode}' is invalid.")
        self._here["mode"] = mode
        return self._options("Modify")

    def _exclude(self, params: Params) -> Answer:
        mode = ec2._p(params, "InternetGatewayExclusionMode")
        vpc_id, subnet_id = ec2._p(params, "VpcId"), ec2._p(params, "SubnetId")
        if mode not in EXCLUSION_MODES or bool(vpc_id) == bool(subnet_id):
            raise Ec2Error("InvalidParameterCombination", "Name one VPC or subnet, and a mode.")
        if vpc_id not in ec2._vpcs and subnet_id not in ec2._subnets:
            raise Ec2Error("InvalidVpcID.NotFound", f"'{vpc_id or subnet_id}' does not exist")
        kind = f"vpc/{vpc_id}" if vpc_id else f"subnet/{subnet_id}"
        made = {
            "id": new_id("vpcbpa-exclude"),
            "mode": mode,
            "arn": f"arn:aws:ec2:{get_region()}:{get_account_id()}:{kind}",
        }
        self._here["exclusions"][made["id"]] = made
        inner = _exclusion(made, "vpcBlockPublicAccessExclusion")
        return xml("CreateVpcBlockPublicAccessExclusion", inner)

    def _exclusions(self) -> Answer:
        items = "".join(_exclusion(made, "item") for made in self._here["exclusions"].values())
        inner = f"<vpcBlockPublicAccessExclusionSet>{items}</vpcBlockPublicAccessExclusionSet>"
        return xml("DescribeVpcBlockPublicAccessExclusions", inner)

    def _include(self, params: Params) -> Answer:
        exclusion_id = ec2._p(params, "ExclusionId")
        gone = self._here["exclusions"].pop(exclusion_id, None)
        if gone is None:
            raise Ec2Error(
                "InvalidVpcBlockPublicAccessExclusionId.NotFound",
                f"The exclusion '{exclusion_id}' does not exist",
            )
        inner = _exclusion(gone, "vpcBlockPublicAccessExclusion", state="delete-complete")
        return xml("DeleteVpcBlockPublicAccessExclusion", inner)


def _exclusion(made: dict[str, str], tag: str, *, state: str = "create-complete") -> str:
    return (
        f"<{tag}><exclusionId>{made['id']}</exclusionId>"
        f"<internetGatewayExclusionMode>{made['mode']}</internetGatewayExclusionMode>"
        f"<resourceArn>{made['arn']}</resourceArn><state>{state}</state></{tag}>"
    )
