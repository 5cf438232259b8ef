"""schemathesis on the API: every check, with what the description allows and what it forbids.

    make fuzz        (python -m tests.openapi.fuzz: some minutes, on a sandbox of its own)

What it sends is made of the description. What no schema can say, such as that a network of that
name exists, it is told here, so that most of what it sends is accepted and gets further.
"""

import json
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import schemathesis
from hypothesis import strategies as st
from schemathesis.config import SchemathesisConfig
from schemathesis.core.failures import Failure
from schemathesis.engine import events, from_schema
from schemathesis.generation import GenerationMode
from schemathesis.openapi.checks import RejectedPositiveData

from tests import portal
from tests.dashboard import Api, Dashboard
from tests.openapi.described import described
from tests.tokens import mint
from webapp.models.texts import BLOCK_PATTERN, LINE_PATTERN
from webapp.sandbox.launcher import Sandbox

SEED = 20261126
SECONDS = 600
EXAMPLES = 30
PACE_S = 0.05
ADDRESS_QUOTA = 100
KNOWN: dict[str, Any] = {
    "account": "",
    "addresses": [],
    "adopt": "",
    "key": "key",
    "network": "net",
    "region": "eu-central-1",
    "secret": mint(),
    "kind": "",
    "template": "clash_rankings",
    "settings": {"location": "32000006", "limit": 10},
    "time_zone": "Europe/Berlin",
    "zones": [],
}
"""By the name of a field or parameter: a value that there is."""
KNOWN_NAMES = {"networks": "net", "keys": "key", "functions": "fun"}
"""Nothing but networks, keys and functions has a name in its path that it can know."""
UNSAYABLE = {
    "account": "names an account that there is",
    "addresses": "are ids of free addresses in the same region",
    "adopt": "is an Elastic IP of the account",
    "after": "is the `next` of a page",
    "cidr": "is a private range that overlaps no other one",
    "confirm": "is typed to confirm, and is the thing's own name",
    "cors_origins": "are origins of the URL standard",
    "end": "is not the start",
    "from": "is a day that exists",
    "id": "names a thing in AWS",
    "key": "is the name of a key whose secret fits the template",
    "memory_mb": "is in the limits of the template",
    "name": "has nothing invisible, and is not the name of something else",
    "network": "names a network that there is",
    "number": "is not the dashboard's own account",
    "path": "is a path of API Gateway",
    "region": "is one that this dashboard offers",
    "retain": "names what AWS could not delete",
    "role_arn": "is a role of that account",
    "secret": "is a key, as its partner makes them",
    "sent_as": "is a header's name, if the kind has one",
    "settings": "follow the JSON Schema of their template",
    "query": "has names without control characters",
    "headers": "are headers of HTTP, and none that a proxy sets",
    "tags": "have names that AWS takes, and no prefix of AWS or Egret",
    "template_version": "is the newest one",
    "time_zone": "is in the IANA's database",
    "timeout_s": "is in the limits of the template",
    "to": "is after `from`",
    "zones": "are of the region, and as many as were counted",
    "create_change.availability_zones": "are not how many the network has already",
    "invoke_function.event": "is there, or a request is, and not both",
    "save_request.event": "is there, or a request is, and not both",
    "send_whitelist.partner": "is not on the list yet",
}
"""The rules that JSON Schema cannot say, by field, or operation and field: breaking one is answered
with 422, which otherwise counts as a failure. A rule that it can say belongs into the description.
"""

VISIBLE = "visible"
"""The format that texts have here instead of the pattern."""
schemathesis.openapi.format(VISIBLE, st.text(st.characters(exclude_categories=("C", "Z"))))


@dataclass
class Findings:
    """`failures` in words, each once; how many requests each phase sent, and how many answers had
    each status."""

    failures: list[str] = field(default_factory=list)
    phases: Counter[str] = field(default_factory=Counter)
    statuses: Counter[int] = field(default_factory=Counter)
    operations: set[str] = field(default_factory=set)


def with_formats(node: Any) -> Any:
    """Without the patterns of any text, which take long to make texts of."""
    if isinstance(node, list):
        return [with_formats(each) for each in node]
    if not isinstance(node, dict):
        return node
    if node.get("pattern") in (LINE_PATTERN, BLOCK_PATTERN):
        return {k: v for k, v in node.items() if k != "pattern"} | {"format": VISIBLE}
    return {name: with_formats(each) for name, each in node.items()}


def loaded(document: dict[str, Any], url: str, **options: Any) -> Any:
    """The description, to be tried at the url; `options` are of schemathesis's configuration."""
    base = {"seed": SEED, "base-url": url, "generation": {"database": "none"}}
    schema = schemathesis.openapi.from_dict(
        with_formats(document), config=SchemathesisConfig.from_dict(base | options)
    )

    @schema.hook
    def map_case(_context: Any, case: Any) -> Any:
        if case.meta and case.meta.generation.mode is GenerationMode.POSITIVE:
            fill_in(case)
        return case

    @schema.hook
    def filter_failure(_context: Any, failure: Failure, case: Any, response: Any) -> bool:
        if not isinstance(failure, RejectedPositiveData):
            return True
        operation = case.operation.definition.raw["operationId"]
        return not is_unsayable(operation, response.status_code, response.content)

    return schema


