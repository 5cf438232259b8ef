"""Pages: Jinja2 with autoescape, and the names that every template can use."""

import hashlib
import re
import unicodedata
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from functools import cache, lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote, urlencode, urlsplit

from fastapi import Request
from fastapi.responses import HTMLResponse, RedirectResponse
from markupsafe import Markup
from starlette.datastructures import FormData

from webapp.browsers import SAFE_METHODS
from webapp.deps import parts_of
from webapp.edge.refusals import note
from webapp.errors import Invalid
from webapp.models import Role, User
from webapp.partners import DEFAULT_PARTNER, partner
from webapp.rendering.charts import amount
from webapp.rendering.drafts import draft_url
from webapp.rendering.icons import icon
from webapp.rendering.user_agents import short_name
from webapp.services.functions.activity.levels import level_of
from webapp.services.names import NOT_CONFIRMED
from webapp.settings import Settings

if TYPE_CHECKING:
    from jinja2 import Environment

ROOT = Path(__file__).parents[2]
STATIC = ROOT / "static"
URL = r"https://[^\s<>\"']*[^\s<>\"'.,;:!?)]"
TEXT_MAX_CHARS = 300_000
LISTED_MAX = 20
UNSEEN = frozenset({"Cc", "Cf", "Zl", "Zp"})
CONTROL_PICTURES = 0x2400
NOTICE_COOKIE = "egret_notice"
NOTICE_MAX_AGE_S = 60
HEADERS_KEPT = 256
ROLES = {role.value: role for role in Role}
NOTHING: Mapping[str, Any] = {}
_shown: ContextVar[Mapping[str, Any]] = ContextVar("shown", default=NOTHING)


def page(
    request: Request, template: str, /, *, status_code: int = 200, **context: Any
) -> HTMLResponse:
    """A whole page. The notice that the previous request left is shown once."""
    if status_code >= 400:
        _note(request, **context)
    names = _request_context(request) | context | _notices(request)
    html = render(template, **names, header=_header_of(names))
    response = HTMLResponse(html, status_code=status_code)
    if NOTICE_COOKIE in request.cookies:
        response.delete_cookie(NOTICE_COOKIE)
    return response


def _header_of(names: Mapping[str, Any]) -> Markup:
    user: User | None = names["user"]
    section = "/" + str(names["path"]).removeprefix("/").partition("/")[0]
    person = (user.name, user.role) if user else ("", None)
    return _header(section, *person, names["settings_cloud"])


@lru_cache(HEADERS_KEPT)
def _header(section: str, name: str, role: Role | None, cloud: str) -> Markup:
    """The top of each page of a section, such as /networks."""
    user = User(name=name, password_hash="", role=role) if role else None
    made = render("_header.html", path=section, user=user, settings_cloud=cloud)
    return Markup(made)  # noqa: S704 - rendered by a template, which escapes


def render(template: str, /, **context: Any) -> str:
    with showing(context):
        return environment().get_template(template).render(context)


@contextmanager
def showing(names: Mapping[str, Any]) -> Iterator[None]:
    """While a page is rendered: its names, for macros, which are made once for all pages."""
    token = _shown.set(names)
    try:
        yield
    finally:
        _shown.reset(token)


def see_other(url: str, notice: str = "", kind: str = "success") -> RedirectResponse:
    """Redirect after a successful form (303), with a notice for the next page."""
    response = RedirectResponse(url, status_code=303)
    if notice:
        response.set_cookie(
            NOTICE_COOKIE,
            quote(f"{kind}:{notice}"),
            max_age=NOTICE_MAX_AGE_S,
            httponly=True,
            samesite="lax",
        )
    return response


def _note(
    request: Request, errors: Any = None, error: Any = None, confirm_error: str = "", **_: Any
) -> None:
    """For the audit trail: a page that is answered with an error has the error, or its messages."""
    otherwise = NOT_CONFIRMED if confirm_error else Invalid.default_code
    code = getattr(error, "code", getattr(errors, "code", otherwise))
    note(request, code, fields=errors or ())


def partial_context(request: Request) -> dict[str, Any]:
    """The context of a partial that is streamed instead of being part of a page."""
    return _request_context(request)


def shared_context(settings: Settings, path: str, role: Role) -> dict[str, Any]:
    """The same, of one that is made once for all who have that role."""
    return {
        "path": path,
        "portal_url": _portal_url(settings, DEFAULT_PARTNER),
        "settings_cloud": settings.cloud,
        "user": User(name="", password_hash="", role=role),
    }


def static_version() -> str:
    """A hash of all static files; as part of their path it lets browsers cache them for ever."""
    files = sorted(path for path in STATIC.rglob("*") if path.is_file())
    return hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()[:12]


@cache
def _integrity(name: str) -> str:
    """What a browser compares a static file with before it uses it (W3C, Subresource Integrity)."""
    digest = hashlib.sha256((STATIC / name).read_bytes()).digest()
    return f"sha256-{b64encode(digest).decode()}"


