"""What breaks a rule is refused at its field, before anything is stored or AWS is asked."""

import json
from typing import Any

import pytest
from fastapi import FastAPI
from sqlmodel import Session, select

from tests.routes.people import bearer
from tests.services.scripted import ScriptedAws
from webapp.models import Key
from webapp.rendering.forms import ERRORS_MAX

URL = "/api/v1/keys"
KEY = {"name": "fresh", "kind": "header", "sent_as": "X-Api-Key", "secret": "s3cret-of-a-partner"}
NETWORK = {"name": "fresh", "region": "eu-central-1"}


@pytest.fixture
def headers(app: FastAPI) -> dict[str, str]:
    return bearer(app) | {"content-type": "application/json"}


@pytest.mark.parametrize("text", ["\ud800", "a\x00", "a\r\nb", "\u202eb", "\x1b[0m", "x" * 501])
def test_a_note_that_cannot_be_kept_is_refused_before_aws_has_the_secret(
    aws: ScriptedAws, client: Any, headers: dict[str, str], session: Session, text: str
) -> None:
    body = json.dumps(KEY | {"note": text})
    refused = client.post(URL, content=body, headers=headers)
    assert (refused.status_code, [*refused.json()["errors"]]) == (422, ["note"])
    assert [key.name for key in session.exec(select(Key))] == ["key"]
    assert aws.asked == []


@pytest.mark.parametrize(
    ("path", "sent", "field"),
    [
        ("networks", NETWORK | {"availability_zones": True}, "availability_zones"),
        ("networks", NETWORK | {"availability_zones": "2"}, "availability_zones"),
        ("networks", NETWORK | {"availability_zones": 2.5}, "availability_zones"),
        ("networks", NETWORK | {"availability_zones": None}, "availability_zones"),
        ("networks", NETWORK | {"nat": 1}, "nat"),
        ("networks", NETWORK | {"name": 5}, "name"),
        ("networks", NETWORK | {"name": "x" * 32}, "name"),
        ("networks", NETWORK | {"addresses": "a"}, "addresses"),
        ("networks", NETWORK | {"zones": [1]}, "zones.0"),
        ("networks", NETWORK | {"tags": {"a": 1}}, "tags.a"),
        ("networks", NETWORK | {"regoin": "eu-central-1"}, "regoin"),
        ("networks", {"region": "eu-central-1"}, "name"),
        ("functions/fun/callers", {"name": "web", "rate": "5", "quota": 1}, "rate"),
        ("functions/fun/callers", {"name": "web", "rate": True, "quota": 1}, "rate"),
        ("functions/fun/callers", {"name": "web", "rate": 1, "quota": "5"}, "quota"),
        ("keys/key/versions", {"secret": "s", "anyway": 1}, "anyway"),
    ],
)
def test_a_value_of_another_type_is_not_taken_for_one(
    client: Any, app: FastAPI, path: str, sent: dict[str, Any], field: str
) -> None:
    refused = client.post(f"/api/v1/{path}", json=sent, headers=bearer(app))
    assert refused.status_code == 422
    assert field in refused.json()["errors"]


def test_a_whole_number_may_be_written_with_a_fraction_of_zero(client: Any, app: FastAPI) -> None:
    """JSON knows numbers only, and JSON Schema takes 30.0 for an integer."""
    sent = '{"name": "ci", "expires_in_days": 30.0}'
    headers = bearer(app) | {"content-type": "application/json"}
    assert client.post("/api/v1/tokens", content=sent, headers=headers).status_code == 201


def test_an_error_is_at_the_field_as_it_was_sent(client: Any, app: FastAPI) -> None:
    """Not at a type that the field may have, and in our words."""
    request = {"query": {"a": [1]}, "headers": {"x": {}}, "path": "/" * 3000}
    for path, sent, expected in [
        ("tokens", {"name": "ci", "expires_in_days": 4000}, {"expires_in_days": "At most 3650."}),
        ("keys/key/versions", {"secret": "s", "anyway": 1}, {"anyway": "This must be a text."}),
        (
            "functions/fun/invocations",
            {"request": request},
            {
                "request.path": "At most 2000 characters.",
                "request.query.a": "This must be a text.",
                "request.query.a.0": "This must be a text.",
                "request.headers.x": "This must be a text.",
            },
        ),
    ]:
        refused = client.post(f"/api/v1/{path}", json=sent, headers=bearer(app))
        assert (refused.status_code, refused.json()["errors"]) == (422, expected)


@pytest.mark.parametrize(
    "body",
    [
        '{"name": "fresh", "region": "eu-central-1", "availability_zones": 1e400}',
        '{"name": "fresh", "region": "eu-central-1", "availability_zones": NaN}',
        f'{{"name": "fresh", "region": "eu-central-1", "availability_zones": 1{"0" * 5000}}}',
        '{"name": "fresh", "region": "eu-central-1", "name": "other"}',
        f'{{"name": {"[" * 5000}{"]" * 5000}}}',
    ],
    ids=["1e400", "NaN", "10**5000", "double", "deep"],
)
def test_json_that_programs_read_differently_is_refused(
    aws: ScriptedAws, client: Any, headers: dict[str, str], body: str
) -> None:
    refused = client.post("/api/v1/networks", content=body, headers=headers)
    assert (refused.status_code, refused.json()["code"]) == (422, "bad_json")
    assert aws.asked == []


def test_of_many_unknown_fields_a_few_are_named_and_none_at_length(
    client: Any, headers: dict[str, str]
) -> None:
    sent = NETWORK | {f"{number}{'x' * 99}": 1 for number in range(500)}
    refused = client.post("/api/v1/networks", json=sent, headers=headers)
    assert refused.status_code == 422
    assert 0 < len(refused.json()["errors"]) <= ERRORS_MAX
    assert len(refused.content) < 10_000


def test_a_form_with_what_nobody_types_is_refused_at_its_field(
    aws: ScriptedAws, signed_in: Any
) -> None:
    aws.asked.clear()
    refused = signed_in.post("/networks", data={"name": "a\x00b", "region": "eu-central-1"})
    assert refused.status_code == 422
    assert "characters that cannot be shown" in refused.text


def test_a_form_sends_numbers_as_text(aws: ScriptedAws, signed_in: Any) -> None:
    sent = {"name": "", "region": "eu-central-1", "availability_zones": "2", "nat": "per_az"}
    again = signed_in.post("/networks", data=sent)
    assert again.status_code == 422
    assert "must be a whole number" not in again.text
    assert "starts with a letter" in again.text
    assert aws.calls("CreateStack") == []
