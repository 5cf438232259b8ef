"""The quotas that a network may reach: their codes in Service Quotas, and how AWS names them."""

import re
from typing import NamedTuple

from webapp.aws.partitions import console_url


class QuotaKind(NamedTuple):
    """A quota in Service Quotas, by its codes there."""

    what: str
    code: str
    service: str

    def url(self, region: str) -> str:
        """The page of AWS's console where a higher quota is requested."""
        return (
            f"{console_url(region)}/servicequotas/home/services/{self.service}/quotas/{self.code}"
        )


QUOTAS = {
    "AddressLimitExceeded": QuotaKind("Elastic IP addresses", "L-0263D0A3", "ec2"),
    "VpcLimitExceeded": QuotaKind("VPCs", "L-F678F1CE", "vpc"),
    "InternetGatewayLimitExceeded": QuotaKind("internet gateways", "L-A4707A72", "vpc"),
    "NatGatewayLimitExceeded": QuotaKind("NAT gateways per availability zone", "L-FE5A380F", "vpc"),
    "VpcEndpointLimitExceeded": QuotaKind("gateway VPC endpoints", "L-1B52E74A", "vpc"),
}
IN_WORDS = {
    "addresses": "AddressLimitExceeded",
    "VPCs": "VpcLimitExceeded",
    "internet gateways": "InternetGatewayLimitExceeded",
    "NAT gateways": "NatGatewayLimitExceeded",
    "VPC endpoints": "VpcEndpointLimitExceeded",
}
"""What the sentence of a failed stack event calls each: today's events have no code of EC2."""
_QUOTA_IN_REASON = re.compile(
    r"(?:maximum (?:allowed )?number of|exceed the (?:limit|quota) of \d+|limit of \d+"
    r"|(?:limit|quota) (?:on|of|for) (?:the )?(?:number of )?|too many) ?"
    rf"({'|'.join(IN_WORDS)})\b(?! per (?!availability zone|zone|region))",
    re.IGNORECASE,
)
ANY_QUOTA = "ServiceLimitExceeded"
"""CloudFormation's own code for any quota of any service."""
_ANY_QUOTA = re.compile(
    r"maximum (?:allowed )?number of|LimitExceeded|QuotaExceeded|CodeStorageExceeded|TooManyBuckets"
    r"|exceed(?:s|ed|ing)? (?:the |your )?(?:\w+ )?(?:limit|quota)|attempted to create more"
    r"|\b(?:limit|quota)\b[^.:]{0,60} (?:been )?(?:exceeded|reached)"
    r"|reached (?:the|your) (?:\w+ )?(?:limit|quota)|\bquota allows for"
    r"|too many (?:\w+ )?allocated|below its minimum value",
    re.IGNORECASE,
)
_SERVICE_IN_REASON = re.compile(r"\(Service: (\w+)")
_SERVICES = {
    "amazonec2": "vpc",
    "awslambda": "lambda",
    "awslambdainternal": "lambda",
    "awskms": "kms",
    "cloudwatchlogs": "logs",
    "ec2": "vpc",
}
"""Service Quotas' names. What EC2 limits of a network is listed under the service VPC."""
# A stack event has no field for the code: its text has it, in a form that differs by service.
_ERROR_CODE_IN_REASON = re.compile(r"Error Code: (\w+)|\((\w+LimitExceeded)\)|(\w+LimitExceeded)")


def code_in(reason: str) -> str:
    """EC2's code for the quota that a failed stack event names, or the code that it has."""
    if named := _QUOTA_IN_REASON.search(reason):
        return next(code for words, code in IN_WORDS.items() if words.lower() == named[1].lower())
    found = _ERROR_CODE_IN_REASON.search(reason)
    code = next((group for group in found.groups() if group), "") if found else ""
    if code not in QUOTAS and _ANY_QUOTA.search(reason):
        return ANY_QUOTA
    return code


def page_in(reason: str, region: str) -> str:
    """The page of the quotas of the service that a failed stack event names."""
    found = _SERVICE_IN_REASON.search(reason)
    name = found[1].lower() if found else ""
    service = _SERVICES.get(name, name)
    page = f"/services/{service}/quotas" if service else ""
    return f"{console_url(region)}/servicequotas/home{page}"
