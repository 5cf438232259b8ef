"""KMS: whose key an alias stands for. The KMS key itself is made by CloudFormation."""

from webapp.aws.clients import Clients
from webapp.aws.errors import aws_errors


class Kms:
    def __init__(self, clients: Clients) -> None:
        self._clients = clients

    def key_behind(self, region: str, alias: str) -> str:
        """The id of the KMS key that `alias` (`alias/…`) stands for; '' when there is none."""
        with aws_errors(f"looking for the KMS {alias}", region):
            pages = self._clients.kms(region).get_paginator("list_aliases").paginate()
            return next(
                (
                    found.get("TargetKeyId", "")
                    for page in pages
                    for found in page["Aliases"]
                    if found["AliasName"] == alias
                ),
                "",
            )
