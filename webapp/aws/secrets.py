"""Secrets Manager, write-only: nothing here can read a secret back, nor does the dashboard's policy
allow it."""

from dataclasses import dataclass

from webapp.aws.clients import Clients
from webapp.aws.errors import aws_errors
from webapp.aws.tags import tag_list

RECOVERY_WINDOW_DAYS = 7
CURRENT = "AWSCURRENT"


@dataclass(frozen=True)
class Version:
    """One version of a secret and its label: AWSCURRENT, AWSPREVIOUS or ''."""

    id: str
    stage: str


class Secrets:
    def __init__(self, clients: Clients) -> None:
        self._clients = clients

    def create(
        self, region: str, name: str, secret: str, *, kms_key_arn: str, tags: dict[str, str]
    ) -> tuple[str, str]:
        """Store a new secret, encrypted with the KMS key; gives its ARN and version id."""
        with aws_errors(f"storing the secret {name}", region):
            answer = self._clients.secretsmanager(region).create_secret(
                Name=name,
                SecretString=secret,
                KmsKeyId=kms_key_arn,
                Tags=tag_list(tags),
            )
        return answer["ARN"], answer["VersionId"]

    def put(self, region: str, arn: str, secret: str) -> str:
        """Store a new version, which becomes the current one; gives its id."""
        with aws_errors("storing a version of a secret", region):
            client = self._clients.secretsmanager(region)
            return client.put_secret_value(SecretId=arn, SecretString=secret)["VersionId"]

    def versions(self, region: str, arn: str) -> list[Version]:
        """The versions that still have a label; Secrets Manager may delete the others."""
        with aws_errors("reading the versions of a secret", region):
            answer = self._clients.secretsmanager(region).describe_secret(SecretId=arn)
        stages = answer.get("VersionIdsToStages", {})
        return [Version(id, labels[0] if labels else "") for id, labels in stages.items()]

    def delete(self, region: str, arn: str) -> None:
        """Schedule the deletion; `restore` undoes it within `RECOVERY_WINDOW_DAYS` days.

        Harmless if the secret does not exist.
        """
        client = self._clients.secretsmanager(region)
        with aws_errors("deleting a secret", region):
            try:
                client.delete_secret(SecretId=arn, RecoveryWindowInDays=RECOVERY_WINDOW_DAYS)
            except client.exceptions.ResourceNotFoundException:
                return

    def restore(self, region: str, arn: str) -> None:
        """Undo a scheduled deletion."""
        with aws_errors("restoring a secret", region):
            self._clients.secretsmanager(region).restore_secret(SecretId=arn)
