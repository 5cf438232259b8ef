"""Changes that somebody may have made in the meantime: that is success too."""

from collections.abc import Callable

from botocore.exceptions import ClientError

DONE_ALREADY = frozenset(
    {
        "InvalidNetworkAclEntry.NotFound",
        "InvalidPermission.Duplicate",
        "InvalidPermission.NotFound",
        "NetworkAclEntryAlreadyExists",
        "RouteAlreadyExists",
    }
)


def once(change: Callable[[], object]) -> None:
    """Make the change; harmless when it was made already. Raises ClientError for the rest."""
    try:
        change()
    except ClientError as error:
        if error.response["Error"].get("Code") not in DONE_ALREADY:
            raise
