"""The network interfaces through which Lambda connects functions to a VPC.

Lambda releases those in use 20 to 45 minutes after their function was deleted. One that it has
detached without deleting it (*available*), because the function's role was gone by then, stays for
ever, and keeps its subnet and security group from being deleted. Only their description tells that
they are Lambda's, and whose.
"""

import re
from typing import Any

from webapp.aws.clients import Clients
from webapp.aws.errors import DENIED, aws_errors, code_of, ignoring

DESCRIPTION = "AWS Lambda VPC ENI"
IN_USE = "in-use"
_FUNCTION = re.compile(rf"{DESCRIPTION}-([\w-]+)")
_UUID = re.compile(r"-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")
_LAST_PART = re.compile(r"-[^-]+$")
DELETED_ALREADY = frozenset({"InvalidNetworkInterfaceID.NotFound"})
ATTACHED_MEANWHILE = frozenset({"InvalidNetworkInterface.InUse", "InvalidParameterValue"})
NO_FUNCTION = "ResourceNotFoundException"


class LambdaInterfaces:
    def __init__(self, clients: Clients) -> None:
        self._clients = clients

    def release(self, region: str, vpc_id: str) -> list[str]:
        """Delete those in the VPC that Lambda has left behind; gives the ids of those in use."""
        if not vpc_id:
            return []
        with aws_errors("listing Lambda's network interfaces", region):
            found = self._in_vpc(region, vpc_id)
            for interface in found:
                if interface["Status"] != IN_USE and self._is_left_behind(region, interface):
                    self._delete(region, interface["NetworkInterfaceId"])
        return [i["NetworkInterfaceId"] for i in found if i["Status"] == IN_USE]

    def _in_vpc(self, region: str, vpc_id: str) -> list[Any]:
        filters: Any = [
            {"Name": "vpc-id", "Values": [vpc_id]},
            {"Name": "description", "Values": [f"{DESCRIPTION}*"]},
        ]
        pages = self._clients.ec2(region).get_paginator("describe_network_interfaces")
        return [i for page in pages.paginate(Filters=filters) for i in page["NetworkInterfaces"]]

    def _is_left_behind(self, region: str, interface: Any) -> bool:
        """Whether no function of its description exists. False when Lambda does not tell."""
        names = function_names(interface.get("Description", ""))
        return bool(names) and not any(self._may_exist(region, name) for name in names)

    def _may_exist(self, region: str, name: str) -> bool:
        """Lambda refuses to tell about functions that the policy does not name."""
        client = self._clients.awslambda(region)
        try:
            client.get_function_configuration(FunctionName=name)
        except client.exceptions.ClientError as error:
            if code_of(error) == NO_FUNCTION:
                return False
            if code_of(error) not in DENIED:
                raise
        return True

    def _delete(self, region: str, interface_id: str) -> None:
        """It may be gone, or attached again, since it was listed: then there is nothing to do."""
        with ignoring(DELETED_ALREADY | ATTACHED_MEANWHILE):
            self._clients.ec2(region).delete_network_interface(NetworkInterfaceId=interface_id)


def function_names(description: str) -> list[str]:
    """The names that the interface's function may have, the likeliest first.

    Lambda writes the function's name, a dash and an id, which is nearly always a UUID.
    """
    found = _FUNCTION.match(description)
    if not found:
        return []
    text = found.group(1)
    if _UUID.search(text):
        return [_UUID.sub("", text)]
    return list(dict.fromkeys([_LAST_PART.sub("", text), text]))
