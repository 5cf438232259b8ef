"""The kinds of keys, and where in a request each one is sent.

A kind belongs to a partner whose keys Egret can read, or to any partner (`generic`): such a key is
opaque text that goes into the header Authorization, into another header, or into the query.
"""

import re
from dataclasses import dataclass

from webapp.errors import Invalid

BEARER, HEADER, QUERY = "bearer", "header", "query"
NAME_MAX_CHARS = 64
_TOKEN = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
"""RFC 9110, 5.6.2: what the name of a header may have."""
_PARAMETER = re.compile(r"[A-Za-z0-9_.~\[\]-]+")
OF_HTTP = frozenset(
    {
        *("connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "te"),
        *("proxy-connection", "trailer", "transfer-encoding", "upgrade", "expect", "via"),
        *("host", "content-length", "content-type", "content-encoding", "date", "user-agent"),
        *("accept", "accept-encoding", "accept-language", "cookie", "set-cookie", "origin"),
        *("referer", "forwarded", "range", "cache-control", "idempotency-key"),
    }
)
"""Headers with a meaning of their own, for the connection, for what is sent or for its sender."""
OF_HTTP_STARTS = ("x-forwarded-", "x-amz", "sec-", "proxy-", "x-sandbox-", "if-")


@dataclass(frozen=True)
class KeyKind:
    """`partner` is whose adapter reads such keys. `sent_as` is a label, for the kinds that ask for
    a name to send the key by."""

    name: str
    label: str
    partner: str
    sent_by: str
    sent_as: str = ""


def checked_name(kind: KeyKind, name: str) -> str:
    """The header's or parameter's name, without blanks around it; '' if the kind has none.

    Raises Invalid.
    """
    name = name.strip()
    if not kind.sent_as:
        if name:
            raise _refused(f"A key of the kind {kind.name} is sent without a name of its own.")
        return ""
    if not name:
        raise _refused(f"Enter the {kind.sent_as.lower()}, as the partner's documentation has it.")
    if len(name) > NAME_MAX_CHARS:
        raise _refused(f"A name has at most {NAME_MAX_CHARS} characters.")
    if kind.sent_by == QUERY:
        return _checked_parameter(name)
    return _checked_header(name)


def _checked_header(name: str) -> str:
    if not _TOKEN.fullmatch(name):
        raise _refused(
            "This is not the name of a header: it has letters, digits and dashes, such as "
            "X-Api-Key, and no colon."
        )
    if name.lower() in OF_HTTP or name.lower().startswith(OF_HTTP_STARTS):
        raise _refused(
            f"HTTP itself uses the header {name}. Enter the name of the key's own header."
        )
    return name


def _checked_parameter(name: str) -> str:
    if not _PARAMETER.fullmatch(name):
        raise _refused(
            "This is not the name of a query parameter: it has letters, digits, dashes, dots and "
            "underscores, such as api_key, and neither ? nor =."
        )
    return name


def _refused(detail: str) -> Invalid:
    return Invalid(detail, code="refused_name", field="sent_as")
