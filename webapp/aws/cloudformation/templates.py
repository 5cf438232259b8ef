"""Fills in the CloudFormation templates beside this file, which gives the plan of a stack.

The handler's code is put into the template itself (`ZipFile`), so that no bucket is needed. The
price is CloudFormation's size limit of a template: larger code is a zip in a bucket.
"""

import hashlib
import ipaddress
import json
import re
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from webapp.aws.cloudformation.conditions import parse, resources
from webapp.aws.cloudformation.endpoint import ALLOWED_HEADERS, Endpoint
from webapp.aws.cloudformation.stacks import Plan
from webapp.aws.tags import FUNCTION_TAG, MANAGED_TAG, NETWORK_TAG
from webapp.errors import TooLarge

FOLDER = Path(__file__).parent
_COMMENT = re.compile(r"^ *#.*\n", re.MULTILINE)
"""Comments are left out of a stack, since they take room from the code."""
PROBE = FOLDER.parents[2] / "lambda_templates" / "egress_probe" / "handler.py"
BODY_MAX_BYTES = 51_200
"""CloudFormation's limit for a template that is sent within the request."""
ROOM_FOR_IDS_AND_PATH_BYTES = 2048
"""Logical ids are longer than their placeholders in function.yaml, and each part of the path is a
resource."""
SUBNET_BITS = 3
"""A network's range is cut into eight parts, so that three zones fit with room to spare."""
SMALLEST_SUBNET_PREFIX = 28
"""AWS's smallest subnet. A range of /26 is therefore cut into four parts, for two zones."""
RANGES_KEPT = 256
"""Whose parts are known: each page of a network shows them."""
ZONES_MAX = 3
"""As many as network.yaml has. The first parts are the public subnets of all zones that fit, the
next ones the private subnets. Another numbering would replace the subnets of every network that
exists."""


@dataclass(frozen=True)
class NetworkStack:
    """`zones` and `allocation_ids` are in the same order; a single NAT gateway has one id."""

    prefix: str
    name: str
    region: str
    cidr: str
    zones: tuple[str, ...]
    nat: str
    allocation_ids: tuple[str, ...]
    echo_url: str
    permissions_boundary_arn: str = ""
    parked: bool = False
    protected: bool = False
    tags: dict[str, str] = field(default_factory=dict)

    @staticmethod
    def stack_name(prefix: str, name: str) -> str:
        return f"{prefix}-network-{name}"

    def plan(self) -> Plan:
        parameters = {
            "Name": f"{self.prefix} {self.name}",
            "VpcCidr": self.cidr,
            "Nat": self.nat,
            "Parked": "true" if self.parked else "false",
            "EchoUrl": self.echo_url,
            "PermissionsBoundaryArn": self.permissions_boundary_arn,
        }
        subnets = subnet_cidrs(self.cidr, len(self.zones))
        for number, (zone, (public, private)) in enumerate(
            zip(self.zones, subnets, strict=True), 1
        ):
            parameters[f"AvailabilityZone{number}"] = zone
            parameters[f"PublicCidr{number}"] = public
            parameters[f"PrivateCidr{number}"] = private
        for number, allocation_id in enumerate(self.allocation_ids, 1):
            parameters[f"AllocationId{number}"] = allocation_id
        plan = _plan(
            self.region,
            self.stack_name(self.prefix, self.name),
            _read("network.yaml", PROBE.read_text()),
            parameters,
            self.tags | {MANAGED_TAG: "true", NETWORK_TAG: self.name},
        )
        return replace(plan, protected=self.protected)


@dataclass(frozen=True)
class ZippedCode:
    """A zip in a bucket of the function's region."""

    bucket: str
    key: str


