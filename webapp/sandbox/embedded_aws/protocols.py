"""How services answer: ministack reads the whole model of each for that, EC2's in 0.1 s."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ministack.core import responses

JSON = {"protocol": "json", "jsonVersion": "1.1"}
METADATA = {
    "apigateway": {"protocol": "rest-json"},
    "cloudformation": {"protocol": "query"},
    "ec2": {"protocol": "ec2"},
    "iam": {"protocol": "query"},
    "kms": JSON,
    "lambda": {"protocol": "rest-json"},
    "logs": JSON,
    "secretsmanager": JSON,
    "sts": {"protocol": "query"},
}
"""Of botocore's models, for the services that Egret calls."""


@dataclass(frozen=True)
class Described:
    """As much of a model as ministack looks at."""

    metadata: dict[str, str]


def install() -> None:
    read: Callable[[str], Any] = responses._service_model
    known = {service: Described(metadata) for service, metadata in METADATA.items()}
    responses._service_model = lambda service: known.get(service) or read(service)
