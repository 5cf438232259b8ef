"""Which events of the audit trail, as the page and the API have it in their URLs."""

from typing import Annotated

from fastapi import Query

from webapp.models import utc_now
from webapp.routes.log_queries import Since, Until
from webapp.services.audit import Wanted
from webapp.services.functions.activity.times import span_of

TEXT_MAX_CHARS = 200


def _text(description: str) -> object:
    return Query(
        max_length=TEXT_MAX_CHARS, description=f"Only events with exactly this {description}"
    )


Actor = Annotated[str, _text("actor: a user's name, `token ` and a token's name, or egret")]
Action = Annotated[str, _text("action, such as create or sign in")]
Noun = Annotated[str, _text("noun, such as network, key, function or address")]
Name = Annotated[str, _text("name; that of an address is its IP address")]
Result = Annotated[str, _text("result: done, refused or failed")]


def wanted(
    *,
    actor: Actor = "",
    action: Action = "",
    noun: Noun = "",
    name: Name = "",
    result: Result = "",
    since: Since = "",
    until: Until = "",
) -> Wanted:
    """Raises Invalid for a time that is none."""
    span = span_of(since, until, now=utc_now())
    return Wanted(
        actor.strip(),
        action.strip(),
        noun.strip(),
        name.strip(),
        result.strip(),
        span.since,
        span.until,
    )