@dataclass(frozen=True)
class FunctionStack:
    """`code` is the handler's source or where it is; `settings` become the handler's SETTINGS.

    `key_sent_as` says where it sends the key: `bearer`, `header X-Api-Key`, `query api_key`.

    The endpoint answers the `methods` at its `path` (parts separated by slashes), and with
    `subpaths` below it as well.
    """

    prefix: str
    name: str
    region: str
    code: str | ZippedCode
    subnet_ids: tuple[str, ...]
    security_group_id: str
    secret_arn: str
    kms_key_arn: str
    partner_url: str
    echo_url: str
    settings: dict[str, Any]
    memory_mb: int
    timeout_s: int
    calls_per_second: int
    call_burst: int
    access: str
    stage: str
    path: str = ""
    methods: tuple[str, ...] = ("GET",)
    subpaths: bool = False
    key_sent_as: str = "bearer"
    cors_origins: tuple[str, ...] = ()
    permissions_boundary_arn: str = ""
    tags: dict[str, str] = field(default_factory=dict)

    @staticmethod
    def stack_name(prefix: str, name: str) -> str:
        return f"{prefix}-function-{name}"

    def plan(self) -> Plan:
        endpoint = Endpoint(self.path, self.methods, subpaths=self.subpaths)
        function = {
            "Name": self.name,
            "SubnetIds": ",".join(self.subnet_ids),
            "SecurityGroupId": self.security_group_id,
            "SecretArn": self.secret_arn,
            "KeySentAs": self.key_sent_as,
            "PartnerUrl": self.partner_url,
            "EchoUrl": self.echo_url,
            "Settings": json.dumps(self.settings, sort_keys=True),
            "MemoryMb": str(self.memory_mb),
            "TimeoutS": str(self.timeout_s),
            "CorsOrigins": ",".join(self.cors_origins),
            "Access": self.access,
        }
        parameters = function | {
            "KmsKeyArn": self.kms_key_arn,
            "KeyRegion": self.secret_arn.split(":")[3],
            "CallsPerSecond": str(self.calls_per_second),
            "CallBurst": str(self.call_burst),
            "StageName": self.stage,
            "Callable": endpoint.callable_as(),
            "AllowedHeaders": ALLOWED_HEADERS,
            "CorsOrigin": self.cors_origins[0] if self.cors_origins else "",
            "PermissionsBoundaryArn": self.permissions_boundary_arn,
        }
        body = endpoint.written_into(_function_body(self.code))
        served = (self.cors_origins, ALLOWED_HEADERS)
        of_lambda = parse(body)["Resources"]["Function"]["Properties"]
        # API Gateway serves a snapshot. A changed API is served only by a new Deployment, and
        # CloudFormation makes a new one only under a new logical id.
        ids = {
            "@deployment@": f"Deployment{_hash(body, self.access, served)}",
            "@version@": f"Version{_hash(of_lambda, function)}",
            "@key_access@": f"KeyAccess{_hash(self.secret_arn, self.kms_key_arn)}",
        }
        for placeholder, logical_id in ids.items():
            body = body.replace(placeholder, logical_id)
        return _plan(
            self.region,
            self.stack_name(self.prefix, self.name),
            body,
            parameters,
            self.tags | {MANAGED_TAG: "true", FUNCTION_TAG: self.name},
        )


def foundation_name(prefix: str) -> str:
    return f"{prefix}-foundation"


def foundation_plan(
    region: str,
    *,
    prefix: str,
    tags: dict[str, str] | None = None,
    key: bool = True,
    bucket: bool = False,
) -> Plan:
    """The stack with what the whole installation shares in a region: the KMS key of all secrets,
    and the bucket of code that is too large for the stacks of its functions."""
    body = (FOLDER / "foundation.yaml").read_text()
    parameters = {
        "Prefix": prefix,
        "WithKey": "true" if key else "false",
        "WithBucket": "true" if bucket else "false",
    }
    every = (tags or {}) | {MANAGED_TAG: "true"}
    return _plan(region, foundation_name(prefix), body, parameters, every)


def fits_inline(code: str, methods: tuple[str, ...] = ("GET",), *, subpaths: bool = False) -> bool:
    """Whether the handler's source fits into the stack of a function with such an endpoint."""
    body = Endpoint("", methods, subpaths=subpaths).written_into(_function_body(code))
    return len(body.encode()) + ROOM_FOR_IDS_AND_PATH_BYTES <= BODY_MAX_BYTES


@lru_cache(RANGES_KEPT)
def subnet_cidrs(cidr: str, zones: int) -> tuple[tuple[str, str], ...]:
    """The public and the private range of each zone."""
    network = ipaddress.IPv4Network(cidr)
    bits = min(SUBNET_BITS, SMALLEST_SUBNET_PREFIX - network.prefixlen)
    parts = [str(part) for part in network.subnets(prefixlen_diff=bits)]
    first_private = zones_in_range(cidr)
    return tuple((parts[zone], parts[first_private + zone]) for zone in range(zones))


def zones_in_range(cidr: str) -> int:
    """How many zones have room in the range: two subnets each, none smaller than AWS allows."""
    prefix = ipaddress.IPv4Network(cidr).prefixlen
    return min(ZONES_MAX, (1 << (SMALLEST_SUBNET_PREFIX - prefix)) // 2)


def _function_body(code: str | ZippedCode) -> str:
    """The template with the function's code. JSON is YAML too."""
    if isinstance(code, str):
        place = {"ZipFile": code}
    else:
        place = {"S3Bucket": code.bucket, "S3Key": code.key}
    body = _COMMENT.sub("", (FOLDER / "function.yaml").read_text())
    return body.replace('"@code@"', json.dumps(place))


def _read(file: str, code: str) -> str:
    """The template with the handler's source in it. Every JSON string is a YAML string too."""
    return (FOLDER / file).read_text().replace('"@handler@"', json.dumps(code))


def _hash(*parts: Any) -> str:
    """Short, for a logical id, which takes letters and digits only."""
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:8]


def _plan(
    region: str, name: str, body: str, parameters: dict[str, str], tags: dict[str, str]
) -> Plan:
    if len(body.encode()) > BODY_MAX_BYTES:
        raise TooLarge(
            f"The template of {name} has {len(body.encode())} bytes; CloudFormation accepts "
            f"{BODY_MAX_BYTES}.",
            remedy="Make the handler smaller.",
        )
    made = resources(body, parameters)
    return Plan(region, name, body, parameters, tags, made)
