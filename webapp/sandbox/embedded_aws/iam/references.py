"""Templates that refer to secrets and to parameters of Systems Manager: who may read those.

CloudFormation reads them with the permissions of its caller, or with those of the service role.
ministack reads them whoever asks, so whoever may make a stack could read every secret.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/dynamic-references.html
"""

import uuid
from collections.abc import Callable
from typing import Any

from ministack.core.responses import get_account_id, get_region
from ministack.services import secretsmanager, ssm

from webapp.sandbox.embedded_aws.iam.needs import Need
from webapp.sandbox.embedded_aws.iam.permits import Permits
from webapp.sandbox.embedded_aws.iam.requests import of_secret

Read = Callable[..., str | None]
SERVICES = {"secretsmanager": "AWSSecretsManager", "ssm": "AWSSimpleSystemsManagement"}


def install(permits: Permits) -> None:
    secretsmanager.resolve_secret_string = _checked(
        permits, secretsmanager.resolve_secret_string, _of_secret
    )
    ssm.resolve_parameter_value = _checked(permits, ssm.resolve_parameter_value, _of_parameter)


def _checked(permits: Permits, read: Read, needed: Callable[[str], list[Need]]) -> Read:
    """`read`, which raises ValueError where it may not be read."""

    def read_what_may_be(name: str, *rest: Any, **named: Any) -> str | None:
        refused = permits.refused(needed(name))
        if refused:
            service = SERVICES[refused.need.action.partition(":")[0]]
            raise ValueError(
                f"{refused} (Service: {service}; Status Code: 400; Error Code: "
                f"AccessDeniedException; Request ID: {uuid.uuid4()}; Proxy: null)"
            )
        return read(name, *rest, **named)

    return read_what_may_be


def _of_secret(secret_id: str) -> list[Need]:
    _, secret = secretsmanager._resolve(secret_id, use_arn_scope=True)
    where = f"arn:aws:secretsmanager:{get_region()}:{get_account_id()}:secret:{secret_id}"
    arn = (secret or {}).get("ARN") or where
    return of_secret(Need("secretsmanager:GetSecretValue", arn, region=get_region()), secret_id)


def _of_parameter(name: str) -> list[Need]:
    path = name if name.startswith("/") else f"/{name}"
    where = f"arn:aws:ssm:{get_region()}:{get_account_id()}:parameter{path}"
    arn = name if name.startswith("arn:") else where
    return [Need("ssm:GetParameters", arn, region=get_region())]
