"""Why Lambda says that a function cannot run: the reason codes of its state.

(Lambda API reference, GetFunctionConfiguration: StateReasonCode, LastUpdateStatusReasonCode.)
"""

from webapp.aws.answers.kinds import Kind

GONE = "Create the network and the function again."
KMS = "See whether the KMS key is enabled and its policy lets the function's role use it."
STATES = {
    "EniLimitExceeded": (Kind.QUOTA, "Request a higher quota of network interfaces per VPC."),
    "SubnetOutOfIPAddresses": (
        Kind.UNUSABLE,
        "Free addresses in the subnet, or use a network with a larger range.",
    ),
    "InvalidSubnet": (Kind.UNUSABLE, f"Its subnet is gone. {GONE}"),
    "InvalidSecurityGroup": (Kind.UNUSABLE, f"Its security group is gone. {GONE}"),
    "InternalError": (Kind.OUTAGE, "Lambda failed for a reason of its own."),
    "DisabledKMSKey": (Kind.UNUSABLE, KMS),
    "InvalidStateKMSKey": (Kind.UNUSABLE, KMS),
    "KMSKeyAccessDenied": (Kind.UNUSABLE, KMS),
    "KMSKeyNotFound": (Kind.UNUSABLE, KMS),
}
"""Kind and step by code. InsufficientRolePermissions is not here: see `rules` and `egress`."""
