"""Which names of hosts may be public, and which are those of AWS's own interfaces."""

import re

HOST_MAX_CHARS = 253
_LABEL = "[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
_HOST = re.compile(rf"({_LABEL}\.)+[a-z]([a-z0-9-]{{0,61}}[a-z0-9])?", re.IGNORECASE)
_NOT_PUBLIC = {
    *("arpa", "corp", "home", "internal", "intranet", "lan"),
    *("local", "localdomain", "localhost", "onion", "private"),
}
"""Last parts: RFC 6761, RFC 6762, RFC 7686, RFC 8375, and what companies use at home."""
_AWS = re.compile(r"(.+\.)?(amazonaws\.com(\.cn)?|amazonaws\.eu|api\.aws)", re.IGNORECASE)
_OF_CUSTOMERS = re.compile(r"\.(execute-api|elb|s3|s3-[a-z0-9-]+|compute)\.", re.IGNORECASE)


def is_public_host(host: str) -> bool:
    """Whether it is a name that the public DNS may know; not an address, however it is written.

    The last part begins with a letter, so that it can be no number (WHATWG URL, "ends in a
    number"). Names in other scripts are written as DNS has them, xn--…: of two letters that look
    alike, only one is then the same.
    """
    plain = len(host) <= HOST_MAX_CHARS and host.isascii() and _HOST.fullmatch(host)
    return bool(plain) and host.lower().rpartition(".")[2] not in _NOT_PUBLIC


def is_aws_interface(host: str) -> bool:
    """Whether AWS itself answers there, such as at sts.amazonaws.com, and no customer of AWS."""
    return bool(_AWS.fullmatch(host)) and not _OF_CUSTOMERS.search(f".{host}")
