"""The errors that Egret itself raises, with one base so that one handler answers all of them.

    EgretError            500
    ├── Malformed         400   no form, or too many fields; a host that is not ours
    ├── Invalid           422   the input breaks a rule; `errors` has a message for each field
    ├── Refused           403   the caller may not do this
    │   ├── NotConfirmed  403   the person must type the password once more
    │   └── FactorMissing 403   the person must set up a second factor first
    ├── Unauthenticated   401   nobody is signed in
    ├── NotFound          404
    ├── Conflict          409   not possible in the current state, such as a name that is taken
    ├── TooLarge          413
    ├── TooLong           414
    ├── TooMany           429   too often; `retry_after_s` says when again
    ├── HeadersTooLarge   431
    ├── Upstream          502   AWS or a partner answered with an error
    └── Unavailable       503   AWS, the partner or the database did not answer; try again later
        └── Busy          503   too much is going on; nothing was begun

An error says what happened (`detail`) and what to do about it (`remedy`). `code` is for programs
and does not change; the texts may.
"""

from collections.abc import Callable, Sequence
from typing import ClassVar, Protocol


class Shown(Protocol):
    """What has a page of the dashboard, and a name that people know."""

    @property
    def page(self) -> str: ...

    @property
    def audit_name(self) -> str: ...


class EgretError(Exception):
    """An error whose text the person or program that uses Egret should read."""

    status: ClassVar[int] = 500
    title: ClassVar[str] = "Something went wrong"
    default_code: ClassVar[str] = "internal_error"
    retry_after_s: int | None = None

    def __init__(
        self,
        detail: str,
        *,
        code: str | None = None,
        remedy: str = "",
        field: str | None = None,
        errors: dict[str, str] | None = None,
        about: Sequence[Shown] = (),
        link: tuple[str, str] | None = None,
    ) -> None:
        """`field` is short for `errors={field: detail}`.

        The page of the error links those where it can be dealt with: of the rows that it is
        `about`, or of `link`, which is a path and a text.
        """
        super().__init__(detail)
        self.detail = detail
        self.remedy = remedy
        self.code = code or self.default_code
        self.errors = errors or ({field: detail} if field else {})
        self.links = [(row.page, f"Open {row.audit_name}") for row in about]
        self.links += [link] if link else []

    def __str__(self) -> str:
        return f"{self.detail} {self.remedy}".strip()


class Malformed(EgretError):
    status = 400
    title = "This request cannot be read"
    default_code = "malformed"


class Invalid(EgretError):
    status = 422
    title = "Invalid input"
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
        raise Invalid("Some fields are not valid.", errors=errors)


class Unauthenticated(EgretError):
    status = 401
    title = "Sign in first"
    default_code = "unauthenticated"


class Refused(EgretError):
    status = 403
    title = "Not allowed"
    default_code = "refused"


class NotConfirmed(Refused):
    """Asked for once more: OWASP ASVS 5.0, 7.5.3."""

    title = "Confirm that it is you"
    default_code = "identity_not_confirmed"


class FactorMissing(Refused):
    title = "Set up a second factor first"
    default_code = "second_factor_missing"


class NotFound(EgretError):
    status = 404
    title = "Not found"
    default_code = "not_found"


class Conflict(EgretError):
    status = 409
    title = "Not possible in the current state"
    default_code = "conflict"


class TooLarge(EgretError):
    status = 413
    title = "Too large"
    default_code = "too_large"


class TooLong(EgretError):
    status = 414
    title = "Too long"
    default_code = "too_long"


class HeadersTooLarge(EgretError):
    status = 431
    title = "Headers too large"
    default_code = "headers_too_large"


class TooMany(EgretError):
    status = 429
    title = "Too many tries"
    default_code = "too_many"

    def __init__(self, detail: str, *, code: str, remedy: str, retry_after_s: int) -> None:
        super().__init__(detail, code=code, remedy=remedy)
        self.retry_after_s = retry_after_s


class Upstream(EgretError):
    status = 502
    title = "AWS or the partner answered with an error"
    default_code = "upstream_error"


class Unavailable(EgretError):
    status = 503
    title = "Temporarily unavailable"
    default_code = "unavailable"


class Busy(Unavailable):
    """Answered at once, by the loop itself: no thread is free for it."""

    title = "Busy"
    default_code = "busy"
