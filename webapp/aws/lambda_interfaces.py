"""The network interfaces through which Lambda connects functions to a VPC.

Lambda releases those in use 20 to 45 minutes after their function was deleted or left the VPC, and
not before; so those of a function that is still there are told apart. One that it has
detached without deleting it (*available*), because the function's role was gone by then, stays for
ever, and keeps its subnet and security group from being deleted. Only their description tells that
they are Lambda's, and whose.
"""

import re
from dataclasses import dataclass
from functools import cache
from typing import Any

from webapp.aws.clients import Clients
from webapp.aws.errors import DENIED, aws_errors, code_of, ignoring

DESCRIPTION = "AWS Lambda VPC ENI"
TYPICAL = "20 to 45 minutes"
TIMEOUT_S = 3600.0
NAMED_MAX = 3
DETACHED = "available"
"""The status of one that can be deleted; any other one is in use, or about to be or not to be."""
_FUNCTION = re.compile(rf"{DESCRIPTION}-([\w-]+)")
_UUID = re.compile(r"-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")
_LAST_PART = re.compile(r"-[^-]+$")
DELETED_ALREADY = frozenset({"InvalidNetworkInterfaceID.NotFound"})
ATTACHED_MEANWHILE = frozenset({"InvalidNetworkInterface.InUse", "InvalidParameterValue"})
NO_FUNCTION = "ResourceNotFoundException"


@dataclass(frozen=True)
class Held:
    """What Lambda holds in a VPC: `waiting` are the ids of interfaces that it will release.

    It will not release those of `functions`, which exist. Of those that it will, `unknown` are
    functions about which the policy does not let us ask.
    """

    waiting: tuple[str, ...] = ()
    functions: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()

    @property
    def what(self) -> str:
        """What is held, in a sentence; '' when nothing is."""
        if len(self.functions) == 1:
            return f"The Lambda function {self.functions[0]} is still in the VPC."
        if self.functions:
            return f"The Lambda functions {_named(self.functions)} are still in the VPC."
        if not self.waiting:
            return ""
        count = len(self.waiting)
        interfaces = "network interface" if count == 1 else "network interfaces"
        return f"Waiting for Lambda to release {count} {interfaces}: {_named(self.waiting)}."

    @property
    def remedy(self) -> str:
        if self.functions:
            them = "it" if len(self.functions) == 1 else "them"
            return (
                f"Delete {_named(self.functions)}, or take {them} out of the VPC; AWS then removes "
                f"the network interfaces within {TYPICAL}."
            )
        if self.unknown:
            return (
                f"If it still exists, delete or take out of the VPC: {_named(self.unknown)}. AWS "
                "removes the interfaces of functions that are gone automatically, usually within "
                f"{TYPICAL}."
            )
        if not self.waiting:
            return ""
        return f"AWS removes them automatically, usually within {TYPICAL}."

    def may_pass(self, elapsed_s: float) -> bool:
        """Whether waiting helps: not while a function uses the VPC, nor for ever."""
        return bool(self.waiting) and not self.functions and elapsed_s < TIMEOUT_S


NOTHING_HELD = Held()


class LambdaInterfaces:
    def __init__(self, clients: Clients) -> None:
        self._clients = clients

    def release(self, region: str, vpc_id: str, *, own: str = "") -> Held:
        """Delete those in the VPC that Lambda has left behind; gives what it still holds.

        Functions whose names begin with `own` go with the stack that is being deleted.
        """
        if not vpc_id:
            return NOTHING_HELD
        waiting, living, unknown = [], [], []
        with aws_errors("listing Lambda's network interfaces", region):
            exists = cache(lambda name: self._exists(region, name))
            for interface in self._in_vpc(region, vpc_id):
                interface_id = interface["NetworkInterfaceId"]
                names = function_names(interface.get("Description", ""))
                if interface["Status"] == DETACHED:
                    if names and all(exists(name) is False for name in names):
                        self._delete(region, interface_id)
                    continue
                theirs = [name for name in names if not (own and name.startswith(own))]
                alive = [name for name in theirs if exists(name)][:1]
                living += alive
                if not alive:
                    waiting.append(interface_id)
                    unknown += [name for name in theirs[:1] if exists(name) is None]
        return Held(tuple(waiting), tuple(dict.fromkeys(living)), tuple(dict.fromkeys(unknown)))

    def _in_vpc(self, region: str, vpc_id: str) -> list[Any]:
        filters: Any = [
            {"Name": "vpc-id", "Values": [vpc_id]},
            {"Name": "description", "Values": [f"{DESCRIPTION}*"]},
        ]
        pages = self._clients.ec2(region).get_paginator("describe_network_interfaces")
        return [i for page in pages.paginate(Filters=filters) for i in page["NetworkInterfaces"]]

    def _exists(self, region: str, name: str) -> bool | None:
        """None when Lambda does not tell: the policy does not name the function."""
        client = self._clients.awslambda(region)
        try:
            client.get_function_configuration(FunctionName=name)
        except client.exceptions.ClientError as error:
            if code_of(error) == NO_FUNCTION:
                return False
            if code_of(error) not in DENIED:
                raise
            return None
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


def _named(what: tuple[str, ...]) -> str:
    others = " and others" if len(what) > NAMED_MAX else ""
    return f"{', '.join(what[:NAMED_MAX])}{others}"
