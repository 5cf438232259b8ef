"""What Lambda measures of a call: the line REPORT at the end of its log.

https://docs.aws.amazon.com/lambda/latest/dg/python-logging.html
"""

import re
from dataclasses import dataclass

LINE = re.compile(r"^REPORT RequestId: ([\w-]{1,64})\t(.*)$", re.MULTILINE)
FIELD = re.compile(r"([A-Z][A-Za-z ]+): (\d{1,9}(?:\.\d{1,9})?) (?:ms|MB)")


@dataclass(frozen=True)
class Report:
    """Times are in milliseconds. None is what the line does not say.

    `init_ms` is how long a cold start took, which Lambda bills too; None when it was warm.
    """

    request_id: str = ""
    duration_ms: float | None = None
    billed_ms: int | None = None
    memory_mb: int | None = None
    memory_used_mb: int | None = None
    init_ms: float | None = None


NO_REPORT = Report()


def report_in(text: str) -> Report:
    """Of the last REPORT in a log, or NO_REPORT. A function can print such a line itself."""
    lines = LINE.findall(text)
    if not lines:
        return NO_REPORT
    request_id, measured = lines[-1]
    fields = dict(FIELD.findall(measured))

    def whole(name: str) -> int | None:
        return round(float(fields[name])) if name in fields else None

    return Report(
        request_id=request_id,
        duration_ms=float(fields["Duration"]) if "Duration" in fields else None,
        billed_ms=whole("Billed Duration"),
        memory_mb=whole("Memory Size"),
        memory_used_mb=whole("Max Memory Used"),
        init_ms=float(fields["Init Duration"]) if "Init Duration" in fields else None,
    )
