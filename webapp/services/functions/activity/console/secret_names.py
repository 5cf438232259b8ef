"""What may hold a secret in a request or an event, told by the names that secrets have.

Such a request is not saved, and the values are not shown again: they are typed again for each run.
"""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import parse_qsl, urlencode

SECRET_NAMES = re.compile(
    r"authorization|cookie|password|passwd|passphrase|secret|token|credential|signature"
    r"|api[-_]?key|access[-_]?key|private[-_]?key|x-amz-security|^key$|^auth$|^pin$",
    re.IGNORECASE,
)
NAME_AND_VALUE = re.compile(
    r'"((?:[^"\\]|\\.)*)"(\s*:\s*)(?:\[[^\]]*\]?|"(?:[^"\\]|\\.)*"?|[^\s"\[{,}\]]+)'
)
"""In a text that is not JSON as a whole."""


def may_be_secret(name: str) -> bool:
    return bool(SECRET_NAMES.search(name.strip()))


def secret_names(value: Any) -> Iterator[str]:
    """Those in a value in JSON, however deep, also in texts that are JSON themselves."""
    waiting = [value]
    while waiting:
        part = waiting.pop()
        if isinstance(part, Mapping):
            yield from filter(may_be_secret, map(str, part))
            waiting += part.values()
        elif isinstance(part, list):
            waiting += part
        elif isinstance(part, str) and part.lstrip().startswith(("{", "[")):
            waiting.append(read_body(part))


def read_body(body: str) -> Any:
    """A body in JSON, or that of a form."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return dict.fromkeys(re.findall(r"(?:^|&)([^=&]+)=", body), "")


def headers_shown(text: str) -> str:
    """Headers, one in each line, without the values that may be secret."""
    return "\n".join(map(_header_shown, text.splitlines()))


def path_shown(text: str) -> str:
    """A path, without the values that may be secret in a query that does not belong there."""
    path, mark, query = text.partition("?")
    return f"{path}{mark}{query_shown(query)}"


def query_shown(text: str) -> str:
    """A query, or the body of a form, without the values that may be secret."""
    pairs = parse_qsl(text.strip(), keep_blank_values=True)
    if not any(may_be_secret(name) for name, _ in pairs):
        return text
    return urlencode([(name, "" if may_be_secret(name) else value) for name, value in pairs])


def body_shown(text: str) -> str:
    """A body or an event, as it was typed if it has no name that secrets have."""
    if not text.lstrip().startswith(("{", "[")):
        return query_shown(text)
    try:
        value = json.loads(text)
        if not any(secret_names(value)):
            return text
        shown = json.dumps(_without_secrets(value), indent=2, ensure_ascii=False)
    except (ValueError, RecursionError):
        return NAME_AND_VALUE.sub(_shown, text)
    return shown.encode(errors="replace").decode()


def _header_shown(line: str) -> str:
    name, colon, _ = line.partition(":")
    if not may_be_secret(name):
        return line
    return f"{name}: " if colon else name.split()[0]


def _without_secrets(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: "" if may_be_secret(k) else _without_secrets(v) for k, v in value.items()}
    if isinstance(value, list):
        return [_without_secrets(part) for part in value]
    is_json = isinstance(value, str) and value.lstrip().startswith(("{", "["))
    return body_shown(value) if is_json else value


def _shown(found: re.Match[str]) -> str:
    return f'"{found[1]}"{found[2]}""' if may_be_secret(found[1]) else found[0]
