"""The words of the description that belong to no single route."""

from typing import Any

from webapp.models.rules import NAME
from webapp.partners import KEY_KINDS
from webapp.services.access.rights import AREAS
from webapp.services.functions.activity.console.proxy_events import METHODS

INFO: dict[str, Any] = {
    "title": "Egret",
    "version": "1",
    "summary": "Functions that call a partner from one fixed, whitelisted address.",
    "description": """\
Everything that the dashboard does, for programs.

**Sign in** with a token: `egret tokens create --name ci` prints one, to send as
`Authorization: Bearer TOKEN`. In a browser that is signed in, the session's cookie is enough.

**Names** are identifiers: 2 to 31 lowercase letters, digits and dashes, the first one a letter.

**Lists** come in pages: `items`, and `next`, which is null on the last page. To get the next page,
send `next` as `after`.

**What takes a while**, such as creating a network, is answered at once with 202 and goes on in the
background. Read the thing again until its `status` is settled: `ready`, `parked` or `failed`. One
that was deleted is answered with 404.

**Errors** are `application/problem+json` (RFC 9457). `code` is for programs and does not change,
`detail` says what happened, `remedy` what to do about it, and `errors` has a message for each field
that is wrong. `request_id`, which is also in the header `X-Request-ID` of each answer, is in
Egret's log.
""",
    "contact": {"name": "The administrators of this dashboard"},
    "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
}
SERVERS = [{"url": "/", "description": "This dashboard"}]
TAGS = {
    "networks": "A network: the VPC with its subnets, routes and NAT gateways, and its addresses.",
    "addresses": "Elastic IP addresses, which outlive the networks that use them.",
    "keys": "Partners' API keys. Their secrets are in AWS Secrets Manager, and in no answer.",
    "functions": "AWS Lambda functions that call a partner, and what they fetched.",
    "revisions": "Changes of a function, and each deployment of it.",
    "callers": "Who may call a function's endpoint, each with an API key and limits.",
    "activity": "What a function did: its log, the requests to it, and runs to try it out.",
    "templates": "What functions are made from.",
    "metrics": "What AWS measures of functions and networks.",
    "diagnoses": "The egress path of a network or function, followed hop by hop.",
    "drift": "What differs between a network and how Egret made it.",
    "whitelists": "A network's addresses for its partners, and how far each partner is.",
    "orphans": "Resources in AWS with Egret's tags that are not in its database.",
    "accounts": "AWS accounts: the dashboard's own, and others in which it assumes a role.",
    "audit": "Who did what.",
    "users": "People who may sign in, invited by a link, each with a role.",
    "tokens": "API tokens, which programs present. A token is only in the answer that made it.",
}
"""In the order of the reference page."""
SECURITY = {
    "token": {
        "type": "http",
        "scheme": "bearer",
        "description": "A token that `egret tokens create --name NAME` printed",
    },
    "session": {
        "type": "apiKey",
        "in": "cookie",
        "name": "egret_session",
        "description": "The session of a browser that is signed in",
    },
}
_KINDS = [kind.name for kind in KEY_KINDS]
CHOICES = {
    ("NewKey", "kind"): ["", *_KINDS],
    ("Key", "kind"): _KINDS,
    ("NewToken", "scopes"): [*AREAS],
    ("TriedRequest", "method"): [*METHODS],
}
"""The values of fields whose models cannot know them; of a list, those of its items."""
_NAME = {"type": "string", "pattern": f"^{NAME}$"}
_PART = {"type": "string", "pattern": "^[^/]+$"}
_ID = {"type": "string", "pattern": "^[0-9a-f]{12}$"}
PATH_PARAMETERS: dict[str, tuple[str, dict[str, Any]]] = {
    "name": ("The name of the {noun}", _NAME),
    "person": ("The name or the `id` of the person", _PART),
    "token": ("The `id` of the token, or a name that only one has", _PART),
    "caller": ("The name of the caller", _NAME),
    "number": ("The number of the revision", {}),
    "address_id": ("The `id` of the address", _ID),
    "saved_id": ("The `id` of the saved request", _ID),
    "whitelisting_id": ("The `id` of the partner in the whitelist", _ID),
}
"""What a name or id in a path means, and its rule. What breaks the rule does not exist: 404.

`noun` is what the path begins with.
"""
