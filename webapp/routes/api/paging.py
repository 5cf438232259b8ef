"""The two query parameters of every list; events are counted, other things named."""

from typing import Annotated

from fastapi import Query

from webapp.routes.api.schemas.networks import PAGE_MAX

Limit = Annotated[int, Query(ge=1, le=PAGE_MAX, description="How many items at the most")]
EVENT_ID_MAX = 2**31 - 1
AfterEvent = Annotated[int, Query(ge=0, le=EVENT_ID_MAX, description="`next` of the page before")]
After = Annotated[str | None, Query(description="`next` of the page before")]
