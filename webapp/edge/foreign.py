"""Answers whose bytes somebody else has written, such as a partner's: never a page of ours.

They have a type that Egret chose, are never guessed to be another one, and run nothing, load
nothing and belong to no origin, whoever opens them. What is not JSON is saved and not shown.
"""

from collections.abc import Mapping

from fastapi import Response

SANDBOX_POLICY = "default-src 'none'; frame-ancestors 'none'; sandbox"
HEADERS = {"Content-Security-Policy": SANDBOX_POLICY, "X-Content-Type-Options": "nosniff"}
JSON_TYPE = "application/json"
"""Of JSON, whatever its author called it."""


def file_answer(
    body: bytes, media_type: str, name: str, headers: Mapping[str, str] | None = None
) -> Response:
    """A file that browsers save under `name`; within a page it is a picture all the same."""
    saved = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(body, media_type=media_type, headers=saved | dict(headers or {}) | HEADERS)
