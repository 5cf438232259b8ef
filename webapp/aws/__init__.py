"""AWS in our own verbs. boto3's dictionaries and errors do not leave this package."""

from dataclasses import dataclass

from webapp.aws.addresses import Addresses
from webapp.aws.clients import Clients
from webapp.aws.functions import Functions
from webapp.aws.secrets import Secrets
from webapp.aws.stacks import Stacks
from webapp.aws.vpcs import Vpcs


@dataclass(frozen=True)
class Cloud:
    """The adapters together, as the services take them."""

    addresses: Addresses
    functions: Functions
    secrets: Secrets
    stacks: Stacks
    vpcs: Vpcs

    @classmethod
    def connect(cls, endpoint_url: str | None = None) -> "Cloud":
        """Adapters over one set of clients; nothing is sent until they are used."""
        clients = Clients(endpoint_url)
        return cls(
            addresses=Addresses(clients),
            functions=Functions(clients),
            secrets=Secrets(clients),
            stacks=Stacks(clients),
            vpcs=Vpcs(clients),
        )
