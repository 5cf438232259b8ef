"""Code that is too large for the stack of its function: zips in S3, in the function's region.

The key of a zip is a hash of its contents. So a zip of that name is always the same one, and
uploading it twice does no harm. The bucket's name has the account's number; S3 refuses a bucket of
that name in another account (ExpectedBucketOwner).
"""

import base64
import hashlib
from typing import IO

from botocore.exceptions import ClientError

from webapp.aws.clients import Clients
from webapp.aws.errors import aws_errors

NOT_THERE = (403, 404)
"""S3 answers 403 for an object that is not there, if the caller may not list the bucket."""
CHUNK_BYTES = 1024 * 1024


class Packages:
    """`prefix` begins the name of each bucket."""

    def __init__(self, clients: Clients, prefix: str) -> None:
        self._clients, self._prefix = clients, prefix

    def bucket(self, region: str) -> str:
        """The name of the region's bucket, whether it exists or not."""
        return f"{self._prefix}-code-{self._clients.account_id(region)}-{region}"

    def has(self, region: str, key: str) -> bool:
        """Whether the bucket exists and has the zip."""
        account = self._clients.account_id(region)
        with aws_errors("looking for code in S3", region):
            try:
                self._clients.s3(region).head_object(
                    Bucket=self.bucket(region), Key=key, ExpectedBucketOwner=account
                )
            except ClientError as error:
                if error.response["ResponseMetadata"]["HTTPStatusCode"] in NOT_THERE:
                    return False
                raise
        return True

    def put(self, region: str, key: str, zipped: IO[bytes]) -> None:
        """Upload a zip, which is read from its beginning. S3 checks that it arrived whole."""
        account = self._clients.account_id(region)
        digest = hashlib.sha256()
        zipped.seek(0)
        while chunk := zipped.read(CHUNK_BYTES):
            digest.update(chunk)
        zipped.seek(0)
        with aws_errors("uploading code to S3", region):
            self._clients.s3(region).put_object(
                Bucket=self.bucket(region),
                Key=key,
                Body=zipped,
                ChecksumSHA256=base64.b64encode(digest.digest()).decode(),
                ContentType="application/zip",
                ExpectedBucketOwner=account,
            )
