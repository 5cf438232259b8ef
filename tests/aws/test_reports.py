"""The line REPORT of Lambda, as its documentation shows it."""

import pytest

from webapp.aws.reports import NO_REPORT, Report, report_in

TAIL = """START RequestId: 8f507cfc-xmpl Version: $LATEST
hello
END RequestId: 8f507cfc-xmpl
REPORT RequestId: 8f507cfc-xmpl\tDuration: 15.74 ms\tBilled Duration: 147 ms\t\
Memory Size: 128 MB\tMax Memory Used: 56 MB\tInit Duration: 130.49 ms\t
XRAY TraceId: 1-5e34a614-10bdxmplf1fb44f07bc535a1\tSegmentId: 07f5xmpl2d1f6f85\tSampled: true
"""
ID = "8f507cfc-xmpl"


def test_what_lambda_measured_is_read() -> None:
    assert report_in(TAIL) == Report(ID, 15.74, 147, 128, 56, 130.49)


def test_a_warm_start_has_no_time_of_its_own_and_a_time_out_says_more() -> None:
    times = "Duration: 3000.00 ms\tBilled Duration: 3000 ms"
    line = f"REPORT RequestId: {ID}\t{times}\tStatus: timeout\t"
    assert report_in(line) == Report(ID, 3000.0, 3000)


def test_the_last_report_counts_and_not_one_that_the_function_prints() -> None:
    assert report_in(f"REPORT RequestId: other\tDuration: 1.00 ms\n{TAIL}").request_id == ID


@pytest.mark.parametrize("text", ["", "REPORT", "REPORT RequestId: x", "the tail was cut\n"])
def test_a_log_without_a_report_has_no_numbers(text: str) -> None:
    assert report_in(text) == NO_REPORT