def fill_in(case: Any) -> None:
    """What there is, in the place of what the description alone cannot know."""
    for sent in (case.body, case.query):
        if isinstance(sent, dict):
            sent |= {name: value for name, value in KNOWN.items() if name in sent}
    noun = case.operation.path.split("/")[3]
    is_named = "name" in (case.path_parameters or {}) and case.method != "DELETE"
    if noun in KNOWN_NAMES and is_named:
        case.path_parameters["name"] = KNOWN_NAMES[noun]


def is_unsayable(operation: str, status: int, body: str | bytes) -> bool:
    """Whether a refusal is for nothing but rules that no schema can say."""
    if status != 422:
        return False
    problem = json.loads(body)
    if problem["code"] == "bad_json":  # such as a number that no database has room for
        return True
    fields = {name.removeprefix("request.").split(".")[0] for name in problem["errors"]}
    return bool(fields) and all(
        each in UNSAYABLE or f"{operation}.{each}" in UNSAYABLE for each in fields
    )


def authenticated(schema: Any, new_token: Callable[[], str]) -> Any:
    """With a token, and with another one once that is revoked, which is tried as well.

    Each request is from another client, as a proxy that is trusted says: who presents several wrong
    tokens, which is tried too, has to wait.
    """
    clients = count(1)

    @schema.auth(retry_on=[401])
    class Auth:
        def get(self, _case: Any, _context: Any) -> str:
            return new_token()

        def set(self, case: Any, token: str, _context: Any) -> None:
            n = next(clients)
            case.headers["Authorization"] = f"Bearer {token}"
            case.headers["X-Forwarded-For"] = f"10.{n >> 16}.{n >> 8 & 255}.{n & 255}"

    return schema


def tried(schema: Any) -> Findings:
    findings = Findings()
    for event in from_schema(schema).execute():
        if isinstance(event, events.ScenarioFinished):
            findings.phases[event.phase.value] += len(event.recorder.interactions)
            _add(findings, event.recorder)
        elif isinstance(event, events.NonFatalError | events.FatalError):
            findings.failures.append(str(getattr(event, "info", event)))
    findings.failures = list(dict.fromkeys(findings.failures))
    return findings


def _add(findings: Findings, recorder: Any) -> None:
    for case_id, exchange in recorder.interactions.items():
        findings.operations.add(recorder.cases[case_id].value.operation.label)
        status = exchange.response.status_code if exchange.response else 0
        findings.statuses[status] += 1
        findings.failures += [
            _told(recorder, case_id, check.name, check.failure_info.failure)
            for check in recorder.checks.get(case_id, ())
            if check.failure_info
        ]


def _told(recorder: Any, case_id: str, check: str, failure: Failure) -> str:
    exchange, label = recorder.interactions[case_id], recorder.cases[case_id].value.operation.label
    request, answer = exchange.request, exchange.response
    body = (request.body or b"")[:500].decode(errors="replace")
    said = answer.content[:800].decode(errors="replace") if answer else "no answer"
    title = failure.message.split("\n")[0] if failure.message else failure.title
    return f"{label}: {check}: {title}\n  {request.method} {request.uri} {body}\n  {said}"


def summary(findings: Findings) -> Iterator[str]:
    phases = ", ".join(f"{n} of {phase}" for phase, n in findings.phases.items())
    statuses = ", ".join(f"{n} times {status}" for status, n in sorted(findings.statuses.items()))
    yield f"{findings.phases.total()} requests to {len(findings.operations)} operations: {phases}"
    yield statuses
    yield from findings.failures


def main() -> int:
    """Prints what was found; 1 if there is any failure."""
    with (
        TemporaryDirectory(prefix="egret-fuzz-") as folder,
        Sandbox.start(
            Path(folder) / "sandbox",
            pace_s=PACE_S,
            address_quota=ADDRESS_QUOTA,
            network_quota=ADDRESS_QUOTA,
        ) as sandbox,
        Dashboard(
            sandbox, Path(folder) / "dashboard", {"EGRET_TRUSTED_PROXIES": "127.0.0.1"}
        ) as dashboard,
    ):
        _prepare(dashboard.api())
        limits = {"generation": {"database": "none", "max-examples": EXAMPLES}}
        schema = loaded(described().document, dashboard.url, **limits, **{"max-time": SECONDS})
        findings = tried(authenticated(schema, lambda: _new_token(dashboard)))
        print("\n".join(summary(findings)))
        return 1 if findings.failures else 0


def _prepare(api: Api) -> None:
    """What KNOWN names."""
    network, key, function = KNOWN_NAMES.values()
    api.post("/networks", {"name": network, "region": KNOWN["region"]}).raise_for_status()
    addresses = portal.addresses_of(api.settled(f"/networks/{network}"))
    KNOWN["secret"] = mint(cidrs=addresses)
    api.post("/keys", {"name": key, "secret": KNOWN["secret"]}).raise_for_status()
    wanted = {name: KNOWN[name] for name in ("network", "key", "template", "settings")}
    api.post("/functions", {"name": function, **wanted}).raise_for_status()
    api.settled(f"/functions/{function}")


def _new_token(dashboard: Dashboard) -> str:
    return dashboard.api().headers["Authorization"].removeprefix("Bearer ")


if __name__ == "__main__":
    sys.exit(main())
