"""Every error that Egret itself raises, so that one handler can answer all of them.

    EgretError            500
    ├── Invalid           422   what was sent breaks a rule; `errors` names the fields
    ├── Refused           403   who asks may not
    ├── Unauthenticated   401   nobody is signed in
    ├── NotFound          404
    ├── Conflict          409   the rule is about what exists already
    ├── TooLarge          413
    ├── Upstream          502   AWS or a partner answered with an error
    └── Unavailable       503   AWS, the partner or the database did not answer; later may do

An error says what happened (`detail`), and what to do about it (`remedy`). `code` is for programs
and does not change; the texts may.
"""

from collections.abc import Callable
from typing import ClassVar


class EgretError(Exception):
    """Something that the person or program in front of Egret should read."""

    status: ClassVar[int] = 500
    title: ClassVar[str] = "Something went wrong"
    default_code: ClassVar[str] = "internal_error"

    def __init__(
        self,
        detail: str,
        *,
        code: str | None = None,
        remedy: str = "",
        field: str | None = None,
        errors: dict[str, str] | None = None,
    ) -> None:
        """`field` is short for `errors={field: detail}`."""
        super().__init__(detail)
        self.detail = detail
        self.remedy = remedy
        self.code = code or self.default_code
        self.errors = errors or ({field: detail} if field else {})

    def __str__(self) -> str:
        return f"{self.detail} {self.remedy}".strip()


class Invalid(EgretError):
    status = 422
    title = "That does not fit"
    default_code = "invalid"


def check_all(*checks: Callable[[], object]) -> None:
    """Run every check, and raise one Invalid with the errors of all that raise one."""
    found: list[Invalid] = []
    for check in checks:
        try:
            check()
        except Invalid as error:
            found.append(error)
    if len(found) == 1:
        raise found[0]
    if found:
        errors = {field: text for error in reversed(found) for field, text in error.errors.items()}
        raise Invalid("Several fields need attention.", errors=errors)


class Unauthenticated(EgretError):
    status = 401
    title = "Sign in first"
    default_code = "unauthenticated"


class Refused(EgretError):
    status = 403
    title = "Not allowed"
    default_code = "refused"


class NotFound(EgretError):
    status = 404
    title = "Not found"
    default_code = "not_found"


class Conflict(EgretError):
    status = 409
    title = "That is taken or in use"
    default_code = "conflict"


class TooLarge(EgretError):
    status = 413
    title = "Too large"
    default_code = "too_large"


class Upstream(EgretError):
    status = 502
    title = "The other side answered with an error"
    default_code = "upstream_error"


class Unavailable(EgretError):
    status = 503
    title = "Not reachable just now"
    default_code = "unavailable"
