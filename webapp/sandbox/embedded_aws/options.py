"""The embedded AWS's options, from environment variables that the launcher sets."""

import os
from dataclasses import dataclass, field
from pathlib import Path

NAT_GATEWAY_PACE_FACTOR = 6
"""A NAT gateway takes this many times as long as any other resource."""

NOBODY = '{"users": [], "policies": {}}'


@dataclass(frozen=True)
class Options:
    """`nat_proxy` is host:port; if it is empty, functions have no egress path.

    `ca_file` has the certificates that functions trust; without one, they trust the system's.

    `network_quota` limits VPCs, internet gateways, and NAT gateways in a zone. `access_key_id` and
    `secret` are the administrator's. `users` is JSON: whom IAM has from the start.
    """

    port: int
    state_dir: Path
    pace_s: float
    address_quota: int
    network_quota: int
    nat_proxy: str
    access_key_id: str
    ca_file: Path | None
    secret: str = field(repr=False)
    users: str = field(repr=False)

    @classmethod
    def from_environment(cls) -> "Options":
        env = os.environ
        return cls(
            port=int(env["GATEWAY_PORT"]),
            state_dir=Path(env["EMBEDDED_AWS_STATE_DIR"]),
            pace_s=float(env.get("EMBEDDED_AWS_PACE_S", "0")),
            address_quota=int(env.get("EMBEDDED_AWS_ADDRESS_QUOTA", "5")),
            network_quota=int(env.get("EMBEDDED_AWS_NETWORK_QUOTA", "5")),
            nat_proxy=env.get("EMBEDDED_AWS_NAT_PROXY", ""),
            access_key_id=env["AWS_ACCESS_KEY_ID"],
            ca_file=Path(found) if (found := env.get("EMBEDDED_AWS_CA_FILE")) else None,
            secret=env["AWS_SECRET_ACCESS_KEY"],
            users=env.get("EMBEDDED_AWS_USERS", NOBODY),
        )

    def pace_of(self, resource_type: str) -> float:
        """Seconds that CloudFormation takes for a resource of that type."""
        return self.pace_s * (
            NAT_GATEWAY_PACE_FACTOR if resource_type == "AWS::EC2::NatGateway" else 1
        )
