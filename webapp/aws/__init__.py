"""AWS in our own verbs: one adapter per noun, all of them held by Cloud.

boto3's dictionaries and errors do not leave this package: frozen dataclasses and AwsError do. A
room (`cloudformation`, `egress`, `drift`) has its adapter in `adapter.py`. Nothing in here imports
this module.
"""

from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import cache

from webapp.aws.accounts import AccountRole, in_account
from webapp.aws.addresses import NO_TAGS, Addresses
from webapp.aws.blockers import Blockers
from webapp.aws.callers import Callers
from webapp.aws.clients import Clients
from webapp.aws.cloudformation.adapter import Stacks
from webapp.aws.drift.adapter import Drift
from webapp.aws.egress.adapter import Egress
from webapp.aws.functions import Functions
from webapp.aws.identities import Identities
from webapp.aws.inventory import Inventory
from webapp.aws.kms import Kms
from webapp.aws.lambda_interfaces import LambdaInterfaces
from webapp.aws.logs import Logs
from webapp.aws.metrics import Metrics
from webapp.aws.nat_gateways import NatGateways
from webapp.aws.packages import Packages
from webapp.aws.permissions import Permissions
from webapp.aws.public_access import PublicAccess
from webapp.aws.quotas import Quotas
from webapp.aws.secrets import Secrets
from webapp.aws.vpcs import Vpcs


@dataclass(frozen=True)
class Cloud:
    """All adapters to one account. `poll_s` is the time between two polls of a changing stack.

    `threads` is for calls in parallel, to more than one adapter or region. In another account than
    the dashboard's own, `number` is the account's and `own` is the cloud of that one.
    """

    addresses: Addresses
    blockers: Blockers
    callers: Callers
    drift: Drift
    egress: Egress
    functions: Functions
    identities: Identities
    inventory: Inventory
    kms: Kms
    lambda_interfaces: LambdaInterfaces
    logs: Logs
    metrics: Metrics
    nat_gateways: NatGateways
    packages: Packages
    permissions: Permissions
    public_access: PublicAccess
    quotas: Quotas
    secrets: Secrets
    stacks: Stacks
    vpcs: Vpcs
    threads: Callable[[], Executor]
    poll_s: float
    number: str
    own: "Cloud | None"
    assuming: Callable[[AccountRole], "Cloud"]

    @classmethod
    def connect(
        cls,
        clients: Clients,
        *,
        prefix: str,
        poll_s: float,
        tags: Mapping[str, str] = NO_TAGS,
        service_role_arn: str = "",
        own: "Cloud | None" = None,
    ) -> "Cloud":
        """Adapters that share one set of clients. Nothing is sent until they are used.

        `prefix` begins the name of everything that is made (EGRET_NAME_PREFIX), and every address
        gets the `tags` (EGRET_TAGS); stacks and secrets are told theirs by the services.
        `service_role_arn` is EGRET_SERVICE_ROLE_ARN.
        """

        @cache
        def assuming(role: AccountRole) -> Cloud:
            return cls.connect(
                clients.assuming(role),
                prefix=prefix,
                poll_s=poll_s,
                tags=tags,
                service_role_arn=in_account(service_role_arn, role.number),
                own=made,
            )

        made = cls(
            addresses=Addresses(clients, prefix, tags=tags),
            blockers=Blockers(clients),
            callers=Callers(clients),
            drift=Drift(clients),
            egress=Egress(clients),
            functions=Functions(clients),
            identities=Identities(clients),
            inventory=Inventory(clients, prefix),
            kms=Kms(clients),
            lambda_interfaces=LambdaInterfaces(clients),
            logs=Logs(clients),
            metrics=Metrics(clients),
            nat_gateways=NatGateways(clients),
            packages=Packages(clients, prefix),
            permissions=Permissions(clients),
            public_access=PublicAccess(clients),
            quotas=Quotas(clients),
            secrets=Secrets(clients),
            stacks=Stacks(clients, service_role_arn),
            vpcs=Vpcs(clients),
            threads=clients.threads,
            poll_s=poll_s,
            number=clients.number,
            own=own,
            assuming=assuming,
        )
        return made

    def of(self, role: AccountRole | None) -> "Cloud":
        """The one that acts with the role, always the same one; the dashboard's own for None."""
        own = self.own or self
        return own.assuming(role) if role else own

    def here(self, arn: str) -> str:
        """The ARN of what has the same name in this account; the dashboard's own as it is."""
        return in_account(arn, self.number)
