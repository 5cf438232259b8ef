"""AWS in our own verbs: one adapter per noun, all of them held by Cloud.

boto3's dictionaries and errors do not leave this package: frozen dataclasses and AwsError do. A
room (`cloudformation`, `egress`, `drift`) has its adapter in `adapter.py`. Nothing in here imports
this module.
"""

from dataclasses import dataclass

from webapp.aws.addresses import Addresses
from webapp.aws.clients import Clients
from webapp.aws.cloudformation.adapter import Stacks
from webapp.aws.drift.adapter import Drift
from webapp.aws.egress.adapter import Egress
from webapp.aws.functions import Functions
from webapp.aws.inventory import Inventory
from webapp.aws.permissions import Permissions
from webapp.aws.quotas import Quotas
from webapp.aws.secrets import Secrets
from webapp.aws.vpcs import Vpcs


@dataclass(frozen=True)
class Cloud:
    """All adapters. `poll_s` is the time between two polls of a stack that is changing."""

    addresses: Addresses
    drift: Drift
    egress: Egress
    functions: Functions
    inventory: Inventory
    permissions: Permissions
    quotas: Quotas
    secrets: Secrets
    stacks: Stacks
    vpcs: Vpcs
    poll_s: float

    @classmethod
    def connect(cls, clients: Clients, *, prefix: str, poll_s: float) -> "Cloud":
        """Adapters that share one set of clients. Nothing is sent until they are used.

        `prefix` begins the name of everything that is made (EGRET_NAME_PREFIX).
        """
        return cls(
            addresses=Addresses(clients, prefix),
            drift=Drift(clients),
            egress=Egress(clients),
            functions=Functions(clients),
            inventory=Inventory(clients, prefix),
            permissions=Permissions(clients),
            quotas=Quotas(clients),
            secrets=Secrets(clients),
            stacks=Stacks(clients),
            vpcs=Vpcs(clients),
            poll_s=poll_s,
        )
