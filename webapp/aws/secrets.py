"""Secrets Manager, write-only: nothing here can read a secret back, nor does the dashboard's policy
allow it.

The id of a version is the request token with which it was stored. So it is known before AWS is
asked, and a request that is repeated is not done twice.
"""

from dataclasses import dataclass

from webapp.aws.clients import Clients
from webapp.aws.errors import aws_errors
from webapp.aws.tags import tag_list

RECOVERY_WINDOW_DAYS = 7
CURRENT = "AWSCURRENT"
PREVIOUS = "AWSPREVIOUS"
LABELS = (CURRENT, PREVIOUS)
KEY_FOLDER = "key"
"""Between the dashboard's prefix and the key's name in the name of a secret."""


@dataclass(frozen=True)
class Secret:
    """`versions` has the label of each version by its id: AWSCURRENT, AWSPREVIOUS or another one.

    Versions without a label are not listed; Secrets Manager may delete them.
    """

    arn: str
    versions: dict[str, str]
    is_being_deleted: bool = False


def secret_name(prefix: str, key_name: str, key_id: str) -> str:
    return f"{prefix}/{KEY_FOLDER}/{key_name}-{key_id}"


class Secrets:
    def __init__(self, clients: Clients) -> None:
        self._clients = clients

    def create(
        self,
        region: str,
        name: str,
        secret: str,
        *,
        token: str,
        kms_key_arn: str,
        tags: dict[str, str],
    ) -> str:
        """Store a new secret, encrypted with the KMS key; gives its ARN. `token`: its version."""
        with aws_errors(f"storing the secret {name}", region):
            return self._clients.secretsmanager(region).create_secret(
                Name=name,
                ClientRequestToken=token,
                SecretString=secret,
                KmsKeyId=kms_key_arn,
                Tags=tag_list(tags),
            )["ARN"]

    def put(self, region: str, arn: str, secret: str, *, token: str) -> None:
        """Store a new version, which becomes the current one. `token`: its id."""
        with aws_errors("storing a version of a secret", region):
            self._clients.secretsmanager(region).put_secret_value(
                SecretId=arn, SecretString=secret, ClientRequestToken=token
            )

    def make_current(self, region: str, arn: str, version: str, *, instead_of: str) -> None:
        """Make the version the current one; the one that was becomes the previous one."""
        with aws_errors("changing the current version of a secret", region):
            self._clients.secretsmanager(region).update_secret_version_stage(
                SecretId=arn,
                VersionStage=CURRENT,
                MoveToVersionId=version,
                RemoveFromVersionId=instead_of,
            )

    def find(self, region: str, name_or_arn: str) -> Secret | None:
        """None when there is no such secret, or none any more."""
        client = self._clients.secretsmanager(region)
        with aws_errors("reading the versions of a secret", region):
            try:
                found = client.describe_secret(SecretId=name_or_arn)
            except client.exceptions.ResourceNotFoundException:
                return None
        stages = found.get("VersionIdsToStages", {})
        return Secret(
            found["ARN"],
            {id: _label(labels) for id, labels in stages.items() if labels},
            is_being_deleted="DeletedDate" in found,
        )

    def delete(self, region: str, name_or_arn: str) -> None:
        """Schedule the deletion; `restore` undoes it within `RECOVERY_WINDOW_DAYS` days.

        Harmless if the secret does not exist, or its deletion is scheduled already.
        """
        found = self.find(region, name_or_arn)
        if found and not found.is_being_deleted:
            with aws_errors("deleting a secret", region):
                self._clients.secretsmanager(region).delete_secret(
                    SecretId=found.arn, RecoveryWindowInDays=RECOVERY_WINDOW_DAYS
                )

    def restore(self, region: str, arn: str) -> None:
        """Undo a scheduled deletion; does no harm when none is scheduled."""
        found = self.find(region, arn)
        if found and found.is_being_deleted:
            with aws_errors("restoring a secret", region):
                self._clients.secretsmanager(region).restore_secret(SecretId=arn)


def _label(labels: list[str]) -> str:
    """One of those that Secrets Manager moves itself, if it has one."""
    return next((label for label in LABELS if label in labels), labels[0])