def _request_context(request: Request) -> dict[str, Any]:
    settings = parts_of(request).settings
    return {
        "path": request.url.path,
        "form_address": "" if request.method in SAFE_METHODS else form_address(request),
        "notices": [],
        "portal_url": _portal_url(settings, DEFAULT_PARTNER),
        "portal_url_of": partial(_portal_url, settings),
        "request_id": request.scope.get("request_id", ""),
        "settings_cloud": settings.cloud,
        "user": getattr(request.state, "user", None),
    }


def form_address(request: Request) -> str:
    """Of the answer to a form: the address of the form's page, which can be reloaded."""
    form = getattr(request.state, "form", FormData())
    return draft_url(parts_of(request).engine, request.url.path, form)


def _portal_url(settings: Settings, partner_name: str) -> str:
    """Where a key for that partner is made; a key's page asks for its own partner's."""
    return settings.origin(partner(partner_name).portal_url)


def _notices(request: Request) -> dict[str, Any]:
    kind, _, text = unquote(request.cookies.get(NOTICE_COOKIE, "")).partition(":")
    return {"notices": [(kind, text)] if text else []}


def _pattern(text: str) -> str:
    """`text` literally, for an <input pattern>, which browsers compile with the v flag."""
    return re.sub(r"[^A-Za-z0-9_]", lambda match: f"\\x{ord(match[0]):02x}", text)


def _may(role: str) -> bool:
    """Whether the person who is shown the page may do what needs that role."""
    user: User | None = _shown.get().get("user")
    return user is not None and user.role.includes(ROLES[role])


def _linked(text: str) -> Markup:
    """Addresses in a text as links that show where they lead; a whole one may fill two lines."""
    link = '<a href="{}" target="_blank" rel="noopener">{}</a>'
    return Markup("").join(
        Markup(link).format(part, short) if short else part  # noqa: S704 - format escapes
        for part, short in _parts(text)
    )


def _ticked(text: str) -> Markup:
    """What is between backticks as code."""
    code = Markup("<code>{}</code>")
    parts = enumerate(text.split("`"))
    return Markup("").join(code.format(part) if at % 2 else part for at, part in parts)


def _shortened(text: str) -> str:
    """The same words without links, for a text that is one already."""
    return "".join(short or part for part, short in _parts(text))


def _parts(text: str) -> Iterator[tuple[str, str]]:
    """What is between addresses; and each address with what is shown of it.

    The portal's address is known, because the sandbox has its own, which is not public.
    """
    portal = str(_shown.get().get("portal_url") or "")
    known = f"{re.escape(portal)}(?![\\w/.-])|" if portal else ""
    for at, part in enumerate(re.split(f"({known}{URL})", text)):
        yield part, _short(part, portal) if at % 2 else ""


def _short(url: str, portal: str) -> str:
    if url == portal:
        return "the portal"
    parts = urlsplit(url)
    return url if parts.path in ("", "/") and not parts.query else parts.hostname or url


def _query(values: Mapping[str, str], *names: str) -> str:
    """As the query of an address; only these, or all but the place of a page."""
    kept = names or [name for name in values if name != "after"]
    return urlencode({name: values[name] for name in kept if values[name]})


def _visible(text: str, most: int = TEXT_MAX_CHARS) -> str:
    """What others wrote, with control and format characters that can be seen, and not too long."""
    shown = "".join(map(_seen, text[:most]))
    left = len(text) - most
    return f"{shown}… ({left:,} more characters)" if left > 0 else shown


def _some(texts: Sequence[str], most: int = LISTED_MAX) -> str:
    """The first ones of a list that others have written, and how many more there are."""
    left = len(texts) - most
    shown = ", ".join(texts[:most])
    return f"{shown} and {left:,} more" if left > 0 else shown


def _seen(character: str) -> str:
    if character in "\n\t" or unicodedata.category(character) not in UNSEEN:
        return character
    number = ord(character)
    return chr(CONTROL_PICTURES + number) if number < 0x20 else f"<U+{number:04X}>"


def _utc(at: datetime) -> str:
    return at.strftime("%Y-%m-%d %H:%M UTC")


def _duration(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    parts = [(hours, "h"), (minutes, "min"), (rest, "s")]
    shown = [f"{number} {unit}" for number, unit in parts if number][:2]
    return " ".join(shown) or "0 s"


@cache
def environment() -> "Environment":
    """Made for the first page, as Jinja is imported for it: an API alone does without its 3 MiB."""
    from webapp.rendering.jinja import make_environment

    version = static_version()
    names = {
        "asset": lambda path: f"/static/{version}/{path}",
        "icon": icon,
        "integrity": _integrity,
        "level_of": level_of,
        "may": _may,
        "keys_per_account": lambda name=DEFAULT_PARTNER: partner(name).keys_per_account,
    }
    filters: dict[str, Callable[..., Any]] = {
        "amount": amount,
        "browser": short_name,
        "duration": _duration,
        "iso": lambda seconds: datetime.fromtimestamp(seconds, UTC).isoformat(),
        "linked": _linked,
        "pattern": _pattern,
        "shortened": _shortened,
        "ticked": _ticked,
        "query": _query,
        "some": _some,
        "usd": lambda amount: f"{amount:,.2f}",
        "utc": _utc,
        "visible": _visible,
    }
    return make_environment(ROOT / "templates", names, filters)
