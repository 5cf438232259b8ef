"""The two query parameters of every list."""

from typing import Annotated

from fastapi import Query

from webapp.routes.api.schemas import PAGE_MAX

Limit = Annotated[int, Query(ge=1, le=PAGE_MAX, description="How many items at the most")]
After = Annotated[str | None, Query(description="`next` of the page before")]
