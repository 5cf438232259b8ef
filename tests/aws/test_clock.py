"""How far the clock is off, by the Date header of AWS's answer."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError

from webapp.aws.clock import clock_off


@pytest.mark.parametrize(
    ("minutes", "said"),
    [
        (0, ""),
        (4, ""),
        (20, "20 minutes behind AWS"),
        (-20, "20 minutes ahead of AWS"),
    ],
)
def test_only_a_difference_that_matters_is_told(minutes: int, said: str) -> None:
    date = format_datetime(datetime.now(UTC) + timedelta(minutes=minutes))
    answer: Any = {"Error": {}, "ResponseMetadata": {"HTTPHeaders": {"date": date}}}
    assert clock_off(ClientError(answer, "DescribeVpcs")) == said
