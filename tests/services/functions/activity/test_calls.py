"""The endpoint of a function: its API key."""

from typing import Any

import pytest

from tests.services.rows import add_function
from tests.services.scripted import ScriptedAws
from webapp.errors import Conflict
from webapp.models import Access
from webapp.services import functions
from webapp.services.audit import list_after
from webapp.services.scope import CloudScope

URL = "https://api.example/prod/"
OUTPUTS = {"FunctionName": "egret-function-fun", "ApiKeyId": "key-id", "EndpointUrl": URL}


def test_who_read_the_endpoints_api_key_is_recorded(scripted: CloudScope, aws: ScriptedAws) -> None:
    add_function(scripted.session, outputs=OUTPUTS)
    aws.answers["GetApiKey"] = {"value": "the key"}
    assert functions.api_key(scripted, "fun") == "the key"
    (event,) = list_after(scripted.session, 0, limit=9)
    assert (event.actor, event.action, event.name) == ("tests", "read endpoint API key", "fun")


@pytest.mark.parametrize(
    "columns", [{"access": Access.IAM, "outputs": OUTPUTS}, {"access": Access.API_KEY}]
)
def test_an_endpoint_without_an_api_key_has_none_to_read(
    offline: CloudScope, columns: dict[str, Any]
) -> None:
    add_function(offline.session, **columns)
    with pytest.raises(Conflict, match="has no API key"):
        functions.api_key(offline, "fun")
