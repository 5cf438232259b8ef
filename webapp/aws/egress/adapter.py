"""The whole way out of a function: what a packet passes, then what the function itself needs."""

from webapp.aws.clients import Clients
from webapp.aws.egress.function_hops import function_hops
from webapp.aws.egress.hops import EgressPath
from webapp.aws.egress.walk import walk

HTTPS = 443


class Paths:
    def __init__(self, clients: Clients) -> None:
        self._clients = clients

    def trace(
        self, region: str, *, function: str, subnet_id: str, group_ids: list[str]
    ) -> EgressPath:
        """Up to the first broken hop; `function` is its name in Lambda. Raises AwsError."""
        ec2 = self._clients.ec2(region)
        way = walk(ec2, region, subnet_id=subnet_id, group_ids=group_ids, port=HTTPS)
        if way.broken:
            return way
        more = function_hops(
            self._clients.awslambda(region),
            region,
            function,
            subnet_id=subnet_id,
            group_ids=group_ids,
        )
        return EgressPath((*way.hops, *more), way.source_address)
