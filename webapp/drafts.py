"""A draft: a form that was sent and not accepted yet, as the address of the page that shows it.

The page fills itself in from its query. So a form outlives the end of a session, and the answer to
a POST has an address that can be reloaded. Only the fields named here are in the query: a secret,
a password or a typed confirmation is in no address, and has to be typed again.
"""

from collections.abc import Iterable
from urllib.parse import quote, urlencode

from starlette.datastructures import FormData

from webapp.forms import shown_fields
from webapp.models import Input, NewFunction, NewKey, NewNetwork

QUERY_MAX_CHARS = 8_000
INPUTS: dict[str, type[Input]] = {"networks": NewNetwork, "keys": NewKey, "functions": NewFunction}
SCHEDULE = ("weekly", "days", "start", "end", "time_zone", "idle_hours")


def page_of(path: str) -> str:
    """The page that shows the form which is sent to `path`, or its button."""
    match path.strip("/").split("/"):
        case [("networks" | "keys" | "functions") as noun]:
            return f"/{noun}/new"
        case ["networks", name, ("whitelist" | "drift" | "schedule") as part, *_]:
            return f"/networks/{quote(name)}/{part}"
        case [("networks" | "keys" | "functions") as noun, name, *_]:
            return f"/{noun}/{quote(name)}"
        case [("addresses" | "orphans" | "setup" | "sign-in") as noun, *_]:
            return f"/{noun}"
        case _:
            return "/"


def draft_url(path: str, form: FormData) -> str:
    """The address of the form's page with what was typed. Without it, if that is very long."""
    kept = [(name, text) for name, text in _kept(path, form) if isinstance(text, str) and text]
    query = urlencode(kept)
    return f"{page_of(path)}?{query}" if 0 < len(query) <= QUERY_MAX_CHARS else page_of(path)


def _kept(path: str, form: FormData) -> Iterable[tuple[str, object]]:
    names: Iterable[str] = ()
    match path.strip("/").split("/"):
        case [("networks" | "keys" | "functions") as noun]:
            names = shown_fields(INPUTS[noun])
        case ["networks", _, "schedule"]:
            names = SCHEDULE
        case ["networks", _, "whitelist", "partners"]:
            names = ("partner", "function")
        case ["addresses", *rest]:
            if rest[-1:] == ["name"]:
                yield "address", rest[0]
            names = ("region", "adopt", "name")
        case ["setup"]:
            names = ("token", "name")  # the token came in an address, and is good for once
        case ["sign-in"]:
            names = ("next",)
    for name, text in form.multi_items():
        if name.partition(".")[0] in names:
            yield name, text
