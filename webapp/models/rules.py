"""Rules of what is sent, as the API's description says them.

They are described here and checked by the services, which say in words what is wrong: a type below
refuses nothing itself but what `webapp.models.texts` does. A test sends what each rule forbids, and
expects a refusal.
"""

from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from webapp.models.texts import (
    CidrText,
    EnvironmentText,
    NameText,
    RegionText,
    UrlText,
    WordText,
    ZoneText,
)

NAME = "[a-z][a-z0-9-]{1,30}"
ENVIRONMENT = "[a-z][a-z0-9-]{0,19}"
ACCOUNT_NUMBER = "[0-9]{12}"
REGION = "[a-z]+(?:-[a-z]+)+-[0-9]+"
CIDR = "[0-9.]+/[0-9.]+"

MAX_ZONES = 3
CLOCK = "(?:[01][0-9]|2[0-3]):[0-5][0-9]"
IDLE_HOURS_MAX = 24 * 30

TEMPLATE = "[a-z][a-z0-9_]{0,39}"
STAGE_MAX_CHARS = 128
STAGE = f"[A-Za-z0-9_-]{{1,{STAGE_MAX_CHARS}}}"
ORIGINS_MAX = 1
"""API Gateway's own answers, such as a 403, can allow only one origin."""
MEMORY_MB = (128, 10_240)
"""Lambda's own limits."""
TIMEOUT_S = (1, 29)
"""API Gateway waits 29 s for an answer, whatever a function's own limit is."""
EVERY_MINUTES = (5, 1440)
CALLS_PER_SECOND = 100
RATE_MIN = 0.1
QUOTA_MAX = 1_000_000_000


def described(**keywords: Any) -> Any:
    """Keywords of JSON Schema, added to those of the type."""
    return Field(json_schema_extra=keywords)


def matching(pattern: str, *examples: str) -> Any:
    """A text of which the whole matches the pattern."""
    return described(pattern=f"^(?:{pattern})$", examples=list(examples))


def between(limits: tuple[float, float]) -> Any:
    return described(minimum=limits[0], maximum=limits[1])


def _whole(value: Any) -> Any:
    """In JSON 2.0 is the number 2, and counts as an integer (JSON Schema 2020-12)."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


WHOLE = BeforeValidator(_whole)
Name = Annotated[NameText, matching(NAME, "main")]
AccountNumber = Annotated[WordText, matching(ACCOUNT_NUMBER, "111122223333")]
Environment = Annotated[EnvironmentText, matching(f"|{ENVIRONMENT}", "prod")]
Region = Annotated[RegionText, matching(REGION, "eu-central-1")]
Cidr = Annotated[CidrText, matching(f"|{CIDR}", "10.0.0.0/16")]
ZoneCount = Annotated[int, WHOLE, between((1, MAX_ZONES))]
ZoneNames = Annotated[list[ZoneText], described(maxItems=MAX_ZONES, uniqueItems=True)]
Clock = Annotated[WordText, matching(CLOCK, "08:00")]
IdleHours = Annotated[int, WHOLE, between((0, IDLE_HOURS_MAX))]
TemplateName = Annotated[WordText, matching(TEMPLATE, "http_json")]
Stage = Annotated[WordText, matching(STAGE, "live")]
Origins = Annotated[list[UrlText], described(maxItems=ORIGINS_MAX)]
MemoryMb = Annotated[int, WHOLE, between(MEMORY_MB)]
TimeoutS = Annotated[int, WHOLE, between(TIMEOUT_S)]
EveryMinutes = Annotated[int, WHOLE, between(EVERY_MINUTES)]
Rate = Annotated[float, between((RATE_MIN, CALLS_PER_SECOND))]
Quota = Annotated[int, WHOLE, between((1, QUOTA_MAX))]
