"""The entry of this room: traces how a function's calls leave a network.

A trace has two halves: what each packet passes on its way (`walk`, by what EC2 says), then what the
function itself needs (`function_hops`, by what Lambda says). It stops at the first broken hop.
"""

from webapp.aws.clients import Clients
from webapp.aws.egress.function_hops import function_hops
from webapp.aws.egress.hops import EgressPath
from webapp.aws.egress.walk import walk

HTTPS = 443


class Egress:
    def __init__(self, clients: Clients) -> None:
        self._clients = clients

    def trace(
        self, region: str, *, function: str, subnet_id: str, group_ids: list[str]
    ) -> EgressPath:
        """The path of an HTTPS call from the subnet, up to and including the first broken hop.

        `function` is its name in Lambda. Raises AwsError.
        """
        ec2 = self._clients.ec2(region)
        path = walk(ec2, region, subnet_id=subnet_id, group_ids=group_ids, port=HTTPS)
        if path.broken:
            return path
        own_hops = function_hops(
            self._clients.awslambda(region),
            region,
            function,
            subnet_id=subnet_id,
            group_ids=group_ids,
        )
        return EgressPath((*path.hops, *own_hops), path.source_address)
