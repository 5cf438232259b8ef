"""The main job by the API alone, as `test_api_journey` looks at it: by a client that was generated
from the API's description, from nothing to the partner's ranking, and back to nothing."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from tests.dashboard import Api, Dashboard
from tests.openapi.client import GeneratedClient, generated
from tests.portal import addresses_of, partner_key
from webapp.sandbox.launcher import Sandbox

REGION = "eu-central-1"
NETWORK = {"name": "main", "region": REGION, "availability_zones": 2, "nat": "per_az"}
FUNCTION = {
    "name": "top",
    "template": "clash_rankings",
    "network": "main",
    "key": "partner",
    "settings": {"location": "32000006", "limit": 10},
    "access": "api_key",
    "stage": "prod",
    "path": "top10ClashOfClans",
}


@dataclass
class Journey:
    """A network, a key and a function that are ready."""

    dashboard: Dashboard
    api: Api
    client: GeneratedClient
    network: dict[str, Any]
    secret: str
    key: dict[str, Any]
    function: dict[str, Any]
    caller: httpx.Response


@contextmanager
def journey_in(dashboard: Dashboard, sandbox: Sandbox, folder: Path) -> Iterator[Journey]:
    api = dashboard.api()
    client = generated(folder, dashboard.url, api.headers["Authorization"].removeprefix("Bearer "))

    def create(operation: str, model: str, fields: dict[str, Any], expected: int) -> Any:
        status, made = client.call(operation, body=client.model(model, **fields))
        assert (status, type(made).__name__) == (expected, model.removeprefix("New")), made
        return made

    create("networks.create_network", "NewNetwork", NETWORK, 202)
    network = api.settled("/networks/main")
    secret = partner_key(sandbox, addresses_of(network))
    stored = create("keys.create_key", "NewKey", {"name": "partner", "secret": secret}, 201)
    create("functions.create_function", "NewFunction", FUNCTION, 202)
    function = api.settled("/functions/top")
    caller = api.post("/functions/top/callers", {"name": "article"})
    yield Journey(dashboard, api, client, network, secret, stored.to_dict(), function, caller)
    assert client.call("functions.delete_function", "top") == (202, None)
    api.gone("/functions/top")
    assert client.call("networks.delete_network", "main") == (202, None)
    api.gone("/networks/main")
    client.close()
