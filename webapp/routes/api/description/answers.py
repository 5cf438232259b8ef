"""What any operation may answer, told once: the problems, and the headers of every answer.

An operation has the problems that it can really have: 404 if its path names something, 422 if it
takes anything, 409 and 502 if it changes something, 413 if it has a body. What else it may answer
is said by its route: `ASKS_AWS` if it reads from AWS, `NAMES_OTHERS` if what is sent names
something, `DEPENDS_ON_STATE` if it reads what is not always there.
"""

from dataclasses import dataclass, field
from typing import Any

from webapp import errors
from webapp.edge.problems import RETRY_AFTER_S, Problem
from webapp.errors import EgretError

PROBLEM_TYPE = "application/problem+json"
WRITING = frozenset({"post", "put", "patch", "delete"})
UNTOLD = ("Successful Response", "Not Modified")
"""What FastAPI says if a route says nothing."""
OF_SUCCESS = {
    "200": "What was asked for",
    "201": "Created",
    "202": "Accepted: Egret goes on in the background",
    "204": "Done. The answer has no body",
    "304": "The caller has it already. The answer has no body",
}
HEADERS: dict[str, Any] = {
    "RequestId": {
        "description": "The id under which Egret's log has the request",
        "schema": {"type": "string", "pattern": "^[0-9a-f]{16}$"},
        "example": "5f2b8c1e9a7d4036",
    },
    "Location": {
        "description": "Where what was created is",
        "schema": {"type": "string", "format": "uri-reference"},
        "example": "/api/v1/networks/main",
    },
    "RetryAfter": {
        "description": "In so many seconds it may be tried again",
        "schema": {"type": "integer", "minimum": 1},
        "example": RETRY_AFTER_S,
    },
    "Authenticate": {
        "description": "How to say who asks (RFC 9110, 11.6.1)",
        "schema": {"type": "string"},
        "example": "Bearer",
    },
}


def _header(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/headers/{name}"}


REQUEST_ID = {"X-Request-ID": _header("RequestId")}
RETRY_AFTER = {"Retry-After": _header("RetryAfter")}


@dataclass(frozen=True, eq=False)
class Shared:
    """A problem that many operations share: its name among the components, and an example."""

    name: str
    description: str
    example: EgretError
    headers: dict[str, Any] = field(default_factory=dict)

    @property
    def ref(self) -> dict[str, str]:
        return {"$ref": f"#/components/responses/{self.name}"}

    @property
    def component(self) -> dict[str, Any]:
        problem = Problem.of(self.example, HEADERS["RequestId"]["example"])
        schema = {"$ref": "#/components/schemas/Problem"}
        return {
            "description": self.description,
            "headers": REQUEST_ID | self.headers,
            "content": {PROBLEM_TYPE: {"schema": schema, "example": problem.model_dump()}},
        }


_EVERY = (
    Shared(
        "Malformed",
        "The request is not well formed, or asks for another host",
        errors.Malformed(
            "This dashboard is not at that host.",
            code="unknown_host",
            remedy="Use the address that Egret printed at its start.",
        ),
    ),
    Shared(
        "Unauthenticated",
        "Nobody is signed in, or the token is wrong or has ended",
        errors.Unauthenticated("This needs a bearer token.", remedy="Create one."),
        {"WWW-Authenticate": _header("Authenticate")},
    ),
    Shared(
        "Refused",
        "Who asks may not do this: the role is too low, or the token is for another area",
        errors.Refused(
            "This needs the role admin; ada has the role viewer.",
            code="role_too_low",
            remedy="Ask an admin to do it, or to give ada the role admin.",
        ),
    ),
    Shared(
        "TooLong",
        "The path or the query is too long",
        errors.TooLong("The query of the address is too long.", remedy="At most 12 KiB."),
    ),
    Shared(
        "HeadersTooLarge",
        "The headers or cookies are too large, or too many",
        errors.HeadersTooLarge("The headers are too large.", remedy="At most 32 KiB."),
    ),
    Shared(
        "TooMany",
        "Too many wrong tokens came from this client",
        errors.TooMany(
            "Too many wrong tokens.",
            code="too_many_tries",
            remedy="Try again later.",
            retry_after_s=RETRY_AFTER_S,
        ),
        RETRY_AFTER,
    ),
    Shared(
        "Failed",
        "Egret failed unexpectedly",
        EgretError("Egret failed unexpectedly.", remedy="Report the request id."),
    ),
    Shared(
        "Unavailable",
        "The database or AWS does not answer, or too many requests wait for it",
        errors.Unavailable(
            "The database cannot be read or written at the moment.",
            remedy="Nothing is lost. Try again in a moment.",
        ),
        RETRY_AFTER,
    ),
)
_NOT_FOUND = Shared(
    "NotFound",
    "There is nothing of that name",
    errors.NotFound("There is no network named main.", remedy="See the list."),
)
_INVALID = Shared(
    "Invalid",
    "What was sent breaks a rule",
    errors.Invalid("Some fields are not valid.", errors={"name": "This field is required."}),
)
_CONFLICT = Shared(
    "Conflict",
    "It is not possible in the current state",
    errors.Conflict(
        "There is already a network named main.",
        code="name_taken",
        remedy="Choose another name.",
        errors={"name": "This name is taken."},
    ),
)
_TOO_LARGE = Shared(
    "TooLarge",
    "The body is too large",
    errors.TooLarge("The request is too large.", remedy="At most 128 KiB."),
)
_UPSTREAM = Shared(
    "Upstream",
    "AWS or the partner answered with an error",
    errors.Upstream("AWS does not allow this.", remedy="Add the permission that it names."),
)
SHARED = (*_EVERY, _NOT_FOUND, _INVALID, _CONFLICT, _TOO_LARGE, _UPSTREAM)
ASKS_AWS: dict[int | str, dict[str, Any]] = {_UPSTREAM.example.status: {}}
NAMES_OTHERS: dict[int | str, dict[str, Any]] = {_NOT_FOUND.example.status: {}}
DEPENDS_ON_STATE: dict[int | str, dict[str, Any]] = {_CONFLICT.example.status: {}}
"""For the `responses` of a route."""


def located(status: int) -> dict[int | str, dict[str, Any]]:
    """For the `responses` of a route that says where what it created is."""
    return {status: {"headers": {"Location": _header("Location")}}}


def describe(method: str, path: str, operation: dict[str, Any]) -> dict[str, Any]:
    """The operation's answers in full: its own as FastAPI found them, then the shared problems."""
    own = operation["responses"]
    for status, answer in own.items():
        answer["description"] = _words(status, answer["description"])
        answer["headers"] = REQUEST_ID | answer.get("headers", {})
    problems = {str(each.example.status): each.ref for each in _problems(method, path, operation)}
    given = {status: answer for status, answer in own.items() if status < "400"}
    return dict(sorted((given | problems).items()))


def _words(status: str, found: str) -> str:
    return OF_SUCCESS.get(status, found) if found in UNTOLD else found


def _problems(method: str, path: str, operation: dict[str, Any]) -> list[Shared]:
    has_body, changes = "requestBody" in operation, method in WRITING
    usual = {
        _NOT_FOUND: "{" in path,
        _INVALID: has_body or "parameters" in operation,
        _CONFLICT: changes,
        _TOO_LARGE: has_body,
        _UPSTREAM: changes,
    }
    said = operation["responses"]
    return [*_EVERY, *(p for p, may in usual.items() if may or str(p.example.status) in said)]
