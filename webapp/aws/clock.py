"""How far this machine's clock is from AWS's, which rejects signatures of another time."""

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from botocore.exceptions import ClientError

SIGNATURE_LIFETIME = timedelta(minutes=5)


def clock_off(error: ClientError) -> str:
    """`20 minutes behind AWS`, by the Date header of its answer; '' when the clocks agree.

    AWS accepts a signature for five minutes, so a smaller difference is not the cause.
    """
    headers = error.response["ResponseMetadata"].get("HTTPHeaders", {})
    if "date" not in headers:
        return ""
    off = datetime.now(UTC) - parsedate_to_datetime(headers["date"])
    if abs(off) < SIGNATURE_LIFETIME:
        return ""
    minutes = round(abs(off).total_seconds() / 60)
    return f"{minutes} minutes {'ahead of' if off.total_seconds() > 0 else 'behind'} AWS"
